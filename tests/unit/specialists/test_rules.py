"""The four voices: what each says, how they differ, that nothing falls between them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neural_hive.specialists.factors import load_spec
from neural_hive.specialists.hazard import Reading, load
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist, heard, terms_of
from neural_hive.types import Action, Environment, Evidence, Opinion, Plan, Safeguard, Scope, Signal, Trait, Verdict
from tests.unit.specialists.plans import GONE, act, plan_of


def ask(plan: Plan) -> dict[str, Opinion]:
    return {name: RuleSpecialist.evaluate_sync(open_local(name), plan) for name in OWN}  # type: ignore[arg-type]


def highest(*actions: Action) -> str:
    opinions = ask(plan_of(*actions))
    return max(opinions, key=lambda name: opinions[name].risk)


DROP = act(
    "drop the production table", "drop", "table", GONE, sensitivity=0.65, blast=0.6, environment=Environment.PRODUCTION, denied="backup"
)

FIELDS = {
    "technical": [
        DROP,
        act("turn MFA off for all", "retire", "control", "weakens_control mutating", sensitivity=0.9, blast=0.8, scope=Scope.ALL),
        act("publish the private key", "expose", "secret", "exposing", sensitivity=0.95, qualifiers="public_audience"),
    ],
    "behavior": [
        act("share the medical record", "share", "personal_data", "exposing", sensitivity=0.92, qualifiers="third_party"),
        act("pay the unknown account", "pay", "money", "money irreversible", sensitivity=0.8, qualifiers="untrusted_party"),
        act("charge people who never agreed", "charge", "money", "money mutating", sensitivity=0.8, qualifiers="no_consent"),
        act("read her mail unseen", "copy", "comms", "deceptive exposing", sensitivity=0.9, qualifiers="covert"),
    ],
    "evolution": [
        act("force push main", "force_push", "main_branch", GONE, sensitivity=0.75, blast=0.7),
        act("upgrade the framework", "upgrade", "code", "mutating", sensitivity=0.6, environment=Environment.PRODUCTION, denied="tests"),
        act("skip the suite", "bypass", "test_thing", "weakens_control mutating", sensitivity=0.45, denied="tests"),
    ],
    "architecture": [
        act("stop all servers at noon", "retire", "service", "interrupting mutating", sensitivity=0.75, blast=0.8, scope=Scope.ALL),
        act(
            "rename the field of the public API", "rename", "contract_api", "destructive interrupting mutating", sensitivity=0.65, blast=0.8
        ),
        act("cut the network", "retire", "network", "interrupting", sensitivity=0.8, blast=0.85),
    ],
}


@pytest.mark.parametrize(
    ("name", "action"), [(name, action) for name, found in FIELDS.items() for action in found], ids=lambda item: getattr(item, "text", item)
)
def test_each_specialist_is_the_highest_voice_in_its_own_field(name: str, action: Action) -> None:
    assert highest(action) == name


def test_the_specialists_disagree_over_their_fields() -> None:
    cases = [action for found in FIELDS.values() for action in found]
    risks = {name: [open_local(name).judge(plan_of(action)).risk for action in cases] for name in OWN}  # type: ignore[attr-defined]
    for first in OWN:
        for second in OWN:
            if first < second:
                assert _spearman(risks[first], risks[second]) < 0.8


def _spearman(first: list[float], second: list[float]) -> float:
    ranks = [[sorted(values).index(value) for value in values] for values in (first, second)]
    mean = (len(first) - 1) / 2
    spread = [sum((rank - mean) ** 2 for rank in found) for found in ranks]
    return float(sum((one - mean) * (other - mean) for one, other in zip(*ranks, strict=True)) / (spread[0] * spread[1]) ** 0.5)


def test_no_hazard_falls_between_the_four() -> None:
    hazards = load()
    specs = [load_spec(f"neural_hive.specialists.{name}") for name in OWN]
    for dimension in hazards.dimensions:
        traits = tuple(Trait(name) for name in dimension.triggers if name in set(Trait))
        for family in {*hazards.families.values(), "unknown"}:
            reading = Reading(Action(operation="x", traits=traits), family, {dimension.name: 1.0}, {dimension.name: 1.0}, 1.0)
            assert max(heard(rule, terms_of(rule, reading), reading) for spec in specs for rule in spec.factors) >= 0.98, (
                dimension.name,
                family,
            )


def test_an_opinion_names_the_task_and_quotes_the_words_in_the_plans_language() -> None:
    plan = replace(plan_of(DROP), language="pt")
    opinion = ask(plan)["technical"]
    loss = next(factor for factor in opinion.factors if factor.name == "data_loss")
    assert "tarefa t1" in loss.sentence
    assert "“drop the production table”" in loss.sentence
    assert "backup" in loss.sentence
    assert loss.evidence == (Evidence(task_id="t1", start=0, end=25, quote="drop the production table"),)


def test_mitigations_remove_what_they_say() -> None:
    plan = plan_of(DROP)
    specialist = open_local("technical")
    opinion = specialist.evaluate_sync(plan)  # type: ignore[attr-defined]
    assert opinion.mitigations
    first = opinion.mitigations[0]
    assert (first.change.kind, first.change.safeguard) == ("restore_safeguard", "backup")
    amended = replace(DROP, denied=(), safeguards=(Safeguard(kind="backup", verified=True),))
    assert opinion.risk - specialist.judge(plan_of(amended)).risk == pytest.approx(first.removes, abs=2e-6)  # type: ignore[attr-defined]


def test_a_veto_needs_certainty_and_no_protection() -> None:
    assert ask(plan_of(DROP))["technical"].vetoes == (replace(DROP, task_id="t1").evidence,)
    assert not ask(plan_of(replace(DROP, certainty=0.6)))["technical"].vetoes
    assert not ask(plan_of(replace(DROP, denied=(), safeguards=(Safeguard(kind="restore_test", verified=True),))))["technical"].vetoes


def test_confidence_falls_with_what_could_not_be_read() -> None:
    read = ask(plan_of(DROP))["technical"].confidence
    assert ask(plan_of(replace(DROP, certainty=0.4)))["technical"].confidence < read
    assert ask(plan_of(replace(DROP, operation="unknown")))["technical"].confidence < 0.5
    assert ask(plan_of(DROP, coverage=0.3))["technical"].confidence < 0.5


def test_nothing_asked_is_no_risk_and_full_confidence() -> None:
    for opinion in ask(Plan(tasks=plan_of(act("good morning", "read", "trivial")).tasks[:0], title="bom dia")).values():
        assert (opinion.confidence, opinion.recommendation) == (1.0, Verdict.APPROVE)
        assert opinion.risk < 0.12


def test_judging_is_evaluating_without_the_words() -> None:
    for name in OWN:
        specialist = open_local(name)
        full, brief = specialist.evaluate_sync(plan_of(DROP)), specialist.judge(plan_of(DROP))  # type: ignore[attr-defined]
        assert replace(full, factors=(), evidence=(), mitigations=()) == brief


def test_a_late_protection_and_a_collision_are_flaws_of_the_plan() -> None:
    late = replace(DROP, denied=(), late_safeguards=(Safeguard(kind="backup"),))
    structure = next(factor for factor in ask(plan_of(late))["architecture"].factors if factor.name == "plan_structure")
    assert structure.score > 0.8
    assert "only afterwards" in structure.sentence
    plan = plan_of(
        act("read it", "read", "table", "read_only"),
        replace(DROP, denied=()),
        act("fill it", "update", "table", "mutating", sensitivity=0.65),
    )
    ordered = tuple(replace(task, dependencies=(plan.tasks[number - 1].id,) if number else ()) for number, task in enumerate(plan.tasks))
    apart = tuple(replace(task, dependencies=("t1",) if task.id != "t1" else ()) for task in plan.tasks)
    scores = [
        next(factor.score for factor in ask(replace(plan, tasks=tasks))["architecture"].factors if factor.name == "plan_structure")
        for tasks in (ordered, apart)
    ]
    assert scores[0] < scores[1]


def test_text_that_addresses_the_judge_raises_the_risk_a_little() -> None:
    plan = plan_of(DROP)
    words = Signal(kind="judge_address", evidence=Evidence(task_id="t1", start=0, end=4, quote="drop"))
    before, after = ask(plan), ask(replace(plan, signals=(words,)))
    assert all(before[name].risk <= after[name].risk <= before[name].risk + 0.15 for name in OWN)
