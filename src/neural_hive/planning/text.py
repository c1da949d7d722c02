"""A plan derived from the text alone: one task per action, in the order of execution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neural_hive.types import Action, Evidence, Safeguard, Task, Understanding


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of the text that became one task."""

    start: int
    end: int
    task_id: str


def derive(understanding: Understanding) -> tuple[Task, ...]:
    """The steps that a text states.

    Each task's description is the stretch of the masked text from its action to the next one, so
    that together the tasks hold the whole text. Text without an action is one task without actions.
    """
    text = understanding.masked_text
    if not understanding.actions:
        return (Task(id="t1", description=text.strip()),) if text.strip() else ()
    stretches = _stretches(text, understanding.actions)
    return tuple(
        _task(text, action, stretch, stretches, number)
        for number, (action, stretch) in enumerate(zip(understanding.actions, stretches, strict=True))
    )


def _stretches(text: str, actions: Sequence[Action]) -> list[_Stretch]:
    """One stretch per action, in the actions' order; surrounding blanks belong to none."""
    starts = sorted({action.start for action in actions})
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    found = []
    for number, action in enumerate(actions, start=1):
        start = 0 if action.start == starts[0] else action.start
        end = max(ends[action.start], action.end)
        stretch = text[start:end]
        start += len(stretch) - len(stretch.lstrip())
        found.append(_Stretch(start, start + len(stretch.strip()), f"t{number}"))
    return found


def _task(text: str, action: Action, own: _Stretch, stretches: Sequence[_Stretch], number: int) -> Task:
    moved = replace(
        action,
        task_id=own.task_id,
        start=action.start - own.start,
        end=action.end - own.start,
        safeguards=_moved(action.safeguards, stretches),
        late_safeguards=_moved(action.late_safeguards, stretches),
        denied=_moved(action.denied, stretches),
    )
    return Task(
        id=own.task_id,
        description=text[own.start : own.end],
        dependencies=(stretches[number - 1].task_id,) if number else (),
        actions=(moved,),
    )


def _moved(safeguards: Sequence[Safeguard], stretches: Sequence[_Stretch]) -> tuple[Safeguard, ...]:
    return tuple(replace(item, evidence=_placed(item.evidence, stretches)) for item in safeguards)


def _placed(evidence: Evidence | None, stretches: Sequence[_Stretch]) -> Evidence | None:
    """Evidence in the task whose stretch holds it; none when it lies between two."""
    if evidence is None:
        return None
    for stretch in stretches:
        if stretch.start <= evidence.start and evidence.end <= stretch.end:
            return replace(evidence, task_id=stretch.task_id, start=evidence.start - stretch.start, end=evidence.end - stretch.start)
    return None
