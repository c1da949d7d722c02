"""Readiness from memory is true, quick, and says so when it cannot be true."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.ops import Health, Probe, Readiness
from neural_hive.telemetry import REGISTRY
from neural_hive.watch import Watch


class Part:
    """Something that can break, or hang."""

    def __init__(self) -> None:
        self.broken = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0

    async def check(self) -> str:
        self.asked += 1
        await self.answers.wait()
        if self.broken:
            raise UnavailableError("error.station_silent", port=1)
        return "fine"


async def until(watch: Watch, *, ready: bool) -> None:
    async with asyncio.timeout(5):
        while watch.readiness().ready is not ready:  # noqa: ASYNC110 -- what is tested has no event
            await asyncio.sleep(0.005)


def part(watch: Watch, name: str) -> Health:
    return next(item for item in watch.readiness().dependencies if item.name == name)


async def test_nothing_is_ready_before_it_was_looked_at() -> None:
    slow = Part()
    slow.answers.clear()
    watch = Watch(Probe({"slow": slow.check, "quick": Part().check}), every=0.01)
    assert [item.checked_ms for item in watch.readiness().dependencies] == [None, None]
    async with watch.looking():
        await asyncio.sleep(0.02)
        assert (part(watch, "quick").ok, part(watch, "slow").ok) == (True, False)
        assert not watch.readiness().ready
        slow.answers.set()
        await watch.seen()
        assert watch.readiness().ready


async def test_what_breaks_and_heals_is_noticed_without_being_asked() -> None:
    broken = Part()
    watch = Watch(Probe({"part": broken.check}), language="pt", every=0.01)
    async with watch.looking():
        await until(watch, ready=True)
        broken.broken = True
        await until(watch, ready=False)
        assert "gRPC" in part(watch, "part").detail
        assert watch.readiness("en").dependencies[0].detail != watch.readiness("pt").dependencies[0].detail
        broken.broken = False
        await until(watch, ready=True)


async def test_one_that_hangs_delays_no_news_of_another() -> None:
    hanging, other = Part(), Part()
    watch = Watch(Probe({"hanging": hanging.check, "other": other.check}, deadline=0.3, optional=frozenset({"hanging"})), every=0.01)
    async with watch.looking():
        await watch.seen()
        hanging.answers.clear()
        asked = hanging.asked
        await asyncio.sleep(0.02)
        other.broken = True
        began = time.monotonic()
        await until(watch, ready=False)
        assert time.monotonic() - began < 0.15
        other.broken = False
        await until(watch, ready=True)
        async with asyncio.timeout(5):
            while part(watch, "hanging").ok:  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.005)
        assert hanging.asked <= asked + 1  # it is asked once, and waited for
        assert watch.readiness().ready
        hanging.answers.set()
        async with asyncio.timeout(0.15):  # it answers, and is asked anew at once
            while not part(watch, "hanging").ok:  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.005)


async def test_it_answers_at_once_while_everything_hangs() -> None:
    parts = {f"part {number}": Part() for number in range(12)}
    for each in parts.values():
        each.answers.clear()
    watch = Watch(Probe({name: each.check for name, each in parts.items()}, deadline=0.05), every=0.01)
    async with watch.looking():
        took = []
        for _ in range(400):
            began = time.perf_counter()
            assert not watch.readiness().ready
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0)
    assert sorted(took)[395] < 0.005


async def test_who_ends_is_not_ready_and_tells_why() -> None:
    watch = Watch(Probe({"part": Part().check}))
    async with watch.looking():
        await watch.seen()
        assert watch.readiness().ready
        watch.end()
        assert not watch.readiness().ready
        assert [(item.name, item.ok) for item in watch.readiness().dependencies] == [("part", True), ("process", False)]
        assert REGISTRY.get_sample_value("hive_ready") == 0


async def test_what_was_seen_long_ago_counts_for_nothing() -> None:
    watch = Watch(Probe({"part": Part().check}, deadline=0.01), every=0.01, patience=0.01)
    async with watch.looking():
        await watch.seen()
        assert watch.readiness().ready
    await asyncio.sleep(0.04)  # nobody looks any more
    assert not watch.readiness().ready
    seen = part(watch, "part")
    assert (seen.ok, "too long" in seen.detail) == (False, True)
    assert seen.checked_ms is not None
    assert seen.checked_ms >= 40


async def test_metrics_and_log_follow(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "neural_hive.watch")
    ledger = Part()
    watch = Watch(Probe({"ledger": ledger.check, "graph": Part().check}, optional=frozenset({"graph"})), every=0.01)
    async with watch.looking():
        await until(watch, ready=True)
        assert REGISTRY.get_sample_value("hive_ready") == 1
        assert REGISTRY.get_sample_value("hive_dependency_up", {"name": "ledger"}) == 1
        ledger.broken = True
        await until(watch, ready=False)
        assert REGISTRY.get_sample_value("hive_ready") == 0
        assert REGISTRY.get_sample_value("hive_dependency_up", {"name": "ledger"}) == 0
        assert REGISTRY.get_sample_value("hive_dependency_up", {"name": "graph"}) == 1
        await asyncio.sleep(0.05)
    assert caplog.messages == ["ready", "not ready: ledger"]  # once each, however often it looks


async def test_nothing_is_left_running() -> None:
    hanging = Part()
    hanging.answers.clear()
    before = asyncio.all_tasks()
    async with Watch(Probe({"part": hanging.check}, deadline=0.05)).looking():
        await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before


async def test_looking_goes_on_whatever_happens_to_what_was_seen() -> None:
    seen: list[bool] = []

    def told(state: Readiness) -> None:
        seen.append(state.ready)
        if len(seen) == 1:
            raise KeyError("nobody thought of this")

    watched = Part()
    watch = Watch(Probe({"part": watched.check}), every=0.01, told=told)
    async with watch.looking():
        await until(watch, ready=True)
        watched.broken = True
        await until(watch, ready=False)
    assert seen[0]
    assert not seen[-1]
