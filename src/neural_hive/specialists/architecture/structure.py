"""The plan as a graph: what comes too late, and what may run at the same time and must not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neural_hive.specialists.hazard import Reading
from neural_hive.types import Action, Plan, Trait

_RISKY = 0.15  # worst hazard from which an action's place in the plan matters
_LATE = 1.0
_PARALLEL = 0.6
_MOST_COMPARED = 40  # the worst acts, so that a plan of hundreds stays quick
_DISTURBING = (Trait.DESTRUCTIVE, Trait.MUTATING, Trait.INTERRUPTING, Trait.LOCKS_OUT)


def structure(plan: Plan, found: Sequence[Reading]) -> Mapping[str, tuple[float, Action]]:
    """The score of `plan_structure`: late protections and successors, and steps that may collide."""
    best: tuple[float, Action] | None = None
    for reading in found:
        if reading.worst < _RISKY:
            continue
        score = reading.worst * _LATE if _late(reading.action) else 0.0
        if score and (best is None or score > best[0]):
            best = (score, reading.action)
    collision = _collision(plan, found) if len(plan.tasks) > 1 else None
    if collision is not None and (best is None or collision[0] > best[0]):
        best = collision
    return {"plan_structure": best} if best is not None else {}


def _late(action: Action) -> bool:
    return bool(action.late_safeguards) or any(item.kind == "replacement" for item in action.denied)


def _collision(plan: Plan, found: Sequence[Reading]) -> tuple[float, Action] | None:
    """Two tasks on one object, neither waiting for the other, in a plan that states an order elsewhere."""
    if not any(task.dependencies for task in plan.tasks):
        return None
    before = _ancestors(plan)
    risky = sorted((reading for reading in found if _disturbing(reading)), key=lambda reading: -reading.worst)[:_MOST_COMPARED]
    best: tuple[float, Action] | None = None
    for index, first in enumerate(risky):
        for second in risky[index + 1 :]:
            if _apart(first.action, second.action, before):
                score = _PARALLEL * max(first.worst, second.worst)
                if best is None or score > best[0]:
                    best = (score, second.action)
    return best


def _disturbing(reading: Reading) -> bool:
    return reading.worst >= _RISKY and reading.action.object != "unknown" and reading.action.has(*_DISTURBING)


def _apart(first: Action, second: Action, before: Mapping[str, frozenset[str]]) -> bool:
    one, other = first.task_id, second.task_id
    if one == other or first.object != second.object:
        return False
    return one not in before.get(other, frozenset()) and other not in before.get(one, frozenset())


def _ancestors(plan: Plan) -> dict[str, frozenset[str]]:
    before: dict[str, frozenset[str]] = {}
    for task in plan.tasks:
        found = set(task.dependencies)
        for parent in task.dependencies:
            found |= before.get(parent, frozenset())
        before[task.id] = frozenset(found)
    return before
