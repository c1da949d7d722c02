"""A server that stopped answering costs one deadline, and is used again once it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from neural_hive import telemetry
from neural_hive.cache.reach import Reach
from neural_hive.errors import UnavailableError

DEADLINE = 0.05


class Server:
    """Answers after a while, or not at all."""

    def __init__(self) -> None:
        self.takes = 0.0
        self.fault: Exception | None = None
        self.asked = 0

    async def answer(self) -> str:
        self.asked += 1
        await asyncio.sleep(self.takes)
        if self.fault is not None:
            raise self.fault
        return "answer"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def reach(server: Server) -> AsyncIterator[Reach]:
    reach = Reach(server.answer, place="redis://box:1", refusal=LookupError, deadline=DEADLINE)
    yield reach
    await reach.close()


def failures(reason: str) -> float:
    value: float = telemetry.CACHE_FAILURES.labels(reason=reason)._value.get()
    return value


async def test_a_silent_server_is_waited_for_once(server: Server, reach: Reach) -> None:
    server.takes = 60.0
    late, away, start = failures("late"), failures("away"), time.perf_counter()
    for _ in range(200):
        with pytest.raises(UnavailableError, match="redis://box:1"):
            await reach.ask(server.answer)
    assert time.perf_counter() - start < 10 * DEADLINE
    assert (server.asked, failures("late") - late, failures("away") - away) == (1, 1, 199)


async def test_many_at_once_wait_together(server: Server, reach: Reach) -> None:
    server.takes, start = 60.0, time.perf_counter()
    await asyncio.gather(*(reach.ask(server.answer) for _ in range(100)), return_exceptions=True)
    assert time.perf_counter() - start < 10 * DEADLINE


async def test_a_broken_one_is_used_again_when_it_answers(server: Server, reach: Reach) -> None:
    server.fault = ConnectionError()
    with pytest.raises(UnavailableError):
        await reach.ask(server.answer)
    server.fault = None
    with pytest.raises(UnavailableError):
        await reach.ask(server.answer)
    await asyncio.sleep(1.3)
    assert await reach.ask(server.answer) == "answer"


async def test_a_look_puts_it_back_at_once(server: Server, reach: Reach) -> None:
    server.fault = ConnectionError()
    with pytest.raises(UnavailableError):
        await reach.look()
    server.fault = None
    await reach.look()
    assert await reach.ask(server.answer) == "answer"


async def test_a_slow_one_is_told_as_slow_and_not_asked(server: Server, reach: Reach) -> None:
    server.takes = 2 * DEADLINE
    with pytest.raises(UnavailableError) as told:
        await reach.look()
    assert told.value.key == "error.cache_slow"
    asked = server.asked
    with pytest.raises(UnavailableError):
        await reach.ask(server.answer)
    assert server.asked == asked


async def test_a_refusal_is_an_answer(server: Server, reach: Reach) -> None:
    server.fault = LookupError()
    for _ in range(3):
        with pytest.raises(UnavailableError) as told:
            await reach.ask(server.answer)
        assert told.value.key == "error.cache_refused"
    assert server.asked == 3


async def test_a_busy_event_loop_is_no_silence(server: Server, reach: Reach) -> None:
    server.takes = 0.005
    asking = asyncio.ensure_future(reach.ask(server.answer))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    time.sleep(3 * DEADLINE)  # noqa: ASYNC251 -- this is the busy loop
    assert await asking == "answer"


async def test_closing_leaves_nothing_behind(server: Server) -> None:
    reach = Reach(server.answer, place="", refusal=LookupError, deadline=DEADLINE)
    server.takes = 60.0
    with pytest.raises(UnavailableError):
        await reach.ask(server.answer)
    await reach.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
