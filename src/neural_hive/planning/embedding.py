"""Machine text inside other machine text: a script in a manifest, a migration in a diff."""

from __future__ import annotations

from dataclasses import replace

from neural_hive.errors import InputError
from neural_hive.planning.machine import read_machine
from neural_hive.planning.place import Place
from neural_hive.planning.reading import Circumstances
from neural_hive.types import Action, Environment, Polarity, Task


def embedded(source: str, language: str, prefix: str, place: Place, *, polarity: Polarity | None = None) -> tuple[Task, ...]:
    """Tasks of an inner shell script or SQL text, named and placed by what holds them.

    Args:
        source: The inner text.
        language: "shell" or "sql".
        prefix: Put before the ids of the tasks.
        place: Where the holder is; it counts where the inner text is silent.
        polarity: Overrides that of all actions, for text that is stored but not run.

    Returns:
        The tasks; none when the inner text is blank or cannot be read.
    """
    if not source.strip():
        return ()
    circumstances = Circumstances(environment=place.environment, disposable=place.disposable)
    try:
        tasks = read_machine(source, language, circumstances).tasks
    except InputError:
        return ()
    return adopted(tasks, prefix, place, polarity=polarity)


def adopted(tasks: tuple[Task, ...], prefix: str, place: Place, *, polarity: Polarity | None = None) -> tuple[Task, ...]:
    """Tasks of an inner text under the name and in the place of what holds it."""
    return tuple(_under(task, prefix, place, polarity) for task in tasks)


def _under(task: Task, prefix: str, place: Place, polarity: Polarity | None) -> Task:
    name = f"{prefix}/{task.id}"
    return replace(
        task,
        id=name,
        dependencies=tuple(f"{prefix}/{parent}" for parent in task.dependencies),
        actions=tuple(_placed(action, name, place, polarity) for action in task.actions),
    )


def _placed(action: Action, name: str, place: Place, polarity: Polarity | None) -> Action:
    silent = action.environment is Environment.UNKNOWN
    return replace(
        action,
        task_id=name,
        environment=place.environment if silent else action.environment,
        disposable=action.disposable or place.disposable,
        polarity=polarity if polarity is not None and action.carried_out else action.polarity,
    )
