"""The port of the cache: content-addressed, forgetful, never required."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Cache(Protocol):
    """Bytes by key with a time to live; a failure is a miss."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None when absent, expired or unreachable."""
        ...

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds; failing to is no error."""
        ...

    async def agree(self, key: str, value: bytes, *, ttl: float) -> bytes:
        """The value under this key, which is the given one when there was none; the first of many at once wins.

        It is kept for `ttl` seconds. Unreachable, too large or damaged, each caller keeps his own value.
        """
        ...


@runtime_checkable
class Buckets(Protocol):
    """Token buckets that several processes share; what fills and drains them is one clock."""

    async def take(self, key: str, *, rate: float, burst: float, tokens: float = 1.0) -> float:
        """Take tokens out of a bucket, all or none; a negative number gives some back.

        Args:
            key: Whose bucket.
            rate: Tokens that flow back each second, above 0.
            burst: Tokens in a full bucket.
            tokens: How many.

        Returns:
            0.0 when they were taken, else the seconds until they could be.

        Raises:
            UnavailableError: The buckets cannot be reached.
        """
        ...
