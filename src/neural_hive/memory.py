"""What the hive remembers of earlier intentions; it informs explanations and never holds up a decision."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

from neural_hive import telemetry
from neural_hive.errors import NotFoundError, UnavailableError
from neural_hive.graph.base import Graph
from neural_hive.graph.restore import restore
from neural_hive.ledger.base import Ledger
from neural_hive.ledger.replay import replay
from neural_hive.types import Decision, Plan, Precedent

T = TypeVar("T")
_log = logging.getLogger(__name__)
_WAITING = 256
_ERASURE = "erasure/v1"
_PAGE = 200
_AT_ONCE = 64  # records that are remembered again
_NEWEST = 200  # leaves that are remembered again at every start: a crash may have lost any of them
_PATIENCE = 5.0  # seconds that closing waits for a catch-up; the next start goes on with it
_QUIET = 30.0  # seconds between two warnings
_AGAIN = 1.0  # seconds until a graph that failed is tried again


class Memory:
    """Asks and feeds the graph.

    Args:
        graph: Where decisions are remembered.
        deadline: Seconds that the graph has to name precedents.
    """

    def __init__(self, graph: Graph, *, deadline: float = 0.25) -> None:
        self._graph = graph
        self._deadline = deadline
        self._waiting: set[asyncio.Task[None]] = set()
        self._catching_up: asyncio.Task[None] | None = None
        self._missed: tuple[int, int] | None = None
        self._followed = -1
        self._told = -_QUIET
        self._behind = asyncio.Event()
        self._even = asyncio.Event()

    async def precedents(self, plan: Plan) -> tuple[Precedent, ...]:
        """Similar past intentions; none when the graph fails or is late."""
        try:
            async with asyncio.timeout(self._deadline):
                found = tuple(await self._graph.similar(plan))
        except Exception as error:  # noqa: BLE001 -- the graph informs, it does not decide: its failure is measured, not fatal
            self._failed(error)
            return ()
        return found

    def remember(self, decision: Decision) -> None:
        """Remember a decision soon; when the graph fails or is far behind, it is caught up with the ledger later."""
        at = decision.receipt.leaf_index if decision.receipt else 0
        self._start(lambda: self._graph.remember(decision), at)

    def remember_outcome(self, record: dict[str, Any], at: int) -> None:
        """Link an outcome or approval, the record in leaf `at`, to its decision, soon."""
        self._start(lambda: self._graph.remember_outcome(record["decision_id"], record), at)

    async def forget(self, decision_id: str) -> None:
        """Remove a decision whose words are erased; unlike the rest, a failure is told.

        Raises:
            UnavailableError: It could not be removed.
        """
        await asyncio.gather(*self._waiting)
        await self._graph.forget(decision_id)

    def catch_up(self, ledger: Ledger) -> None:
        """Keep the graph, in the background, to what the ledger says.

        Remembers what it lacks: all when it is new, the last after a crash, the rest after an outage. Forgets
        what was erased, also by others who share the ledger and not the graph.
        """
        self._catching_up = asyncio.get_running_loop().create_task(self._keep_up(ledger))

    async def close(self) -> None:
        """Wait until everything that was to be remembered is; for a long catch-up, or a graph that is away, only a while."""
        await asyncio.gather(*self._waiting)
        if self._catching_up is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._even.wait(), _PATIENCE)
            while not self._catching_up.done():  # a group of tasks that just failed may swallow it once
                self._catching_up.cancel()
                await asyncio.wait({self._catching_up}, timeout=_AGAIN)

    async def _keep_up(self, ledger: Ledger) -> None:
        newest = await self._until_done(lambda: ledger.find(limit=1))
        for index, record in newest:
            if await self._until_done(lambda: self._knows(record["id"])):  # noqa: B023 -- awaited at once
                self._even.set()  # nobody has to wait at the end for what is probably there
            await self._until_done(lambda: self._catch_up(ledger, index + 1))  # noqa: B023 -- awaited at once
        await self._until_done(lambda: self._follow_erasures(ledger))
        while True:
            if self._missed is None:
                self._even.set()
            await self._behind.wait()
            (first, last), self._missed = self._missed or (0, 0), None
            self._behind.clear()
            await self._until_done(lambda: self._restore(ledger, first, last + 1))  # noqa: B023 -- awaited before they change
            await self._until_done(lambda: self._follow_erasures(ledger))

    async def _until_done(self, attempt: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await attempt()
            except Exception as error:  # noqa: BLE001 -- as in `precedents`; what the graph lacks stands in the ledger
                self._failed(error)
                await asyncio.sleep(_AGAIN)

    async def _catch_up(self, ledger: Ledger, size: int) -> None:
        """Restore from some way back, and from further back as long as the graph does not know what stands there.

        That the graph knows the newest proves nothing: others remember as well, and a restore may have been cut short.
        """
        back = _NEWEST
        while back < size:
            for index, record in await ledger.find(before=size - back, limit=1):
                if await self._knows(record["id"]):
                    return await self._restore(ledger, index)
            back *= 4
        return await self._restore(ledger, 0)

    async def _restore(self, ledger: Ledger, since: int, until: int | None = None) -> None:
        """Remember what stands in these leaves; several at once, since a graph may let writes wait for each other.

        Raises:
            ExceptionGroup: The graph is away.
        """
        room = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            async for record in replay(ledger, since=since, until=until):
                await room.acquire()
                group.create_task(self._remember_again(record)).add_done_callback(lambda _: room.release())

    async def _remember_again(self, record: dict[str, Any]) -> None:
        """Restore a record, or count it as failed when the graph answers and does not take it: it must not hold up the others."""
        try:
            await self._remember_surely(record)
        except ValueError as error:
            self._failed(error)

    async def _remember_surely(self, record: dict[str, Any]) -> None:
        ping = getattr(self._graph, "ping", None)
        for last in (False, True):
            try:
                await restore(self._graph, record)
            except UnavailableError as error:
                if ping is None:
                    raise
                await ping()
                if last:
                    self._failed(error)
            else:
                return

    async def _follow_erasures(self, ledger: Ledger) -> None:
        """Forget what was erased since the last time: when it happened, the graph may have been away, or a restore under way."""
        newest, before = self._followed, None
        while True:
            page = await ledger.find(schema=_ERASURE, before=before, limit=_PAGE)
            for index, record in page:
                if index > self._followed and await self._knows(record["decision_id"]):
                    await self._graph.forget(record["decision_id"])
                newest = max(newest, index)
            if len(page) < _PAGE or page[-1][0] <= self._followed:
                break
            before = page[-1][0]
        self._followed = newest

    async def _knows(self, decision_id: str) -> bool:
        try:
            await self._graph.lineage(decision_id)
        except NotFoundError:
            return False
        return True

    def _start(self, remembering: Callable[[], Awaitable[None]], at: int) -> None:
        if len(self._waiting) >= _WAITING:
            telemetry.GRAPH_FAILURES.inc()
            self._lacks(at)
            return
        task = asyncio.get_running_loop().create_task(self._guarded(remembering, at))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _guarded(self, remembering: Callable[[], Awaitable[None]], at: int) -> None:
        try:
            await remembering()
        except Exception as error:  # noqa: BLE001 -- as above; the ledger, not the graph, is what must not lose a decision
            self._failed(error)
            self._lacks(at)

    def _lacks(self, at: int) -> None:
        """Note that the graph lacks what stands in this leaf of the ledger."""
        first, last = self._missed or (at, at)
        self._missed = min(first, at), max(last, at)
        self._even.clear()
        self._behind.set()

    def _failed(self, error: Exception) -> None:
        """Count a failure; a graph that fails again and again is told of now and then."""
        telemetry.GRAPH_FAILURES.inc()
        if monotonic() - self._told >= _QUIET:
            self._told = monotonic()
            _log.warning("the graph failed: %s", telemetry.frames(error))
