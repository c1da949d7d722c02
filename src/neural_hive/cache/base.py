"""The port of the cache: content-addressed, forgetful, never required."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """Bytes by key with a time to live; a failure is a miss."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None when absent, expired or unreachable."""
        ...

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds; failing to is no error."""
        ...
