"""Restore the graph from records of the ledger, which is the only source of truth."""

from __future__ import annotations

from typing import Any

import msgspec

from neural_hive.graph.base import Graph
from neural_hive.types import Decision

_OUTCOMES = ("feedback/v1", "approval/v1")


async def restore(graph: Graph, record: dict[str, Any]) -> None:
    """Remember the decision or the outcome in one record, unless it is erased.

    Safe to repeat: what the graph already knows stays as it is.

    Raises:
        ValueError: The record holds no whole decision.
    """
    if record.get("erased"):
        return
    if record["schema"] in _OUTCOMES:
        await graph.remember_outcome(record["decision_id"], record)
    elif record["schema"] == "decision/v1":
        await graph.remember(decision_of(record))


def decision_of(record: dict[str, Any]) -> Decision:
    """The decision in a `decision/v1` record whose content is there; its receipt is left out.

    Raises:
        ValueError: The record holds no whole decision.
    """
    return msgspec.convert({**record, **record["content"], "decision_id": record["id"], "receipt": None}, Decision)
