"""Any plan and any opinion that the types allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from hypothesis import strategies as st

from neural_hive.types import (
    Action,
    Change,
    ChangeKind,
    Domain,
    Environment,
    Evidence,
    Factor,
    Mitigation,
    ModelInfo,
    Opinion,
    Plan,
    Polarity,
    Safeguard,
    Scope,
    Signal,
    Task,
    Timing,
    Trait,
    Verdict,
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
places = st.integers(0, 2**32 - 1)
numbers = st.floats(allow_nan=False)


def few(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=2).map(tuple)


evidence = st.builds(Evidence, task_id=words, start=places, end=places, quote=words)
safeguards = few(st.builds(Safeguard, kind=words, verified=st.booleans(), evidence=st.none() | evidence))
actions = st.builds(
    Action,
    operation=words,
    object=words,
    task_id=words,
    start=places,
    end=places,
    text=words,
    target=words,
    traits=few(st.sampled_from(Trait)),
    sensitivity=numbers,
    blast=numbers,
    environment=st.sampled_from(Environment),
    scope=st.sampled_from(Scope),
    timing=st.sampled_from(Timing),
    polarity=st.sampled_from(Polarity),
    disposable=st.booleans(),
    certainty=numbers,
    safeguards=safeguards,
    late_safeguards=safeguards,
    denied=safeguards,
    qualifiers=few(words),
)
tasks = st.builds(
    Task, id=words, description=words, type=words, dependencies=few(words), duration=st.none() | numbers, actions=few(actions)
)
plans = st.builds(
    Plan,
    tasks=few(tasks),
    format=words,
    language=st.sampled_from(["pt", "en", "und"]),
    domain=st.sampled_from(Domain),
    title=words,
    signals=few(st.builds(Signal, kind=words, evidence=evidence)),
    coverage=numbers,
)
changes = st.builds(Change, kind=st.sampled_from(get_args(ChangeKind)), task_id=words, safeguard=words, start=places, end=places)
models = st.builds(ModelInfo, name=words, version=words, source=st.sampled_from(["rules", "learned"]), fallback=words)
opinions = st.builds(
    Opinion,
    specialist=words,
    recommendation=st.sampled_from(Verdict),
    risk=numbers,
    confidence=numbers,
    factors=few(st.builds(Factor, name=words, weight=numbers, score=numbers, evidence=few(evidence), sentence=words)),
    evidence=few(evidence),
    mitigations=few(st.builds(Mitigation, sentence=words, change=changes, removes=numbers)),
    vetoes=few(evidence),
    model=models,
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Plan, ...]:
    """A plan and up to two others that differ from it in some of its tasks."""
    plan = draw(plans)
    variants = draw(st.lists(st.tuples(*(st.just(task) | tasks for task in plan.tasks)), max_size=2))
    return (plan, *(replace(plan, tasks=chosen) for chosen in variants))
