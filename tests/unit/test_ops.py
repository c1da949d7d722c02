"""Readiness is truthful, quick, and never hangs."""

from __future__ import annotations

import asyncio
import time

from neural_hive.errors import LedgerError
from neural_hive.ops import Probe, Pulse


async def fine() -> str:
    return "ok"


async def broken() -> str:
    raise LedgerError("error.ledger_closed")


async def odd() -> str:
    raise ValueError("secret words of somebody")


async def test_each_dependency_is_told_by_name() -> None:
    state = await Probe({"b": fine, "a": broken, "c": odd}).readiness("pt")
    assert [(item.name, item.ok) for item in state.dependencies] == [("a", False), ("b", True), ("c", False)]
    assert not state.ready
    assert "fechado" in state.dependencies[0].detail
    assert "secret" not in state.dependencies[2].detail
    assert "ValueError" in state.dependencies[2].detail


async def test_what_is_optional_does_not_make_it_unready() -> None:
    assert (await Probe({"a": fine, "b": broken}, optional=frozenset({"b"})).readiness()).ready
    assert not (await Probe({"a": fine, "b": broken}, optional=frozenset({"a"})).readiness()).ready


async def test_of_some_one_has_to_be_well() -> None:
    voices = frozenset({"a", "b"})
    assert (await Probe({"a": broken, "b": fine, "c": fine}, optional=voices, one_of=voices).readiness()).ready
    assert not (await Probe({"a": broken, "b": broken, "c": fine}, optional=voices, one_of=voices).readiness()).ready


async def test_a_pulse_is_told_when_it_changes() -> None:
    pulse, heard = Pulse(), []

    async def listen() -> None:
        async for well in pulse.changes():
            heard.append(well)  # noqa: PERF401 -- it never ends

    listening = asyncio.create_task(listen())
    for well in (True, False, False, True):
        pulse.tell(well=well)
        await asyncio.sleep(0.01)
    listening.cancel()
    assert heard == [False, True]


async def test_a_check_that_hangs_fails_in_time_and_is_not_started_again() -> None:
    started = 0
    release = asyncio.Event()

    async def hangs() -> str:
        nonlocal started
        started += 1
        await release.wait()
        return "late"

    probe = Probe({"ledger": hangs, "other": fine}, deadline=0.05)
    start = time.perf_counter()
    first, second = await asyncio.gather(probe.readiness(), probe.readiness())
    assert time.perf_counter() - start < 1.0
    assert not first.ready
    assert not second.ready
    assert first.dependencies[0].latency_ms >= 40
    await probe.readiness()
    assert started == 1
    release.set()
    await asyncio.sleep(0)
    assert (await probe.readiness()).ready
