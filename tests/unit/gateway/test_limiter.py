"""A bucket for each caller."""

from __future__ import annotations

import pytest

from neural_hive import telemetry
from neural_hive.cache.memory import open_memory_cache
from neural_hive.cache.redis import open_redis_cache
from neural_hive.errors import LimitError, UnavailableError
from neural_hive.gateway.limiter import OwnLimiter, SharedLimiter, limiter_of

NOWHERE = "redis://127.0.0.1:1"  # nothing listens there


class Clock:
    """Time that passes when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limiter = OwnLimiter(60, 3, clock)
    for _ in range(3):
        await limiter.admit("a")
    with pytest.raises(LimitError) as refused:
        await limiter.admit("a")
    assert refused.value.params["retry_after"] >= 1
    await limiter.admit("b")
    clock.now += 1.01
    await limiter.admit("a")
    with pytest.raises(LimitError):
        await limiter.admit("a")


async def test_coming_back_when_told_is_admitted() -> None:
    clock = Clock()
    limiter = OwnLimiter(7, 1, clock)
    await limiter.admit("a")
    with pytest.raises(LimitError) as refused:
        await limiter.admit("a")
    clock.now += refused.value.params["retry_after"]
    await limiter.admit("a")


async def test_another_user_name_does_not_refill_the_address() -> None:
    limiter = OwnLimiter(1, 2, Clock())
    await limiter.admit("address x", "user 1")
    await limiter.admit("address x", "user 2")
    with pytest.raises(LimitError):
        await limiter.admit("address x", "user 3")


async def test_a_refusal_takes_no_token() -> None:
    clock = Clock()
    limiter = OwnLimiter(60, 1, clock)
    await limiter.admit("a")
    for _ in range(50):
        with pytest.raises(LimitError):
            await limiter.admit("a", "fresh")
    await limiter.admit("fresh")


async def test_off_unless_set_and_bounded() -> None:
    unlimited = OwnLimiter(None, 1)
    for _ in range(100):
        await unlimited.admit("a")
    limited = OwnLimiter(1, 1, Clock())
    for number in range(10_050):
        await limited.admit(str(number))
    assert len(limited._buckets) == 10_000


async def test_shared_where_the_cache_is_shared() -> None:
    async with open_memory_cache() as own, open_redis_cache(NOWHERE) as shared:
        assert isinstance(limiter_of(60, 1, own), OwnLimiter)
        assert isinstance(limiter_of(None, 1, shared), OwnLimiter)
        assert isinstance(limiter_of(60, 1, shared), SharedLimiter)


class Losing:
    """Buckets that go away as soon as they have refused."""

    def __init__(self) -> None:
        self.answers = [0.0, 30.0]

    async def take(self, key: str, *, rate: float, burst: float, tokens: float = 1.0) -> float:
        if not self.answers:
            raise UnavailableError("error.cache_away", place=NOWHERE)
        return self.answers.pop(0)


async def test_who_was_refused_stays_refused_when_the_buckets_are_lost() -> None:
    with pytest.raises(LimitError):
        await SharedLimiter(Losing(), 1, 5).admit("address a", "user u")


async def test_without_the_shared_buckets_each_gateway_limits_by_itself() -> None:
    async with open_redis_cache(NOWHERE) as cache:
        limiter = limiter_of(1, 3, cache)
        before = telemetry.LIMITER_FALLBACKS._value.get()
        for _ in range(3):
            await limiter.admit("a", "user")
        with pytest.raises(LimitError):
            await limiter.admit("a", "user")
        assert telemetry.LIMITER_FALLBACKS._value.get() - before == 4
