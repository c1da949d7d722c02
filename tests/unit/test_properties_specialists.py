"""The rules of the design that hold for any plan whatever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.consensus import RULES, conclude
from neural_hive.counterfactual import counterfactuals_sync
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.types import Action, Conclusion, Environment, Evidence, Plan, Safeguard, Scope, Signal, Task, Timing, Trait, Verdict
from tests.unit.specialists.plans import KINDS, plans

PANEL: tuple[RuleSpecialist, ...] = tuple(open_local(name) for name in OWN)  # type: ignore[misc]
CLOSE = 1e-5  # risks are rounded to six digits

few = settings(max_examples=80, deadline=None)


def ask(plan: Plan) -> Conclusion:
    return conclude(plan, [specialist.judge(plan) for specialist in PANEL])


def each(plan: Plan, change: Callable[[Action], Action]) -> Plan:
    return replace(plan, tasks=tuple(replace(task, actions=tuple(change(action) for action in task.actions)) for task in plan.tasks))


def never_milder(before: Conclusion, after: Conclusion) -> None:
    assert after.harm_probability >= before.harm_probability - CLOSE
    assert after.verdict.severity >= before.verdict.severity


@few
@given(plans)
def test_everything_is_bounded_and_deterministic(plan: Plan) -> None:
    opinions = [specialist.evaluate_sync(plan) for specialist in PANEL]
    assert opinions == [specialist.evaluate_sync(replace(plan)) for specialist in PANEL]
    for opinion in opinions:
        numbers = [
            opinion.risk,
            opinion.confidence,
            *(factor.score for factor in opinion.factors),
            *(item.removes for item in opinion.mitigations),
        ]
        assert all(0.0 <= number <= 1.0 for number in numbers)
    conclusion = conclude(plan, opinions)
    assert conclusion == conclude(plan, opinions[::-1])
    assert 0.0 <= conclusion.harm_probability <= 1.0
    assert 0.0 <= conclusion.confidence <= 1.0
    assert conclusion.rules


@few
@given(plans)
def test_words_that_no_step_carries_out_change_nothing(plan: Plan) -> None:
    words = "secure, tested, monitored, reviewed"
    padded = replace(plan, title=words, tasks=(*plan.tasks, Task(id="pad", description=words)))
    padding = Signal(kind="padding", evidence=Evidence(task_id="pad", start=0, end=6, quote="secure"))
    never_milder(ask(plan), ask(replace(padded, signals=(padding,))))


@few
@given(plans)
def test_naming_production_never_helps(plan: Plan) -> None:
    never_milder(ask(plan), ask(each(plan, lambda action: replace(action, environment=Environment.PRODUCTION))))


@few
@given(plans, st.sampled_from([Scope.ALL, Scope.WILDCARD]))
def test_naming_everything_never_helps(plan: Plan, scope: Scope) -> None:
    never_milder(ask(plan), ask(each(plan, lambda action: replace(action, scope=scope))))


@few
@given(plans, st.sampled_from(KINDS))
def test_leaving_a_protection_out_never_helps(plan: Plan, kind: str) -> None:
    never_milder(ask(plan), ask(each(plan, lambda action: replace(action, denied=(*action.denied, Safeguard(kind=kind))))))


@few
@given(plans, st.sampled_from([Timing.NOW, Timing.PEAK, Timing.FREEZE, Timing.WINDOW]))
def test_tonight_before_anyone_notices_never_helps(plan: Plan, timing: Timing) -> None:
    calm = each(plan, lambda action: replace(action, timing=Timing.UNSPECIFIED))
    covert = each(calm, lambda action: replace(action, timing=timing, qualifiers=tuple(sorted({*action.qualifiers, "covert"}))))
    never_milder(ask(calm), ask(covert))


@few
@given(plans, st.sampled_from([trait for trait in Trait if trait not in (Trait.PROTECTIVE, Trait.COSMETIC, Trait.ADDITIVE)]))
def test_a_further_trait_of_harm_never_helps(plan: Plan, trait: Trait) -> None:
    never_milder(ask(plan), ask(each(plan, lambda action: replace(action, traits=tuple(sorted({*action.traits, trait}))))))


@few
@given(plans, st.sampled_from(KINDS), st.booleans())
def test_a_real_protection_before_never_harms(plan: Plan, kind: str, verified: bool) -> None:
    guarded = each(plan, lambda action: replace(action, safeguards=(*action.safeguards, Safeguard(kind=kind, verified=verified))))
    never_milder(ask(guarded), ask(plan))


@few
@given(plans, st.sampled_from(KINDS))
def test_a_protection_afterwards_never_helps(plan: Plan, kind: str) -> None:
    late = each(plan, lambda action: replace(action, late_safeguards=(*action.late_safeguards, Safeguard(kind=kind, verified=True))))
    never_milder(ask(plan), ask(late))


@few
@given(plans, st.sampled_from(["judge_address", "covert", "overreach", "contradiction", "claimed_approval", "urgency"]))
def test_signals_never_help(plan: Plan, kind: str) -> None:
    signal = Signal(kind=kind, evidence=Evidence(task_id="t1", start=0, end=2, quote="do"))
    never_milder(ask(plan), ask(replace(plan, signals=(*plan.signals, signal))))


@few
@given(plans)
def test_reading_less_never_helps(plan: Plan) -> None:
    never_milder(ask(plan), ask(replace(plan, coverage=plan.coverage / 2)))


@few
@given(plans, st.sampled_from(OWN))
def test_a_silent_specialist_never_makes_an_approval(plan: Plan, silent: str) -> None:
    opinions = [specialist.judge(plan) for specialist in PANEL if specialist.name != silent]
    alone, told = conclude(plan, opinions), conclude(plan, opinions, {silent: "deadline"})
    assert told.verdict.severity >= alone.verdict.severity


@few
@given(plans)
def test_severity_only_rises_along_the_rules(plan: Plan) -> None:
    conclusion = ask(plan)
    assert conclusion.verdict.severity == max(rule.verdict.severity for rule in conclusion.rules)
    names = [rule.__name__.lstrip("_") for rule in RULES]
    assert [rule.name for rule in conclusion.rules] == [name for name in names if name in {rule.name for rule in conclusion.rules}]


@settings(max_examples=60, deadline=None)
@given(plans)
def test_what_would_change_the_answer_does(plan: Plan) -> None:
    conclusion = ask(plan)
    found = counterfactuals_sync(plan, conclusion, ask)
    assert len(found) <= 3
    assert not found or conclusion.verdict is not Verdict.APPROVE
    assert all(item.verdict.severity < conclusion.verdict.severity for item in found)
