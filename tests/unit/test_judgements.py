"""Judgements are found again by content, and only by whoever would judge the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.cache.memory import open_memory_cache
from neural_hive.judgements import Judgement, Judgements, digest
from neural_hive.settings import load_settings
from neural_hive.types import Conclusion, Intent, Plan, Task, Verdict

PLAN = Plan(tasks=(Task(id="T1", description="read"),))
CONCLUSION = Conclusion(verdict=Verdict.APPROVE, harm_probability=0.1, confidence=1.0, divergence=0.0, votes=(), rules=())
JUDGEMENT = Judgement(opinions={}, abstentions={}, conclusion=CONCLUSION, counterfactuals=())


async def test_kept_and_recalled_whole() -> None:
    async with open_memory_cache() as cache:
        judgements = Judgements(cache, voices="v1")
        key = judgements.key(digest(PLAN), {})
        assert await judgements.recall(key) is None
        await judgements.keep(key, JUDGEMENT)
        assert await judgements.recall(key) == JUDGEMENT


async def test_the_key_depends_on_plan_voices_and_weights() -> None:
    async with open_memory_cache() as cache:
        keys = [
            Judgements(cache, voices=voices).key(digest(plan), weights)
            for voices in ("v1", "v2")
            for plan in (PLAN, replace(PLAN, title="x"))
            for weights in ({}, {"a": 0.5})
        ]
    assert len(set(keys)) == 8


async def test_incomplete_or_unnamed_judgements_are_not_kept() -> None:
    async with open_memory_cache() as cache:
        judgements = Judgements(cache, voices="v1")
        await judgements.keep("judgement:a", replace(JUDGEMENT, abstentions={"technical": "late"}))
        assert await judgements.recall("judgement:a") is None
        nobody = Judgements(cache, voices="")
        assert nobody.key(digest(PLAN), {}) == ""
        await nobody.keep("", JUDGEMENT)
        assert await nobody.recall("") is None


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x81\xa1a\x01", b"\xff" * 40])
async def test_what_cannot_be_read_is_a_miss(damage: bytes) -> None:
    async with open_memory_cache() as cache:
        await cache.put("judgement:a", damage, ttl=60)
        assert await Judgements(cache, voices="v1").recall("judgement:a") is None


async def test_a_real_judgement_comes_back_equal(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        decision = await hive.review(Intent(text="Delete the customers table in production"))
        key = hive.judgements.key(digest(decision.plan), hive.outcomes.weights(decision.plan.domain))
        found = await hive.judgements.recall(key)
    assert found is not None
    assert found.opinions == decision.opinions
    assert found.counterfactuals == decision.counterfactuals
    assert found.conclusion.votes == decision.votes
