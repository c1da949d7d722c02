"""Whoever does not answer in time, or answers nonsense, abstains."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.panel import Panel
from neural_hive.types import Abstention, ModelInfo, Opinion, Plan, Task, Verdict

PLAN = Plan(tasks=(Task(id="T1", description="read the logs"),), language="en")
MODEL = ModelInfo(name="test", version="1")


@dataclass
class Voice:
    """A specialist that waits, then answers or fails as told."""

    name: str
    risk: float = 0.1
    delay: float = 0.0
    failure: Exception | None = None

    async def evaluate(self, plan: Plan) -> Opinion:
        await asyncio.sleep(self.delay)
        if self.failure:
            raise self.failure
        return Opinion(specialist=self.name, recommendation=Verdict.APPROVE, risk=self.risk, confidence=1.0, model=MODEL)

    async def describe(self) -> ModelInfo:
        return MODEL


async def heard(*voices: Voice, remote: frozenset[str] = frozenset(), deadline: float = 1.0) -> list[Opinion | Abstention]:
    return [voice async for voice in Panel({voice.name: voice for voice in voices}, remote=remote, deadline=deadline).consult(PLAN)]


async def test_all_answer_in_the_order_of_names() -> None:
    assert [voice.specialist for voice in await heard(Voice("b"), Voice("a"))] == ["a", "b"]


@pytest.mark.parametrize(
    ("voice", "reason"),
    [
        (Voice("a", delay=5.0), "did not answer within 0.05 s"),
        (Voice("a", failure=UnavailableError("error.no_opinions")), "is not available now"),
        (Voice("a", failure=ZeroDivisionError("somebody's words")), "failed to judge this plan"),
        (Voice("a", risk=math.nan), "failed to judge this plan"),
        (Voice("a", risk=1.5), "failed to judge this plan"),
    ],
)
async def test_silence_is_an_abstention_with_a_reason(voice: Voice, reason: str) -> None:
    said = await heard(voice, Voice("b"), deadline=0.05)
    assert said[0] == Abstention(specialist="a", reason=reason)
    assert isinstance(said[1], Opinion)


async def test_an_opinion_under_another_name_does_not_count() -> None:
    panel = Panel({"a": Voice("b")})
    assert [type(voice) async for voice in panel.consult(PLAN)] == [Abstention]


async def test_remote_voices_are_asked_at_once_and_told_as_ready() -> None:
    voices = [Voice("slow", delay=0.6), Voice("quick", delay=0.5), Voice("here")]
    start = time.perf_counter()
    said = await heard(*voices, remote=frozenset({"slow", "quick"}))
    assert [voice.specialist for voice in said] == ["here", "quick", "slow"]
    assert time.perf_counter() - start < 1.0


async def test_leaving_early_leaves_nothing_running() -> None:
    before = asyncio.all_tasks()
    voices = Panel({"a": Voice("a"), "b": Voice("b", delay=9.0)}, remote=frozenset({"b"})).consult(PLAN)
    await anext(voices)
    await voices.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_asking_again_asks_everyone() -> None:
    said = await Panel({"a": Voice("a"), "b": Voice("b", failure=RuntimeError())}).ask_again(PLAN)
    assert [type(voice) for voice in said] == [Opinion, Abstention]
