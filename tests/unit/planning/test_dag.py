from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.errors import LimitError, PlanError
from neural_hive.planning.dag import ancestors, arrange
from neural_hive.types import GivenTask


def task(name: str, *dependencies: str, description: str = "do it") -> GivenTask:
    return GivenTask(id=name, description=description, dependencies=dependencies)


def ids(tasks: tuple[GivenTask, ...]) -> list[str]:
    return [item.id for item in tasks]


def test_ties_keep_the_given_order() -> None:
    assert ids(arrange([task("c"), task("a"), task("b")])) == ["c", "a", "b"]


def test_dependencies_come_first() -> None:
    assert ids(arrange([task("drop", "backup"), task("backup"), task("tell", "drop")])) == ["backup", "drop", "tell"]


@pytest.mark.parametrize(
    ("tasks", "key"),
    [
        ([], "error.empty_plan"),
        ([task("a"), task("a")], "error.duplicate_task"),
        ([task("a", "a")], "error.self_dependency"),
        ([task("a", "b")], "error.unknown_dependency"),
        ([task("a", description="  ")], "error.blank_description"),
        ([task(" ")], "error.blank_task_id"),
        ([task("a", "b"), task("b", "a")], "error.cycle"),
    ],
)
def test_what_is_no_plan_is_refused(tasks: list[GivenTask], key: str) -> None:
    with pytest.raises(PlanError) as caught:
        arrange(tasks)
    assert caught.value.key == key
    assert caught.value.render("pt") != caught.value.render("en")


def test_the_cycle_is_named_in_the_order_it_would_run() -> None:
    with pytest.raises(PlanError) as caught:
        arrange([task("start"), task("a", "c", "start"), task("b", "a"), task("c", "b"), task("end", "c")])
    assert caught.value.params["cycle"] in {"a → b → c → a", "b → c → a → b", "c → a → b → c"}


def test_too_many_tasks() -> None:
    with pytest.raises(LimitError):
        arrange([task(str(number)) for number in range(501)])
    assert len(arrange([task(str(number)) for number in range(500)])) == 500


def test_ancestors_are_transitive() -> None:
    found = ancestors(arrange([task("a"), task("b", "a"), task("c", "b"), task("d")]))
    assert found["c"] == {"a", "b"}
    assert found["d"] == frozenset()


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=30))
def test_any_backward_graph_is_ordered_and_complete(edges: list[list[int]]) -> None:
    tasks = [task(str(place), *sorted({str(other) for other in parents if other < place})) for place, parents in enumerate(edges)]
    ordered = arrange(list(reversed(tasks)))
    assert sorted(ids(ordered)) == sorted(ids(tuple(tasks)))
    place = {item.id: index for index, item in enumerate(ordered)}
    assert all(place[parent] < place[item.id] for item in ordered for parent in item.dependencies)
