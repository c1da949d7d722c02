"""Writes gather for a moment, and while another is under way, and go out together: one transaction for many decisions.

Decisions share nodes (features, acts), so that many small transactions at once would wait for each
other's locks more than they write; and a transaction of ten costs the server three times what one costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from neo4j.exceptions import DriverError, Neo4jError

Row = dict[str, Any]
Waiting = tuple[Row, asyncio.Future[None]]

_TOGETHER = 64
_GATHER = 0.2  # seconds
_BAD_ROW = ("Neo.ClientError.Statement.", "Neo.ClientError.Schema.", "Neo.DatabaseError.Statement.")


class Writer:
    """Stores rows in the order in which they come, several at once.

    Args:
        store: Stores all rows, or none and raises. Of rows with the same `id` it gets one.
        gather: Seconds that a row waits for others.
    """

    def __init__(self, store: Callable[[list[Row]], Awaitable[None]], *, gather: float = _GATHER) -> None:
        self._store = store
        self._gather = gather
        self._turn = asyncio.Lock()
        self._waiting: list[Waiting] = []

    async def write(self, row: Row) -> None:
        """Return when the row is stored; cancelled, it may be stored or not.

        Raises:
            Neo4jError, DriverError, OSError, UnicodeError: It may not be stored.
        """
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, stored))
        try:
            async with self._turn:
                while not stored.done():
                    if len(self._waiting) < _TOGETHER:
                        await asyncio.sleep(self._gather)
                    await self._next()
            await stored
        finally:
            stored.cancel()  # nobody waits any more; does nothing when it is stored

    async def _next(self) -> None:
        """Store the oldest rows; those that a cancelled call leaves undone wait on."""
        waiting = [one for one in self._waiting if not one[1].done()]
        batch, self._waiting = waiting[:_TOGETHER], waiting[_TOGETHER:]
        try:
            await self._attempt(batch)
        finally:
            self._waiting[:0] = [one for one in batch if not one[1].done()]

    async def _attempt(self, batch: list[Waiting]) -> None:
        rows = {row["id"]: row for row, _ in reversed(batch)}
        try:
            await self._store([*rows.values()][::-1])
        except (Neo4jError, DriverError, OSError, UnicodeError) as error:
            if len(batch) > 1 and _blames_a_row(error):
                for one in batch:  # so that one bad row takes no others with it
                    await self._attempt([one])
                return
            _settle(batch, error)
        else:
            _settle(batch)


def _blames_a_row(error: Exception) -> bool:
    return isinstance(error, UnicodeError) or (isinstance(error, Neo4jError) and str(error.code).startswith(_BAD_ROW))


def _settle(batch: list[Waiting], error: Exception | None = None) -> None:
    for _, stored in batch:
        if stored.done():
            continue
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(error)
            stored.exception()  # seen, even when its caller was cancelled meanwhile
