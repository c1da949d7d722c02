"""What the hive remembers of earlier intentions; it informs explanations and never holds up a decision."""

from __future__ import annotations

import asyncio
import logging

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
        except Exception:  # the graph informs, it does not decide: its failure is measured, not fatal
            self._failed("graph did not answer")
            return ()

    def remember(self, decision: Decision) -> None:
        """Remember a decision soon; when the graph is far behind, this one is not remembered."""
        if len(self._waiting) >= _WAITING:
            telemetry.GRAPH_FAILURES.inc()
            return
        task = asyncio.get_running_loop().create_task(self._remember(decision))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Wait until everything that was to be remembered is."""
        await asyncio.gather(*self._waiting)

    async def _remember(self, decision: Decision) -> None:
        try:
            await self._graph.remember(decision)
        except Exception:  # as above; the ledger, not the graph, is what must not lose a decision
            self._failed("graph did not remember")

    def _failed(self, event: str) -> None:
        telemetry.GRAPH_FAILURES.inc()
        _log.warning(event, exc_info=True)
