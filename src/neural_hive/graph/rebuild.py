"""Restore the graph from records of the ledger, which is the only source of truth."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

import msgspec

from neural_hive.graph.base import Graph
from neural_hive.types import Decision

_OUTCOMES = ("feedback/v1", "approval/v1")


async def rebuild(graph: Graph, records: AsyncIterable[dict[str, Any]]) -> int:
    """Remember every decision and outcome among `records`; erased ones are left out.

    Safe to repeat: what the graph already knows stays as it is.

    Args:
        graph: Where to.
        records: Oldest first, as `neural_hive.ledger.replay.replay` gives them.

    Returns:
        How many decisions were handed to the graph.
    """
    remembered = 0
    async for record in records:
        if record.get("erased"):
            continue
        if record["schema"] == "decision/v1":
            await graph.remember(decision_of(record))
            remembered += 1
        elif record["schema"] in _OUTCOMES:
            await graph.remember_outcome(record["decision_id"], record)
    return remembered


def decision_of(record: dict[str, Any]) -> Decision:
    """The decision in a `decision/v1` record whose content is there; its receipt is left out.

    Raises:
        ValueError: The record holds no whole decision.
    """
    return msgspec.convert({**record, **record["content"], "decision_id": record["id"], "receipt": None}, Decision)
