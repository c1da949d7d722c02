"""The port of the graph: what was asked before, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from neural_hive.types import Decision, Plan, Precedent


class Graph(Protocol):
    """Intentions, actions, objects, decisions and outcomes; informs explanations, never verdicts."""

    async def remember(self, decision: Decision) -> None:
        """Add a decision (masked text only). Remembering it twice changes nothing.

        May return before it can be found by `similar`; `lineage` finds it at once.
        """
        ...

    async def remember_outcome(self, decision_id: str, outcome: dict[str, Any]) -> None:
        """Link what came of a decision: a record with a unique `id` (feedback, approval). Twice changes nothing."""
        ...

    async def forget(self, decision_id: str) -> None:
        """Remove a decision and its outcomes, because a person's text is erased."""
        ...

    async def similar(self, plan: Plan, *, limit: int = 3) -> Sequence[Precedent]:
        """Past decisions whose plans share operations, object kinds and environment, most alike first."""
        ...

    async def lineage(self, decision_id: str) -> dict[str, Any]:
        """What a decision came from and what came of it (intent, plan, actions, decision, outcomes).

        Raises:
            NotFoundError: No such decision.
        """
        ...
