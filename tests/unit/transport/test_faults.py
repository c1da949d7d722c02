"""Whatever goes wrong, the caller hears in time that there is no opinion, and hears it again soon after it is over."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.panel import Panel
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.testing import sample_plans
from neural_hive.transport.client import RemoteSpecialist
from neural_hive.transport.server import serve_specialist
from neural_hive.types import Abstention, Opinion, Plan
from tests.unit.transport.faulty import Fault, Proxy, Scripted, opinion_of, proxy
from tests.unit.transport.test_remote import opened

PLAN = sample_plans()[4]
GOOD = opinion_of("technical")
DEADLINE = 0.6


@asynccontextmanager
async def behind_a_proxy(fault: Fault = "none", specialist: Scripted | None = None) -> AsyncIterator[tuple[RemoteSpecialist, Proxy]]:
    async with (
        serve_specialist(specialist or Scripted(), port=0) as port,
        proxy(port, fault) as between,
        opened(f"grpc://127.0.0.1:{between.port}", deadline=DEADLINE) as remote,
    ):
        yield remote, between


async def reason(call: Awaitable[object]) -> str:
    """Why a call did not answer; it must say so within the deadline."""
    start = time.perf_counter()
    with pytest.raises(UnavailableError) as caught:
        await call
    assert time.perf_counter() - start < DEADLINE + 0.3
    return caught.value.key.removeprefix("error.specialist_")


async def seconds_until(works: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    while time.perf_counter() - start < 10.0:
        try:
            await works()
        except UnavailableError:
            await asyncio.sleep(0.05)
        else:
            return time.perf_counter() - start
    raise AssertionError("it never came back")


async def test_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with opened(f"grpc://127.0.0.1:{unused.getsockname()[1]}", deadline=DEADLINE) as remote:
            assert await reason(remote.evaluate(PLAN)) == "refused"
            assert await reason(remote.describe()) == "refused"


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [("hang", {"deadline", "refused"}), ("garbage", {"refused", "deadline", "broken"}), ("drop", {"refused", "deadline"})],
)
async def test_a_broken_connection_from_the_first_byte(fault: Fault, reasons: set[str]) -> None:
    async with behind_a_proxy(fault) as (remote, between):
        assert await reason(remote.evaluate(PLAN)) in reasons
        between.fault = "none"
        between.cut()
        assert await seconds_until(lambda: remote.evaluate(PLAN)) < 5.0


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [("hang", {"deadline", "refused"}), ("garbage", {"refused", "deadline", "broken"}), ("drop", {"refused", "deadline"})],
)
async def test_a_connection_that_breaks_while_an_answer_is_awaited(fault: Fault, reasons: set[str]) -> None:
    async with behind_a_proxy(specialist=Scripted(delay=0.1)) as (remote, between):
        assert await remote.evaluate(PLAN) == GOOD
        between.fault = fault
        assert await reason(remote.evaluate(PLAN)) in reasons
        between.fault = "none"
        assert await seconds_until(lambda: remote.evaluate(PLAN)) < 5.0


async def test_a_hanging_connection_is_given_up_and_made_anew() -> None:
    """Nobody cuts it: the keep-alive notices."""
    async with behind_a_proxy() as (remote, between):
        assert await remote.evaluate(PLAN) == GOOD
        between.fault = "hang"
        assert await reason(remote.evaluate(PLAN)) == "deadline"
        await asyncio.sleep(3.5)
        between.fault = "none"
        assert await seconds_until(lambda: remote.evaluate(PLAN)) < 5.0


async def test_twice_too_slow() -> None:
    specialist = Scripted()
    async with behind_a_proxy(specialist=specialist) as (remote, _):
        specialist.delay = 2 * DEADLINE
        assert await reason(remote.evaluate(PLAN)) == "deadline"
        specialist.delay = 0.0
        assert await remote.evaluate(PLAN) == GOOD


async def test_noise_in_the_place_of_an_opinion() -> None:
    noisy = Scripted(does=lambda _: opinion_of("technical", risk=0.5))
    async with serve_specialist(noisy, port=0) as port, opened(f"grpc://127.0.0.1:{port}") as remote:
        noisy.does = lambda _: opinion_of("someone_else")
        assert await reason(remote.evaluate(PLAN)) == "unreadable"
        noisy.does = lambda plan: plan  # type: ignore[assignment,return-value]
        assert await reason(remote.evaluate(PLAN)) == "broken"


async def test_after_a_restart_it_answers_within_five_seconds() -> None:
    async with serve_specialist(Scripted(), port=0) as port:
        remote_context = opened(f"grpc://127.0.0.1:{port}", deadline=DEADLINE)
        remote = await remote_context.__aenter__()
        assert await remote.evaluate(PLAN) == GOOD
    for _ in range(8):
        assert await reason(remote.evaluate(PLAN)) in {"refused", "resting"}
        await asyncio.sleep(0.2)
    async with serve_specialist(Scripted(), port=port):
        assert await seconds_until(lambda: remote.evaluate(PLAN)) < 5.0
        await remote_context.__aexit__(None, None, None)


async def test_one_that_keeps_failing_is_left_alone_for_a_while() -> None:
    async with behind_a_proxy(specialist=Scripted()) as (remote, between):
        assert await remote.evaluate(PLAN) == GOOD
        between.fault = "hang"
        assert [await reason(remote.evaluate(PLAN)) for _ in range(4)].count("resting") == 0
        start = time.perf_counter()
        assert await reason(remote.evaluate(PLAN)) == "resting"
        assert time.perf_counter() - start < 0.05


async def test_a_plan_that_is_declined_does_not_count_against_it() -> None:
    async with behind_a_proxy() as (remote, _):
        for _ in range(6):
            assert await reason(remote.evaluate(Plan(tasks=(), title="\ud800"))) == "declined"
        assert await remote.evaluate(PLAN) == GOOD


async def test_a_caller_that_goes_away_does_not_count_either() -> None:
    async with behind_a_proxy(specialist=Scripted(delay=0.2)) as (remote, _):
        for _ in range(6):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await remote.evaluate(PLAN)
        assert await remote.evaluate(PLAN) == GOOD


@pytest.mark.parametrize("fault", ["hang", "garbage", "drop"])
async def test_in_a_panel_the_others_speak_and_a_change_that_was_not_verified_is_not_told(fault: Fault) -> None:
    here = {name: open_local(name) for name in OWN if name != "technical"}
    async with behind_a_proxy(fault) as (remote, _):
        hearing = Panel({"technical": remote, **here}, remote=frozenset({"technical"}), deadline=DEADLINE).hear(PLAN)
        voices = {voice.specialist: voice async for voice in hearing.voices()}
        assert {name for name, voice in voices.items() if isinstance(voice, Opinion)} == set(here)
        assert isinstance(voices["technical"], Abstention)
        assert hearing.proposed
        for proposal in hearing.proposed:
            assert [opinion.specialist for opinion in await hearing.again(proposal.plan) or ()] == sorted(here)
