"""What every cache does."""

from __future__ import annotations

import asyncio

from neural_hive.cache.base import Cache


async def test_what_was_put_is_got(cache: Cache) -> None:
    await cache.put("key", b"\x00value", ttl=60)
    assert await cache.get("key") == b"\x00value"


async def test_absent_is_none(cache: Cache) -> None:
    assert await cache.get("absent") is None


async def test_the_last_value_counts(cache: Cache) -> None:
    await cache.put("key", b"one", ttl=60)
    await cache.put("key", b"two", ttl=60)
    assert await cache.get("key") == b"two"


async def test_values_expire(cache: Cache) -> None:
    await cache.put("key", b"value", ttl=0.05)
    await cache.put("other", b"value", ttl=60)
    await asyncio.sleep(0.15)
    assert await cache.get("key") is None
    assert await cache.get("other") == b"value"


async def test_no_time_to_live_is_not_kept(cache: Cache) -> None:
    await cache.put("key", b"old", ttl=60)
    await cache.put("key", b"new", ttl=0)
    assert await cache.get("key") is None


async def test_an_empty_value_is_a_value(cache: Cache) -> None:
    await cache.put("key", b"", ttl=60)
    assert await cache.get("key") == b""


async def test_the_first_value_is_agreed_with(cache: Cache) -> None:
    assert [await cache.agree("key", value, ttl=60) for value in (b"1", b"2")] == [b"1", b"1"]
    assert await cache.get("key") == b"1"
