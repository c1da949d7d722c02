"""What the hive remembers of earlier intentions; it informs explanations and never holds up a decision."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from neural_hive import telemetry
from neural_hive.graph.base import Graph
from neural_hive.types import Decision, Plan, Precedent

_log = logging.getLogger(__name__)
_WAITING = 256


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

    def _start(self, remembering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(remembering))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Wait until everything that was to be remembered is."""
        await asyncio.gather(*self._waiting)

    async def _guarded(self, remembering: Coroutine[Any, Any, None]) -> None:
        try:
            await remembering
        except Exception as error:  # noqa: BLE001 -- as above; the ledger, not the graph, is what must not lose a decision
            _failed(error)


def _failed(error: Exception) -> None:
    telemetry.GRAPH_FAILURES.inc()
    _log.warning("the graph failed: %s", telemetry.frames(error))
