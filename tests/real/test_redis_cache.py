"""The cache on real servers, one and a cluster: shared, bounded, and a miss whatever fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from neural_hive import telemetry
from neural_hive.cache.redis import RedisCache, open_redis_cache
from neural_hive.errors import UnavailableError
from tests.real.faulty_redis import FAULTS, open_faulty
from tests.services import private, url_of

pytestmark = pytest.mark.real
DEADLINE = 0.05
BUSY = 0.15  # seconds that a machine with two shared cores may add


@pytest.fixture(params=["redis", "redis-cluster"])
def url(request: pytest.FixtureRequest) -> str:
    """An address whose keys nobody else has; they expire within a minute."""
    return f"{url_of(request.param)}?prefix=test-{uuid4().hex}"


@pytest.fixture
async def cache(url: str) -> AsyncIterator[RedisCache]:
    async with open_redis_cache(url) as opened:
        yield opened


def client_of(cache: RedisCache) -> Any:
    return cache._client


def failures(reason: str) -> float:
    value: float = telemetry.CACHE_FAILURES.labels(reason=reason)._value.get()
    return value


async def test_two_processes_share_what_was_put(url: str, cache: RedisCache) -> None:
    async with open_redis_cache(url) as other:
        await cache.put("a", b"\x00value", ttl=60)
        assert await other.get("a") == b"\x00value"
        await other.put("a", b"", ttl=60)
        assert await cache.get("a") == b""


async def test_keys_say_whose_and_which_format(cache: RedisCache) -> None:
    await cache.put("a", b"1", ttl=60)
    name = cache._space + "a"
    assert name.startswith("test-")
    assert name.endswith(":2:a")
    assert 0 < await client_of(cache).pttl(name) <= 60_000


async def test_milliseconds_count(cache: RedisCache) -> None:
    await cache.put("a", b"1", ttl=0.04)
    await asyncio.sleep(0.08)
    assert await cache.get("a") is None


async def test_what_is_too_large_is_not_kept(cache: RedisCache) -> None:
    await cache.put("a", b"old", ttl=60)
    await cache.put("a", b"x" * (2**20 + 1), ttl=60)
    assert await cache.get("a") is None
    large = b"x" * 2**20
    await cache.put("a", large, ttl=60)
    assert await cache.get("a") == large
    assert await cache.agree("b", large + b"x", ttl=60) == large + b"x"
    assert await cache.get("b") is None


async def test_only_who_has_the_secret_can_put_what_is_believed(url: str) -> None:
    async with open_redis_cache(url, secret=b"ours") as one, open_redis_cache(url, secret=b"ours") as other:
        await one.put("a", b"judged", ttl=60)
        assert await other.get("a") == b"judged"
        for secret in (b"", b"theirs"):
            async with open_redis_cache(url, secret=secret) as stranger:
                await stranger.put("a", b"forged", ttl=60)
            before = failures("damaged")
            assert await one.get("a") is None
            assert failures("damaged") == before + 1
            assert await one.agree("a", b"judged", ttl=60) == b"judged"
            assert await other.get("a") == b"judged"


@pytest.mark.parametrize("damage", [b"", b"short", b"\xff" * 64, b"12345678" + b"\x00" * 20])
async def test_garbage_is_a_miss_that_is_counted(cache: RedisCache, damage: bytes) -> None:
    await client_of(cache).set(cache._space + "judgement:a", damage, px=60_000)
    before = failures("damaged")
    assert await cache.get("judgement:a") is None
    assert failures("damaged") == before + 1
    assert await cache.agree("judgement:a", b"good", ttl=60) == b"good"
    assert await cache.get("judgement:a") == b"good"


async def test_the_value_of_another_key_is_a_miss(cache: RedisCache) -> None:
    await cache.put("a", b"value", ttl=60)
    await client_of(cache).set(cache._space + "b", await client_of(cache).get(cache._space + "a"), px=60_000)
    assert await cache.get("b") is None


async def test_a_key_of_another_kind_is_a_miss_and_the_server_stays_in_use(cache: RedisCache) -> None:
    await client_of(cache).rpush(cache._space + "a", "element")
    await client_of(cache).pexpire(cache._space + "a", 60_000)
    before = failures("refused")
    assert await cache.get("a") is None
    assert failures("refused") == before + 1
    await cache.put("b", b"1", ttl=60)
    assert await cache.get("b") == b"1"


async def test_all_agree_with_the_first(url: str, cache: RedisCache) -> None:
    async with open_redis_cache(url) as other:
        for number in range(20):
            said = [store.agree(f"k{number}", f"{place}".encode(), ttl=60) for place, store in enumerate([cache, other] * 8)]
            assert len(set(await asyncio.gather(*said))) == 1


async def test_a_bucket_is_one_for_all(url: str, cache: RedisCache) -> None:
    async with open_redis_cache(url) as other:
        waits = await asyncio.gather(*(store.take("u", rate=0.1, burst=5) for store in [cache, other] * 10))
    assert waits.count(0.0) == 5
    assert all(0.0 < wait <= 10.0 for wait in waits if wait)


async def test_a_bucket_fills_again_and_refusals_take_nothing(cache: RedisCache) -> None:
    assert await cache.take("u", rate=10, burst=1) == 0.0
    for _ in range(20):
        wait = await cache.take("u", rate=10, burst=1)
        if wait == 0.0:
            break
        assert wait <= 0.1
        await asyncio.sleep(wait)
    else:
        pytest.fail("it never filled")
    assert await cache.take("v", rate=0.1, burst=1) == 0.0
    assert await cache.take("v", rate=0.1, burst=1, tokens=-1.0) == 0.0
    assert await cache.take("v", rate=0.1, burst=1) == 0.0


@pytest.mark.parametrize("damage", [b"", b"x", b"nan", b"inf", b"-inf", b"1e300", b"-5"])
async def test_a_damaged_bucket_locks_nobody_out_for_longer_than_an_empty_one(cache: RedisCache, damage: bytes) -> None:
    await client_of(cache).set(f"{cache._space}bucket:u", damage, px=60_000)
    assert await cache.take("u", rate=1, burst=2) <= 1.01
    assert 0 < await client_of(cache).pttl(f"{cache._space}bucket:u") <= 60_000


async def test_buckets_are_forgotten_when_full(cache: RedisCache) -> None:
    await cache.take("u", rate=20, burst=3)
    await asyncio.sleep(0.1)
    assert not await client_of(cache).exists(f"{cache._space}bucket:u")


async def test_a_server_that_is_away_is_no_reason_not_to_open() -> None:
    async with open_faulty() as place:
        await place.break_("killed")
        async with open_redis_cache(place.url) as cache:
            assert await cache.get("a") is None
            await place.mend()
            await usable(cache)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_a_miss_soon_told_and_soon_over(fault: str) -> None:
    async with open_faulty() as place, open_redis_cache(place.url) as cache:
        await cache.put("a", b"1", ttl=60)
        assert await cache.get("a") == b"1"
        await place.break_(fault)
        assert await seconds(cache, 1) < DEADLINE + BUSY
        assert await seconds(cache, 100) < 2 * DEADLINE + BUSY
        start = time.perf_counter()
        with pytest.raises(UnavailableError) as told:
            await cache.ping()
        assert time.perf_counter() - start < 1.0 + BUSY
        assert "127.0.0.1" in told.value.render("pt")
        await asyncio.sleep(1.2)  # a look in the background finds nothing better
        assert await seconds(cache, 100) < 2 * DEADLINE + BUSY
        await place.mend()
        await usable(cache)
        await cache.ping()


async def test_a_ping_puts_it_back_into_use_at_once() -> None:
    async with open_faulty() as place, open_redis_cache(place.url) as cache:
        await place.break_("killed")
        assert await cache.get("a") is None
        await place.mend()
        await cache.ping()
        await cache.put("a", b"1", ttl=60)
        assert await cache.get("a") == b"1"


async def test_a_restart_between_two_calls_goes_unnoticed() -> None:
    async with open_faulty() as place, open_redis_cache(place.url) as cache:
        await cache.put("a", b"1", ttl=60)
        await place.break_("killed")
        await place.mend()
        await cache.put("b", b"1", ttl=60)
        assert await cache.get("b") == b"1"


async def usable(cache: RedisCache) -> None:
    """Used again within five seconds."""
    async with asyncio.timeout(5.0):
        while True:
            await cache.put("again", b"2", ttl=60)
            if await cache.get("again") == b"2":
                return
            await asyncio.sleep(0.05)


async def seconds(cache: RedisCache, calls: int) -> float:
    """What that many misses take."""
    start = time.perf_counter()
    for _ in range(calls):
        assert await cache.get("a") is None
    return time.perf_counter() - start


@pytest.mark.parametrize("fault", ["stopped", "killed"])
async def test_a_cluster_that_is_away_is_a_miss_and_soon_used_again(fault: str) -> None:
    with private("redis-cluster") as server:
        async with open_redis_cache(server.url) as cache:
            await cache.put("a", b"1", ttl=60)
            assert await cache.get("a") == b"1"
            server.pause() if fault == "stopped" else server.kill()
            assert await seconds(cache, 100) < 2 * DEADLINE + BUSY
            with pytest.raises(UnavailableError):
                await cache.ping()
            server.resume()
            await asyncio.to_thread(server.start)
            await usable(cache)
            await cache.ping()
