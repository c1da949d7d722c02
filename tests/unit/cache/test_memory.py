from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neural_hive.cache.memory import MemoryCache

keys = st.text(max_size=3)
values = st.binary(max_size=30)


async def test_the_longest_unused_goes_first() -> None:
    cache = MemoryCache(max_entries=2)
    await cache.put("a", b"1", ttl=60)
    await cache.put("b", b"2", ttl=60)
    await cache.get("a")
    await cache.put("c", b"3", ttl=60)
    assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]


async def test_time_is_what_the_clock_says() -> None:
    now = [100.0]
    cache = MemoryCache(clock=lambda: now[0])
    await cache.put("a", b"1", ttl=10)
    now[0] = 109.9
    assert await cache.get("a") == b"1"
    now[0] = 110.0
    assert await cache.get("a") is None
    assert len(cache) == 0


async def test_what_is_too_large_is_not_kept_and_drives_nothing_out() -> None:
    cache = MemoryCache(max_bytes=10)
    await cache.put("a", b"12345", ttl=60)
    await cache.put("b", b"x" * 10, ttl=60)
    assert await cache.get("b") is None
    assert await cache.get("a") == b"12345"


async def test_those_who_come_first_are_agreed_with() -> None:
    cache = MemoryCache(max_bytes=10)
    assert await cache.agree("a", b"1", ttl=60) == b"1"
    assert await cache.agree("a", b"2", ttl=60) == b"1"
    assert await cache.agree("b", b"x" * 10, ttl=60) == b"x" * 10
    assert await cache.get("b") is None


@given(st.lists(st.tuples(keys, values), max_size=60), st.integers(1, 5), st.integers(0, 60))
async def test_bounds_hold(puts: list[tuple[str, bytes]], entries: int, size: int) -> None:
    cache = MemoryCache(max_entries=entries, max_bytes=size)
    for key, value in puts:
        await cache.put(key, value, ttl=60)
    got = {key: await cache.get(key) for key, _ in puts}
    kept = {key: value for key, value in got.items() if value is not None}
    assert len(kept) == len(cache) <= entries
    assert sum(len(key) + len(value) for key, value in kept.items()) <= size
    assert all(dict(puts)[key] == value for key, value in kept.items())
