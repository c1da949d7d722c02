"""Plans made by hand, for the tests of specialists and consensus."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from neural_hive.types import Action, Environment, Plan, Polarity, Safeguard, Scope, Task, Timing, Trait

GONE = "destructive irreversible mutating"


def act(text: str, operation: str, kind: str, traits: str = "", **given: Any) -> Action:
    """An action; `safeguards`, `denied` and `late` are kinds in one string ("backup! approval"; ! is verified)."""
    for name in ("safeguards", "denied", "late_safeguards"):
        given[name] = tuple(Safeguard(kind=word.rstrip("!"), verified=word.endswith("!")) for word in given.get(name, "").split())
    given["qualifiers"] = tuple(sorted(given.get("qualifiers", "").split()))
    found = tuple(sorted(Trait(name) for name in traits.split()))
    return Action(operation=operation, object=kind, text=text, end=len(text), target=text, traits=found, **given)


def plan_of(*actions: Action, **given: Any) -> Plan:
    """A plan with one task for each action; as a parsed script, so that the rules alone judge it."""
    given.setdefault("format", "shell")
    numbered = [replace(action, task_id=f"t{number}") for number, action in enumerate(actions, start=1)]
    return Plan(tasks=tuple(Task(id=action.task_id, description=action.text, actions=(action,)) for action in numbered), **given)


OBJECTS = [
    "table",
    "backup",
    "personal_data",
    "secret",
    "access_control",
    "service",
    "network",
    "contract_api",
    "code",
    "ui",
    "price",
    "model",
    "document",
    "unknown",
]
OPERATIONS = ["delete", "drop", "update", "deploy", "grant", "expose", "restart", "retire", "bypass", "pay", "read", "create", "unknown"]
KINDS = [
    "backup",
    "restore_test",
    "dry_run",
    "canary",
    "rollback",
    "approval",
    "tests",
    "monitoring",
    "notice",
    "consent",
    "replacement",
    "limited_scope",
]
QUALIFIERS = [
    "public_audience",
    "third_party",
    "untrusted_party",
    "no_consent",
    "only_copy",
    "personal_own",
    "partial_rollout",
    "critical_system",
]

_unit = st.floats(0.0, 1.0, allow_nan=False)
safeguards = st.lists(st.builds(Safeguard, kind=st.sampled_from(KINDS), verified=st.booleans()), max_size=3).map(tuple)

actions = st.builds(
    Action,
    operation=st.sampled_from(OPERATIONS),
    object=st.sampled_from(OBJECTS),
    task_id=st.just("t1"),
    start=st.just(0),
    end=st.just(8),
    text=st.just("do thing"),
    traits=st.sets(st.sampled_from(list(Trait)), max_size=5).map(lambda found: tuple(sorted(found))),
    sensitivity=_unit,
    blast=_unit,
    environment=st.sampled_from(list(Environment)),
    scope=st.sampled_from(list(Scope)),
    timing=st.sampled_from(list(Timing)),
    polarity=st.sampled_from([Polarity.AFFIRMED, Polarity.AFFIRMED, Polarity.AFFIRMED, Polarity.NEGATED, Polarity.HYPOTHETICAL]),
    disposable=st.booleans(),
    certainty=_unit,
    safeguards=safeguards,
    late_safeguards=safeguards,
    denied=safeguards,
    qualifiers=st.sets(st.sampled_from(QUALIFIERS), max_size=2).map(lambda found: tuple(sorted(found))),
)
"""Any action at all, possible or not."""

plans = st.builds(lambda found, coverage: plan_of(*found, coverage=coverage), st.lists(actions, min_size=1, max_size=3), _unit)
"""Plans of one to three such actions."""
