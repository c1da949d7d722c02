"""How often one caller may ask: a token bucket for each caller, of one gateway or of all that share a cache."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from neural_hive import telemetry
from neural_hive.cache.base import Buckets
from neural_hive.errors import LimitError, UnavailableError

_CALLERS = 10_000  # the longest idle caller beyond these starts again with a full bucket


class Limiter(Protocol):
    """Admits callers as often as they may ask."""

    async def admit(self, *callers: str) -> None:
        """Take one token of each caller's bucket; nameless ones ("") have none.

        Raises:
            LimitError: One of them is empty, and no token was taken; `retry_after` says in how
                many seconds to come back.
        """
        ...


class OwnLimiter:
    """Buckets of this gateway alone.

    Args:
        per_minute: Tokens that flow back each minute; None means no limit.
        burst: Tokens in a full bucket.
        clock: Seconds, monotonic.
    """

    def __init__(self, per_minute: float | None, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60 if per_minute else None
        self._burst = float(burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def admit(self, *callers: str) -> None:
        """Take one token of each caller's bucket, or raise LimitError."""
        if self._rate is None:
            return
        now = self._clock()
        levels = {caller: self._level(caller, now) for caller in callers if caller}
        lowest = min(levels.values(), default=1.0)
        if lowest < 1.0:
            raise _refused((1.0 - lowest) / self._rate)
        for caller, level in levels.items():
            self._buckets[caller] = (level - 1.0, now)
            self._buckets.move_to_end(caller)
        while len(self._buckets) > _CALLERS:
            self._buckets.popitem(last=False)

    def _level(self, caller: str, now: float) -> float:
        level, since = self._buckets.get(caller, (self._burst, now))
        return min(self._burst, level + (now - since) * (self._rate or 0.0))


class SharedLimiter:
    """Buckets that all gateways share; while they are out of reach, each gateway uses its own.

    Args:
        buckets: Where they are; callers are named there by a hash only.
        per_minute: Tokens that flow back each minute.
        burst: Tokens in a full bucket.
    """

    def __init__(self, buckets: Buckets, per_minute: float, burst: int) -> None:
        self._buckets = buckets
        self._rate = per_minute / 60
        self._burst = float(burst)
        self._own = OwnLimiter(per_minute, burst)

    async def admit(self, *callers: str) -> None:
        """Take one token of each caller's bucket, or raise LimitError."""
        taken: list[str] = []
        try:
            for caller in dict.fromkeys(_hashed(caller) for caller in callers if caller):
                wait = await self._take(caller, 1.0)
                if wait > 0.0:
                    with suppress(UnavailableError):  # they flow back by themselves; the refusal stands
                        await self._give_back(taken)
                    raise _refused(wait)
                taken.append(caller)
        except UnavailableError:
            telemetry.LIMITER_FALLBACKS.inc()
            await self._own.admit(*callers)

    async def _give_back(self, callers: list[str]) -> None:
        """The buckets may lie on different servers, so no single step empties them all or none."""
        for caller in callers:
            await self._take(caller, -1.0)

    async def _take(self, caller: str, tokens: float) -> float:
        return await self._buckets.take(caller, rate=self._rate, burst=self._burst, tokens=tokens)


def limiter_of(per_minute: float | None, burst: int, cache: object) -> Limiter:
    """The limiter that fits the cache: shared where the cache is.

    Args:
        per_minute: Tokens that flow back each minute; None means no limit.
        burst: Tokens in a full bucket.
        cache: What the gateway caches in.
    """
    return SharedLimiter(cache, per_minute, burst) if per_minute and isinstance(cache, Buckets) else OwnLimiter(per_minute, burst)


def _hashed(caller: str) -> str:
    return hashlib.blake2b(caller.encode(), digest_size=16, person=b"hive-caller").hexdigest()


def _refused(wait: float) -> LimitError:
    return LimitError("error.rate_limited", retry_after=max(1, round(wait + 0.5)))
