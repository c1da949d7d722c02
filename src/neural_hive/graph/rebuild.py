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
    return sum([await restore(graph, record) async for record in records])


async def restore(graph: Graph, record: dict[str, Any]) -> bool:
    """Remember the decision or the outcome in one record, unless it is erased.

    Returns:
        Whether it was a decision.

    Raises:
        ValueError: The record holds no whole decision.
    """
    if record.get("erased"):
        return False
    if record["schema"] in _OUTCOMES:
        await graph.remember_outcome(record["decision_id"], record)
    elif record["schema"] == "decision/v1":
        await graph.remember(decision_of(record))
        return True
    return False


def decision_of(record: dict[str, Any]) -> Decision:
    """The decision in a `decision/v1` record whose content is there; its receipt is left out.

    Raises:
        ValueError: The record holds no whole decision.
    """
    return msgspec.convert({**record, **record["content"], "decision_id": record["id"], "receipt": None}, Decision)
