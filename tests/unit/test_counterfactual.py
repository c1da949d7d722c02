from __future__ import annotations

from dataclasses import replace

from neural_hive.consensus import conclude
from neural_hive.counterfactual import apply, counterfactuals, counterfactuals_sync
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.types import Change, Conclusion, Environment, Plan, Safeguard, Scope, Trait, Verdict
from tests.unit.specialists.plans import GONE, act, plan_of

PANEL = [open_local(name) for name in OWN]
DROP = act(
    "drop the production table", "drop", "table", GONE, sensitivity=0.65, blast=0.6, environment=Environment.PRODUCTION, denied="backup"
)
READ = act("list the tables", "read", "table", "read_only")


def ask(plan: Plan) -> Conclusion:
    return conclude(plan, [specialist.judge(plan) for specialist in PANEL])  # type: ignore[attr-defined]


async def ask_later(plan: Plan) -> Conclusion:
    return ask(plan)


def change(kind: str, safeguard: str = "", *, task_id: str = "t1") -> Change:
    return Change(kind=kind, task_id=task_id, safeguard=safeguard, start=0, end=len(DROP.text))  # type: ignore[arg-type]


def test_changes_are_applied_to_the_action_they_name_and_to_no_other() -> None:
    plan = plan_of(DROP, DROP)
    restored = apply(plan, change("restore_safeguard", "backup"))
    assert restored.actions[0].denied == ()
    assert restored.actions[0].safeguards == (Safeguard(kind="backup", verified=True),)
    assert restored.actions[1] == plan.actions[1]
    assert apply(plan, change("drop_action")).tasks[0].actions == ()
    assert apply(plan, change("drop_action", task_id="t9")) == plan
    limited = apply(plan_of(replace(DROP, scope=Scope.ALL, traits=(*DROP.traits, Trait.UNBOUNDED))), change("limit_scope")).actions[0]
    assert limited.scope is Scope.ONE
    assert Trait.UNBOUNDED not in limited.traits


def test_a_late_protection_is_moved_before() -> None:
    late = plan_of(replace(DROP, denied=(), late_safeguards=(Safeguard(kind="backup"),)))
    moved = apply(late, change("restore_safeguard", "backup")).actions[0]
    assert (moved.late_safeguards, moved.safeguards[0].verified) == ((), True)


def test_what_is_told_was_asked_again_and_is_milder() -> None:
    plan = plan_of(READ, DROP)
    conclusion = ask(plan)
    assert conclusion.verdict is Verdict.REJECT
    found = counterfactuals_sync(plan, conclusion, ask)
    assert 1 <= len(found) <= 3
    for item in found:
        changed = plan
        for step in item.changes:
            changed = apply(changed, step)
        again = ask(changed)
        assert (again.verdict, again.harm_probability) == (item.verdict, item.harm_probability)
        assert again.verdict.severity < conclusion.verdict.severity
    assert {"restore_safeguard", "drop_action"} <= {step.kind for item in found for step in item.changes}
    assert found[0].sentence.endswith("With that, the answer would be: approve.")


async def test_a_remote_panel_is_asked_the_same() -> None:
    plan = plan_of(DROP)
    assert await counterfactuals(plan, ask(plan), ask_later) == counterfactuals_sync(plan, ask(plan), ask)


def test_an_approval_needs_no_change() -> None:
    plan = plan_of(READ)
    assert counterfactuals_sync(plan, ask(plan), ask) == ()


def test_nothing_is_told_that_does_not_help() -> None:
    plan = plan_of(DROP)
    conclusion = ask(plan)
    assert counterfactuals_sync(plan, conclusion, lambda _: conclusion) == ()


def test_two_changes_together_when_one_is_not_enough() -> None:
    plan = plan_of(replace(DROP, denied=(Safeguard(kind="backup"), Safeguard(kind="approval"))))
    conclusion = ask(plan)

    def strict(changed: Plan) -> Conclusion:
        return ask(changed) if not changed.actions[0].denied else conclusion

    found = counterfactuals_sync(plan, conclusion, strict)
    assert [len(item.changes) for item in found] == [2]


def test_moving_the_successor_ahead_is_offered_for_a_bad_order() -> None:
    old = act(
        "revoke the old certificate",
        "revoke",
        "secret",
        "interrupting mutating",
        sensitivity=0.95,
        blast=0.8,
        environment=Environment.PRODUCTION,
    )
    new = act(
        "install the new certificate",
        "install",
        "secret",
        "additive mutating",
        sensitivity=0.95,
        blast=0.8,
        environment=Environment.PRODUCTION,
    )
    found = counterfactuals_sync(plan_of(old, new), ask(plan_of(old, new)), ask)
    assert "replacement" in {step.safeguard for item in found for step in item.changes}
