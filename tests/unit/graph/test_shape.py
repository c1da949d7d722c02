from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.graph.shape import Likeness, shape_of
from neural_hive.types import Action, Environment, Plan, Polarity, Task

ACTION = Action(operation="drop", object="table", environment=Environment.PRODUCTION)


def similarity(one: Iterable[str], other: Iterable[str]) -> float:
    return Likeness(one).to(other)


shapes = st.sets(st.sampled_from(["act:a/b", "act:a/c", "operation:a", "kind:b", "kind:c", "environment:unknown", "domain:X"]))


def plan(*actions: Action) -> Plan:
    return Plan(tasks=(Task(id="t", description="", actions=actions),))


def test_shape() -> None:
    assert shape_of(plan(ACTION)) == ("act:drop/table", "domain:TECHNICAL", "environment:production", "kind:table", "operation:drop")


def test_only_what_would_be_done_has_a_shape() -> None:
    assert shape_of(plan(replace(ACTION, polarity=Polarity.NEGATED))) == ()


def test_words_and_repetition_do_not_matter() -> None:
    assert shape_of(plan(ACTION, replace(ACTION, text="apagar", target="t"))) == shape_of(plan(ACTION))


@given(shapes, shapes)
def test_similarity_is_a_symmetric_index(one: set[str], other: set[str]) -> None:
    alike = similarity(one, other)
    assert 0 <= alike <= 1
    assert alike == pytest.approx(similarity(other, one))
    assert (alike == 1) == (one == other and bool(one))


def test_the_act_counts_more_than_the_place() -> None:
    here, there = shape_of(plan(ACTION)), shape_of(plan(replace(ACTION, environment=Environment.STAGING)))
    other = shape_of(plan(replace(ACTION, operation="read")))
    assert similarity(here, there) > similarity(here, other)
