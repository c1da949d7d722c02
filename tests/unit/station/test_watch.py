"""Readiness from memory is true, and says so when it cannot be."""

from __future__ import annotations

import asyncio

from neural_hive.errors import UnavailableError
from neural_hive.ops import Probe
from neural_hive.station.watch import Watch


class Part:
    """Something that can be broken."""

    def __init__(self) -> None:
        self.broken = False

    async def check(self) -> str:
        if self.broken:
            raise UnavailableError("error.station_silent", port=1)
        return "fine"


async def until(watch: Watch, *, ready: bool) -> None:
    async with asyncio.timeout(5):
        while watch.state.ready is not ready:  # noqa: ASYNC110 -- what is tested has no event
            await asyncio.sleep(0.005)


async def test_nothing_is_ready_before_it_was_looked_at() -> None:
    watch = Watch(Probe({"part": Part().check}))
    assert not watch.state.ready
    assert (await watch.look()).ready


async def test_what_breaks_and_heals_is_noticed_without_being_asked() -> None:
    part = Part()
    watch = Watch(Probe({"part": part.check}), language="pt", every=0.01)
    async with watch.looking():
        assert watch.state.ready
        part.broken = True
        await until(watch, ready=False)
        assert "gRPC" in watch.state.dependencies[0].detail
        part.broken = False
        await until(watch, ready=True)


async def test_who_ends_is_not_ready_and_tells_why() -> None:
    watch = Watch(Probe({"part": Part().check}))
    await watch.look()
    watch.end()
    assert not watch.state.ready
    assert [(item.name, item.ok) for item in watch.state.dependencies] == [("part", True), ("station", False)]


async def test_what_was_seen_long_ago_counts_for_nothing() -> None:
    watch = Watch(Probe({"part": Part().check}), stale=0.0)
    await watch.look()
    await asyncio.sleep(0.001)
    assert not watch.state.ready
