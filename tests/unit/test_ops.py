"""Asking dependencies is truthful, quick, and never hangs."""

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


class Gate:
    """A check that answers when it is let through."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.started = 0

    async def check(self) -> str:
        self.started += 1
        await self.open.wait()
        return "late"


async def test_each_dependency_is_told_by_name() -> None:
    state = await Probe({"b": fine, "a": broken, "c": odd}).readiness("pt")
    assert [(item.name, item.ok) for item in state.dependencies] == [("a", False), ("b", True), ("c", False)]
    assert not state.ready
    assert "fechado" in state.dependencies[0].detail
    assert "secret" not in state.dependencies[2].detail
    assert "ValueError" in state.dependencies[2].detail


async def test_what_is_optional_does_not_make_it_unready() -> None:
    state = await Probe({"a": fine, "b": broken}, optional=frozenset({"b"})).readiness()
    assert state.ready
    assert [item.required for item in state.dependencies] == [True, False]
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
    pulse.end()
    await asyncio.sleep(0.01)
    listening.cancel()
    assert heard == [False, True, False]
    assert pulse.well  # who still asks is answered


async def test_a_check_that_hangs_fails_in_time_and_is_not_started_again() -> None:
    gate = Gate()
    probe = Probe({"ledger": gate.check, "other": fine}, deadline=0.05)
    start = time.perf_counter()
    first, second = await asyncio.gather(probe.readiness(), probe.readiness())
    assert time.perf_counter() - start < 1.0
    assert not first.ready
    assert not second.ready
    assert first.dependencies[0].latency_ms >= 40
    assert "0.05 s" in first.dependencies[0].detail
    await probe.readiness()
    assert gate.started == 1
    gate.open.set()
    await asyncio.sleep(0)
    assert (await probe.readiness()).ready


async def test_what_is_said_too_late_does_not_count() -> None:
    """Else one that is always slower than its deadline would be well and ill in turn."""
    gate = Gate()
    probe = Probe({"ledger": gate.check}, deadline=0.05)
    assert (await probe.ask("ledger")).late
    waiting = asyncio.create_task(probe.ask("ledger"))
    await asyncio.sleep(0)
    gate.open.set()
    answer = await waiting
    assert (answer.ok, answer.late, gate.started) == (False, True, 1)
    answer = await probe.ask("ledger")
    assert (answer.ok, answer.late, gate.started) == (True, False, 2)


async def test_a_busy_process_does_not_call_its_dependencies_late() -> None:
    async def quick() -> str:
        await asyncio.sleep(0)
        time.sleep(0.1)  # noqa: ASYNC251 -- other work that keeps the loop busy for longer than the deadline
        await asyncio.sleep(0)
        return "ok"

    assert (await Probe({"ledger": quick}, deadline=0.05).ask("ledger")).ok


async def test_a_check_that_was_given_up_is_not_well() -> None:
    probe = Probe({"ledger": Gate().check}, deadline=0.5)
    asking = asyncio.create_task(probe.ask("ledger"))
    await asyncio.sleep(0)
    await probe.close()
    answer = await asking
    assert not answer.ok
    assert "TimeoutError" in answer.words["en"]
