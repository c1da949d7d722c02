"""The port of specialists: one suite, every specialist that is registered, and proof that the suite can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neural_hive.specialists.registry import names, open_local
from neural_hive.testing import check_specialist, sample_plans
from neural_hive.types import Environment, Evidence, ModelInfo, Opinion, Plan, Verdict


@pytest.mark.parametrize("name", names())
async def test_every_registered_specialist_conforms(name: str) -> None:
    await check_specialist(open_local(name))


class Broken:
    """A specialist that says what the test makes it say."""

    name = "broken"

    def __init__(self, **changes: object) -> None:
        self._changes = changes

    async def describe(self) -> ModelInfo:
        return ModelInfo(name="broken-rules", version="1")

    async def evaluate(self, plan: Plan) -> Opinion:
        opinion = Opinion(
            specialist="broken", recommendation=Verdict.APPROVE, risk=0.5, confidence=1.0, model=ModelInfo(name="broken-rules", version="1")
        )
        return replace(opinion, **self._changes)  # type: ignore[arg-type]


class Fickle(Broken):
    """Answers the same plan differently."""

    count = 0.0

    async def evaluate(self, plan: Plan) -> Opinion:
        self.count += 0.01
        return replace(await super().evaluate(plan), risk=self.count)


class Soothed(Broken):
    """Believes that production is safer."""

    async def evaluate(self, plan: Plan) -> Opinion:
        production = any(action.environment is Environment.PRODUCTION for action in plan.actions)
        return replace(await super().evaluate(plan), risk=0.1 if production else 0.5)


async def test_a_plain_constant_conforms() -> None:
    await check_specialist(Broken())


@pytest.mark.parametrize(
    ("specialist", "message"),
    [
        (Broken(specialist="other"), "name"),
        (Broken(risk=1.5), r"\[0, 1\]"),
        (Broken(evidence=(Evidence(task_id="t1", start=0, end=3, quote="never said"),)), "quote"),
        (Broken(recommendation="approve!"), "Verdict"),
        (Broken(model=ModelInfo(name="someone else", version="1")), "describe"),
        (Fickle(), "differ"),
        (Soothed(), "production"),
    ],
)
async def test_the_suite_finds_what_is_broken(specialist: Broken, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        await check_specialist(specialist)


def test_the_sample_plans_are_of_both_languages_and_all_kinds() -> None:
    plans = sample_plans()
    assert {plan.language for plan in plans} == {"pt", "en"}
    assert any(not plan.actions for plan in plans)
    assert any(plan.coverage < 0.5 for plan in plans)
