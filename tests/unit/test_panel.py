"""Whoever does not answer in time, or answers nonsense, abstains."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.panel import Panel
from neural_hive.specialists.registry import open_local
from neural_hive.telemetry import exposition
from neural_hive.types import Abstention, Change, Factor, Mitigation, ModelInfo, Opinion, Plan, Task, Verdict
from tests.unit.specialists.plans import GONE, act, plan_of

PLAN = Plan(tasks=(Task(id="T1", description="read the logs"),), language="en")
MODEL = ModelInfo(name="test", version="1")


@dataclass
class Voice:
    """A specialist that waits, then answers or fails as told."""

    name: str
    risk: float = 0.1
    delay: float = 0.0
    failure: Exception | None = None
    factors: tuple[Factor, ...] = ()
    mitigations: tuple[Mitigation, ...] = ()

    async def evaluate(self, plan: Plan) -> Opinion:
        await asyncio.sleep(self.delay)
        if self.failure:
            raise self.failure
        return Opinion(
            specialist=self.name,
            recommendation=Verdict.APPROVE,
            risk=self.risk,
            confidence=1.0,
            factors=self.factors,
            mitigations=self.mitigations,
            model=MODEL,
        )

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
        (Voice("a", factors=(Factor(name="exposure", weight=0.5, score=math.nan),)), "failed to judge this plan"),
        (Voice("a", factors=(Factor(name="exposure", weight=-0.1, score=0.5),)), "failed to judge this plan"),
        (
            Voice("a", mitigations=(Mitigation(sentence="", change=Change(kind="drop_action", task_id="T1"), removes=math.inf),)),
            "failed to judge this plan",
        ),
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


async def test_why_a_voice_is_not_available_is_told_where_there_are_words_for_it() -> None:
    refused = UnavailableError("error.specialist_refused", name="a", seconds="2")
    assert await heard(Voice("a", failure=refused)) == [Abstention(specialist="a", reason="could not be reached")]


CHANGED = Plan(tasks=(Task(id="T1", description="read the log"),), language="en")


async def again(*voices: Any, remote: frozenset[str] = frozenset(), deadline: float = 1.0) -> list[Opinion] | None:
    hearing = Panel({voice.name: voice for voice in voices}, remote=remote, deadline=deadline).hear(PLAN)
    async for _ in hearing.voices():
        pass
    return await hearing.again(CHANGED)


async def test_asking_again_asks_those_that_spoke() -> None:
    said = await again(Voice("a"), Voice("b", failure=RuntimeError()), Voice("c"))
    assert [voice.specialist for voice in said or ()] == ["a", "c"]


@dataclass
class Turncoat(Voice):
    """Answers the first time only, and then not in time, not at all or with nonsense."""

    then: Any = None

    async def evaluate(self, plan: Plan) -> Opinion:
        return await super().evaluate(plan) if plan is PLAN else await self.then.evaluate(plan)


@pytest.mark.parametrize("then", [Voice("b", delay=9.0), Voice("b", failure=ZeroDivisionError()), Voice("b", risk=math.nan), Voice("x")])
@pytest.mark.parametrize("remote", [frozenset(), frozenset({"b"})])
async def test_without_one_that_spoke_nothing_is_known_about_a_change(then: Voice, remote: frozenset[str]) -> None:
    assert await again(Voice("a"), Turncoat("b", then=then), remote=remote, deadline=0.1) is None


@dataclass
class Far(Voice):
    """Behind a URL: asked about everything in one call, which it counts; `short` answers are missing at the end."""

    calls: int = 0
    short: int = 0
    later_risk: float = 0.05

    async def evaluate_all(self, plans: tuple[Plan, ...]) -> list[Opinion]:
        self.calls += 1
        first = await self.evaluate(plans[0])
        return [first, *(replace(first, risk=self.later_risk) for _ in plans[1 + self.short :])]


DROP = act("drop the production table", "drop", "table", GONE, sensitivity=0.65, blast=0.6, denied="backup")


@pytest.mark.parametrize(("far", "known"), [(Far("far"), True), (Far("far", later_risk=math.nan), False), (Far("far", short=1), False)])
async def test_a_voice_behind_a_url_is_asked_about_all_changes_in_one_call(far: Far, known: bool) -> None:
    hearing = Panel({"far": far, "technical": open_local("technical")}, remote=frozenset({"far"})).hear(plan_of(DROP))
    assert {type(voice) async for voice in hearing.voices()} == {Opinion}
    assert hearing.proposed
    said = [await hearing.again(proposal.plan) for proposal in hearing.proposed]
    assert all((each is not None) == known for each in said)
    assert hearing.complete == known
    assert far.calls == 1


def counted(name: str) -> tuple[float, float]:
    """How many opinions and abstentions of a specialist the metrics tell."""
    lines = [line for line in exposition().decode().splitlines() if f'specialist="{name}"' in line]
    found = [
        sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(metric))
        for metric in ("hive_opinion_seconds_count", "hive_abstentions_total")
    ]
    return found[0], found[1]


async def test_a_stand_in_counts_as_nobody_and_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    panel = Panel({"gone": Voice("gone", failure=UnavailableError("error.no_opinions"))}, stand_ins={"gone": Voice("gone")})
    for _ in range(3):
        hearing = panel.hear(PLAN)
        assert [type(voice) async for voice in hearing.voices()] == [Abstention]
        assert list(await hearing.stand_ins(PLAN)) == ["gone"]
    assert counted("gone") == (0, 3)
    assert [record.getMessage() for record in caplog.records] == ["specialist gone is away: unavailable"]
