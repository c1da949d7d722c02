"""Reads a shell script by its structure: what it would really run, on what, and under which guards."""

from __future__ import annotations

from dataclasses import replace

from neural_hive.errors import PlanError
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.shell.effects import Effect
from neural_hive.planning.shell.flow import comments_of
from neural_hive.planning.shell.interpreter import Interpreter
from neural_hive.planning.shell.session import Session
from neural_hive.planning.shell.steps import Guarding, Step
from neural_hive.planning.shell.syntax import parse
from neural_hive.planning.surroundings import environment_in
from neural_hive.types import Action, Task, Trait

__all__ = ["read_shell"]

_LONGEST = 400  # characters of a statement kept as a task's description


def read_shell(source: str, circumstances: Circumstances) -> Reading:
    """Read a shell script.

    Args:
        source: The script, or one command line; any text is accepted.
        circumstances: What the intention and the caller say.

    Returns:
        One task per command or pipeline that would run, in order.

    Raises:
        PlanError: There is no command in it at all.
    """
    raw = source.encode("utf-8", "replace")
    comments = comments_of(parse(raw))
    session = Session(
        stated=circumstances.environment,
        environment=environment_in(f"{comments}\n{circumstances.text}"),
        disposable=circumstances.disposable,
        comments=comments,
        circumstances=circumstances,
    )
    interpreter = Interpreter(session)
    interpreter.run(raw)
    if not interpreter.steps:
        if not interpreter.silent:
            raise PlanError("error.shell_empty")
        interpreter.steps.append(
            Step(0, len(raw), (Effect(Action(operation="read", traits=(Trait.READ_ONLY,), sensitivity=0.05, blast=0.05)),))
        )
    return _reading(interpreter, raw)


def _reading(interpreter: Interpreter, raw: bytes) -> Reading:
    guarding = Guarding(interpreter.steps)
    tasks = tuple(_task(number, step, guarding.actions(number), raw) for number, step in enumerate(interpreter.steps))
    read = [min((action.certainty for action in task.actions), default=1.0) > 0.4 for task in tasks]
    total = len(read) + interpreter.unread
    return Reading(tasks=tasks, coverage=round(sum(read) / total, 4) if total else 1.0)


def _task(number: int, step: Step, actions: tuple[Action, ...], raw: bytes) -> Task:
    description = raw[step.start : step.end].decode("utf-8", "replace")[:_LONGEST]
    name = f"s{number + 1}"
    placed = tuple(replace(action, task_id=name, start=0, end=len(description), text=description) for action in actions)
    return Task(id=name, description=description, type="shell", dependencies=(f"s{number}",) if number else (), actions=placed)
