"""From tasks as given to a valid order: a directed acyclic graph, or a clear refusal."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeVar

from neural_hive.errors import LimitError, PlanError


class Node(Protocol):
    """What a graph needs to know of a task."""

    @property
    def id(self) -> str:
        """Unique name."""
        ...

    @property
    def description(self) -> str:
        """What it does; not blank."""
        ...

    @property
    def dependencies(self) -> tuple[str, ...]:
        """Ids of the tasks that come before."""
        ...


T = TypeVar("T", bound=Node)
MAX_TASKS = 500


def arrange(tasks: Sequence[T], *, max_tasks: int = MAX_TASKS) -> tuple[T, ...]:
    """The tasks in an order that respects the dependencies; ties stay as given (Kahn 1962).

    Raises:
        LimitError: More than `max_tasks` tasks.
        PlanError: No tasks, a blank id or description, a duplicate id, an unknown or own
            dependency, or a cycle.
    """
    if len(tasks) > max_tasks:
        raise LimitError("error.too_many_tasks", count=len(tasks), limit=max_tasks)
    if not tasks:
        raise PlanError("error.empty_plan")
    places = _places(tasks)
    waiting = [_parents(task, places) for task in tasks]
    followers: list[list[int]] = [[] for _ in tasks]
    for child, parents in enumerate(waiting):
        for parent in parents:
            followers[parent].append(child)
    order = _kahn([len(parents) for parents in waiting], followers)
    if len(order) < len(tasks):
        raise PlanError("error.cycle", cycle=" → ".join(_cycle(tasks, waiting, set(order))))
    return tuple(tasks[index] for index in order)


def ancestors(tasks: Sequence[T]) -> dict[str, frozenset[str]]:
    """For every task, by id, the ids of all tasks that come before it; `tasks` are in valid order."""
    found: dict[str, frozenset[str]] = {}
    for task in tasks:
        found[task.id] = frozenset(task.dependencies).union(*(found.get(parent, frozenset()) for parent in task.dependencies))
    return found


def _places(tasks: Sequence[T]) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, task in enumerate(tasks):
        if not task.id.strip():
            raise PlanError("error.blank_task_id", position=index + 1)
        if task.id in places:
            raise PlanError("error.duplicate_task", task=task.id)
        if not task.description.strip():
            raise PlanError("error.blank_description", task=task.id)
        places[task.id] = index
    return places


def _parents(task: Node, places: dict[str, int]) -> list[int]:
    if task.id in task.dependencies:
        raise PlanError("error.self_dependency", task=task.id)
    unknown = [name for name in task.dependencies if name not in places]
    if unknown:
        raise PlanError("error.unknown_dependency", task=task.id, dependency=unknown[0], known=", ".join(list(places)[:8]))
    return sorted({places[name] for name in task.dependencies})


def _kahn(missing: list[int], followers: list[list[int]]) -> list[int]:
    ready = [index for index, count in enumerate(missing) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for child in followers[index]:
            missing[child] -= 1
            if missing[child] == 0:
                heappush(ready, child)
    return order


def _cycle(tasks: Sequence[T], parents: list[list[int]], done: set[int]) -> list[str]:
    """One cycle among the tasks that could not be ordered, first task repeated at the end."""
    current = next(index for index in range(len(tasks)) if index not in done)
    seen: list[int] = []
    while current not in seen:
        seen.append(current)
        current = next(parent for parent in parents[current] if parent not in done)
    ring = [*seen[seen.index(current) :], current]
    return [tasks[index].id for index in reversed(ring)]
