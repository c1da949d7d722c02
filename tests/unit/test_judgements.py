"""Judgements are found again by content, and only by whoever would judge the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.cache.memory import MemoryCache, open_memory_cache
from neural_hive.judgements import Judgement, Judgements, Names, digest
from neural_hive.settings import load_settings
from neural_hive.types import Conclusion, GivenPlan, GivenTask, Intent, ModelInfo, Opinion, Plan, Task, Verdict

PLAN = Plan(tasks=(Task(id="T1", description="read"),))
CONCLUSION = Conclusion(verdict=Verdict.APPROVE, harm_probability=0.1, confidence=1.0, divergence=0.0, votes=(), rules=())


MODEL = ModelInfo(name="m", version="1")
OPINION = Opinion(specialist="technical", recommendation=Verdict.APPROVE, risk=0.1, confidence=1.0, model=MODEL)
JUDGEMENT = Judgement(opinions={"technical": OPINION}, abstentions={}, conclusion=CONCLUSION, counterfactuals=())
MODELS = {"technical": MODEL}


async def test_kept_and_recalled_whole() -> None:
    async with open_memory_cache() as cache:
        judgements, content = Judgements(cache), digest(PLAN)
        assert await judgements.recall(content, {}, MODELS) is None
        await judgements.keep(content, {}, JUDGEMENT)
        assert await judgements.recall(content, {}, MODELS) == JUDGEMENT


@pytest.mark.parametrize(
    ("plan", "weights", "models"),
    [
        (replace(PLAN, title="x"), {}, MODELS),
        (PLAN, {"technical": 0.5}, MODELS),
        (PLAN, {}, {"technical": replace(MODEL, version="2")}),
        (PLAN, {}, {"technical": replace(MODEL, fallback="unreachable")}),
        (PLAN, {}, {}),
    ],
)
async def test_another_plan_weight_or_model_is_judged_anew(plan: Plan, weights: dict[str, float], models: dict[str, ModelInfo]) -> None:
    async with open_memory_cache() as cache:
        judgements = Judgements(cache)
        await judgements.keep(digest(PLAN), {}, JUDGEMENT)
        assert await judgements.recall(digest(plan), weights, models) is None


async def test_incomplete_judgements_are_not_kept() -> None:
    async with open_memory_cache() as cache:
        judgements, content = Judgements(cache), digest(PLAN)
        await judgements.keep(content, {}, replace(JUDGEMENT, abstentions={"behavior": "late"}))
        assert await judgements.recall(content, {}, MODELS) is None


class Damaged(MemoryCache):
    """A cache whose values another program overwrote."""

    def __init__(self, damage: bytes) -> None:
        super().__init__()
        self.damage = damage

    async def get(self, key: str) -> bytes | None:
        return self.damage if await super().get(key) else None


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x81\xa1a\x01", b"\xff" * 40])
async def test_what_cannot_be_read_is_a_miss(damage: bytes) -> None:
    judgements = Judgements(Damaged(damage))
    await judgements.keep(digest(PLAN), {}, JUDGEMENT)
    assert await judgements.recall(digest(PLAN), {}, MODELS) is None


async def test_a_real_judgement_comes_back_equal(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        decision = await hive.review(Intent(text="Delete the customers table in production"))
        weights = hive.outcomes.weights(decision.plan.domain)
        found = await hive.judgements.recall(digest(decision.plan), weights, hive.panel.models())
    assert found is not None
    assert found.opinions == decision.opinions
    assert found.counterfactuals == decision.counterfactuals
    assert found.conclusion.votes == decision.votes


ACTS = ("Back up the customers table", "Drop the customers table in production", "Deploy a to production", 'Tell "b" about it')


async def planned(tmp_path: Path, *names: str) -> Plan:
    """A plan whose tasks have these names and wait for each other in a row."""
    tasks = tuple(
        GivenTask(id=name, description=act, dependencies=names[place - 1 : place] if place else ())
        for place, (name, act) in enumerate(zip(names, ACTS, strict=False))
    )
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        return (await hive.review(Intent(text="", plan=GivenPlan(tasks=tasks)))).plan


async def test_equal_plans_with_different_ids_are_judged_once(tmp_path: Path) -> None:
    names = [Names(await planned(tmp_path, *ids)) for ids in (("a", "b", "c"), ("uuid-3", "uuid-1", "uuid-2"))]
    assert names[0].plan == names[1].plan
    assert digest(names[0].plan) == digest(names[1].plan)
    assert Names(await planned(tmp_path, "a", "b")).plan != names[0].plan


@pytest.mark.parametrize("ids", [("a", "b", "c", "d"), ('"', "\\", "\n<b>", "é")])
async def test_what_is_said_has_the_callers_names(tmp_path: Path, ids: tuple[str, ...]) -> None:
    plan = await planned(tmp_path, *ids)
    names = Names(plan)
    assert "\ue000" in names.plan.tasks[0].id
    assert names.put_back(names.plan) == plan


async def test_names_that_readers_gave_stay(tmp_path: Path) -> None:
    assert Names(PLAN).plan is PLAN
    assert Names(PLAN).put_back(JUDGEMENT) is JUDGEMENT


async def test_a_text_that_holds_the_marks_keeps_its_names(tmp_path: Path) -> None:
    plan = Plan(tasks=(Task(id="a", description="say \ue0000\ue001"),), format="tasks")
    assert Names(plan).plan is plan


def test_a_place_that_the_plan_does_not_have_stays_as_it_is() -> None:
    names = Names(Plan(tasks=(Task(id="a", description="read"),), format="tasks"))
    assert names.put_back("task \ue0000\ue001 and \ue0007\ue001") == "task a and \ue0007\ue001"
