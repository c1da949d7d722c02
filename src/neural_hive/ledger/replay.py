"""Walk a ledger from its beginning, whatever adapter holds it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from neural_hive.ledger.base import Ledger
from neural_hive.ledger.checkpoint import parse_checkpoint

_PAGE = 200


async def replay(
    ledger: Ledger,
    *,
    schemas: Sequence[str] = ("decision/v1", "feedback/v1", "approval/v1"),
    since: int = 0,
    until: int | None = None,
) -> AsyncIterator[dict[str, Any]]:
    """Records from leaf `since` up to leaf `until`, exclusive, or to the head at the time of the call, oldest first.

    Args:
        ledger: Where from.
        schemas: Which kinds of records.
        since: The first leaf index.
        until: The leaf index to end before; None is the head.

    Yields:
        The records, as `Ledger.get` gives them.
    """
    size = parse_checkpoint(await ledger.head()).size if until is None else until
    for start in range(since, size, _PAGE):
        page: list[tuple[int, dict[str, Any]]] = []
        for schema in schemas:
            page += await ledger.find(schema=schema, before=min(start + _PAGE, size), limit=_PAGE)
        for index, record in sorted(page, key=lambda found: found[0]):
            if index >= start:
                yield record
