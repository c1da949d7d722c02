"""The embedded cache: a bounded dictionary that forgets what expired and, when full, what was used longest ago."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class MemoryCache:
    """A `Cache` inside the process.

    Args:
        max_entries: How many values are kept at most.
        max_bytes: How many bytes keys and values may take together.
        clock: Monotonic seconds.
    """

    def __init__(self, *, max_entries: int = 10_000, max_bytes: int = 16 * 2**20, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: str) -> bytes | None:
        """The value, or None when absent or expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry[1]

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds; one larger than the whole cache, or with no time to live, is not kept."""
        self._drop(key)
        if ttl <= 0 or self._size(key, value) > self._max_bytes:
            return
        self._entries[key] = (self._clock() + ttl, value)
        self._bytes += self._size(key, value)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def agree(self, key: str, value: bytes, *, ttl: float) -> bytes:
        """The value under this key; the given one, kept for `ttl` seconds, when there was none."""
        there = await self.get(key)
        if there is None:
            await self.put(key, value, ttl=ttl)
        return value if there is None else there

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= self._size(key, entry[1])

    @staticmethod
    def _size(key: str, value: bytes) -> int:
        return len(key) + len(value)


@asynccontextmanager
async def open_memory_cache(url: str = "memory:", *, secret: bytes = b"") -> AsyncIterator[MemoryCache]:
    """Open a cache of its own; `url` is "memory:" and holds no choices, and nobody else writes here, so that nothing is sealed."""
    del url, secret
    yield MemoryCache()
