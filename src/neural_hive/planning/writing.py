"""A task's text and its actions, written together so that every span is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neural_hive.types import Action, Span, Task, Trait
from neural_hive.understanding.privacy import mask

MAX_LINE = 400


class Page:
    """The text of one task as it is written line by line; every line is masked before it is kept.

    Args:
        task_id: Id of the task to be.
        kind: Its type, for example "terraform.update".
    """

    def __init__(self, task_id: str, kind: str) -> None:
        self.task_id = task_id
        self.kind = kind
        self.actions: list[Action] = []
        self._lines: list[str] = []
        self._length = 0

    def write(self, line: str) -> Span:
        """Add a line and return its span in the text."""
        masked = mask(line[:MAX_LINE]).text
        start = self._length
        self._lines.append(masked)
        self._length += len(masked) + 1
        return start, start + len(masked)

    def act(self, line: str, *, traits: Iterable[Trait] = (), **fields: Any) -> None:
        """Add a line and an action that rests on it; `fields` are those of `Action`."""
        self.act_at(self.write(line), traits=traits, **fields)

    def act_at(self, span: Span, *, traits: Iterable[Trait] = (), **fields: Any) -> None:
        """Add an action that rests on a line already written."""
        start, end = span
        words = "\n".join(self._lines)[start:end]
        ordered = tuple(sorted(set(traits)))
        fields["target"] = mask(str(fields.get("target", ""))[:MAX_LINE]).text
        self.actions.append(Action(task_id=self.task_id, start=start, end=end, text=words.strip(), traits=ordered, **fields))

    def task(self, dependencies: tuple[str, ...] = ()) -> Task:
        """The finished task."""
        return Task(
            id=self.task_id,
            description="\n".join(self._lines),
            type=self.kind,
            dependencies=dependencies,
            actions=tuple(self.actions),
        )
