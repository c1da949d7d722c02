"""What the hive remembers of earlier intentions; it informs explanations and never holds up a decision."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from neural_hive import telemetry
from neural_hive.errors import NotFoundError
from neural_hive.graph.base import Graph
from neural_hive.graph.rebuild import rebuild
from neural_hive.ledger.base import Ledger
from neural_hive.ledger.replay import replay
from neural_hive.types import Decision, Plan, Precedent

_log = logging.getLogger(__name__)
_WAITING = 256
_NEWEST = 20  # decisions that are looked for to see from where the graph lacks some
_PATIENCE = 5.0  # seconds that closing waits for a catch-up; the next start goes on with it


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

    async def precedents(self, plan: Plan) -> tuple[Precedent, ...]:
        """Similar past intentions; none when the graph fails or is late."""
        try:
            async with asyncio.timeout(self._deadline):
                return tuple(await self._graph.similar(plan))
        except Exception as error:  # noqa: BLE001 -- the graph informs, it does not decide: its failure is measured, not fatal
            _failed(error)
            return ()

    def remember(self, decision: Decision) -> None:
        """Remember a decision soon; when the graph is far behind, this one is not remembered."""
        if len(self._waiting) >= _WAITING:
            telemetry.GRAPH_FAILURES.inc()
            return
        self._start(self._graph.remember(decision))

    def remember_outcome(self, record: dict[str, Any]) -> None:
        """Link an outcome or approval to its decision, soon."""
        self._start(self._graph.remember_outcome(record["decision_id"], record))

    async def forget(self, decision_id: str) -> None:
        """Remove a decision whose words are erased; unlike the rest, a failure is told.

        Raises:
            UnavailableError: It could not be removed.
        """
        await asyncio.gather(*self._waiting)
        await self._graph.forget(decision_id)

    def catch_up(self, ledger: Ledger) -> None:
        """Remember, in the background, decisions of the ledger that the graph lacks: all when it is new, the last after a crash."""
        self._catching_up = asyncio.get_running_loop().create_task(self._guarded(self._catch_up(ledger)))

    async def _catch_up(self, ledger: Ledger) -> None:
        newest = [(index, record) for index, record in await ledger.find(limit=_NEWEST) if not record.get("erased")]
        since = 0
        for place, (index, record) in enumerate(newest):
            if await self._knows(record["id"]):
                if place == 0:
                    return
                since = index + 1
                break
        if newest:
            await rebuild(self._graph, replay(ledger, since=since))

    async def _knows(self, decision_id: str) -> bool:
        try:
            await self._graph.lineage(decision_id)
        except NotFoundError:
            return False
        return True

    def _start(self, remembering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(remembering))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Wait until everything that was to be remembered is; for a long catch-up only a while."""
        await asyncio.gather(*self._waiting)
        if self._catching_up is not None:
            await asyncio.wait({self._catching_up}, timeout=_PATIENCE)
            self._catching_up.cancel()

    async def _guarded(self, remembering: Coroutine[Any, Any, None]) -> None:
        try:
            await remembering
        except Exception as error:  # noqa: BLE001 -- as above; the ledger, not the graph, is what must not lose a decision
            _failed(error)


def _failed(error: Exception) -> None:
    telemetry.GRAPH_FAILURES.inc()
    _log.warning("the graph failed: %s", telemetry.frames(error))
