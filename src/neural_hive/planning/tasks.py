"""Tasks as a person or a program wrote them: JSON or YAML in, understood tasks out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec

from neural_hive.errors import InputError, LimitError, PlanError
from neural_hive.planning.dag import MAX_TASKS, arrange
from neural_hive.planning.detect import looks_like_shell, looks_like_sql
from neural_hive.planning.documents import load_json, load_yaml, mapping
from neural_hive.planning.inheritance import inherited, unperformed
from neural_hive.planning.machine import read_machine
from neural_hive.planning.protection import protect
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.types import Action, GivenPlan, GivenTask, Language, Polarity, Signal, Task, Understanding
from neural_hive.understanding.actions import read
from neural_hive.understanding.privacy import mask

MAX_DESCRIPTION = 10_000
TITLE_TASK = "intent"
_ALIASES = {
    "depends_on": "dependencies", "dependsOn": "dependencies", "depends": "dependencies", "needs": "dependencies",
    "dependencias": "dependencies", "dependências": "dependencies", "descricao": "description", "descrição": "description",
    "title": "description", "name": "description", "tipo": "type", "kind": "type", "params": "parameters", "parametros": "parameters",
    "parâmetros": "parameters", "duracao": "duration", "duração": "duration", "duration_minutes": "duration",
    "durationMinutes": "duration", "task_id": "id", "taskId": "id",
}  # fmt: skip
_MACHINE_TYPES = {"sql": "sql", "query": "sql", "shell": "shell", "command": "shell", "bash": "shell", "script": "shell", "cmd": "shell"}
_MACHINE_PARAMETERS = {
    "sql": "sql", "query": "sql", "statement": "sql", "statements": "sql", "command": "shell", "commands": "shell", "cmd": "shell",
    "script": "shell", "shell": "shell", "run": "shell", "bash": "shell", "comando": "shell",
}  # fmt: skip
_QUOTED = re.compile(r"```(?:\w+\n)?(.+?)```|`([^`\n]{4,400})`", re.DOTALL)


class _Task(msgspec.Struct, kw_only=True):
    """The shape of a task in JSON or YAML."""

    id: str | int
    description: str
    type: str | None = None
    dependencies: list[str | int] | str | int | None = None
    duration: float | None = None
    parameters: dict[str, Any] | None = None


def parse_tasks(source: str, notation: str) -> GivenPlan:
    """Tasks from JSON or YAML: `{tasks: [...]}`, `{plan: {tasks: [...]}}` or a bare list.

    Args:
        source: The text.
        notation: "json" or "yaml".

    Raises:
        PlanError: It cannot be parsed, or a task lacks its id or description.
        LimitError: It is nested too deeply, or its aliases expand to too much.
    """
    if notation == "json":
        value = load_json(source)
    else:
        documents = load_yaml(source)
        value = documents[0] if documents else None
    return given_tasks(value)


def given_tasks(value: Any) -> GivenPlan:
    """Tasks from a loaded value; spellings such as `dependsOn` and `depends_on` mean `dependencies`.

    Raises:
        PlanError: The value does not have the shape of a task list.
    """
    found = value if isinstance(value, list) else mapping(value).get("tasks", mapping(mapping(value).get("plan")).get("tasks"))
    if not isinstance(found, list):
        raise PlanError("error.source_tasks", reason="tasks")
    return GivenPlan(tasks=tuple(_given(item, place) for place, item in enumerate(found, 1)))


def _given(item: Any, place: int) -> GivenTask:
    table = dict(mapping(item))
    for alias, name in _ALIASES.items():
        if alias in table and table.get(name) is None:
            table[name] = table[alias]
    try:
        task = msgspec.convert({name: table[name] for name in _Task.__struct_fields__ if name in table}, _Task)
    except msgspec.ValidationError as error:
        raise PlanError("error.source_tasks", reason=f"#{place}: {error}"[:200]) from error
    wanted = task.dependencies if isinstance(task.dependencies, list) else [] if task.dependencies in (None, "") else [task.dependencies]
    return GivenTask(
        id=str(task.id),
        description=task.description,
        type=task.type or "",
        dependencies=tuple(dict.fromkeys(str(name) for name in wanted)),
        duration=task.duration,
        parameters=task.parameters or {},
    )


def read_given(plan: GivenPlan, understanding: Understanding, circumstances: Circumstances, *, max_tasks: int = MAX_TASKS) -> Reading:
    """Understand tasks that were given, under a title that sums them up.

    The title lends its environment, scope and denied protections; what it threatens and no task
    does becomes a last task of its own.

    Raises:
        PlanError: The tasks are no directed acyclic graph.
        LimitError: Too many tasks, or a description that is too long.
    """
    ordered = arrange(plan.tasks, max_tasks=max_tasks)
    known = {task.id: mask(task.id).text for task in ordered}
    readings = [_understood(task, known, understanding.language, circumstances) for task in ordered]
    tasks = protect(inherited([reading.tasks[0] for reading in readings], understanding))
    coverage = sum(reading.coverage for reading in readings) / len(readings)
    signals = tuple(signal for reading in readings for signal in reading.signals)
    extra = unperformed(tasks, understanding)
    if extra:
        tasks = (*tasks, _title_task(understanding, extra, tasks))
    return Reading(tasks=tasks, coverage=coverage, signals=signals)


def _understood(given: GivenTask, known: dict[str, str], language: Language, circumstances: Circumstances) -> Reading:
    """One task, read as words, as machine text, or as both."""
    if len(given.description) > MAX_DESCRIPTION:
        raise LimitError("error.description_too_long", task=known[given.id], size=len(given.description), limit=MAX_DESCRIPTION)
    name = known[given.id]
    task = Task(
        id=name,
        description=mask(given.description).text,
        type=mask(given.type).text,
        dependencies=tuple(known[parent] for parent in given.dependencies),
        duration=given.duration,
    )
    own = _machine_format(given)
    if own:
        read_as = _run(given.description, own, circumstances)
        if read_as is not None:
            return _joined(replace(task, description=""), [read_as])
    words = read(task.description, language, task_id=name)
    reading = Reading(tasks=(replace(task, actions=_in_order(words)),), coverage=words.coverage, signals=words.signals)
    return _with_machine_parts(reading, given, circumstances)


def _in_order(words: Any) -> tuple[Action, ...]:
    order = getattr(words, "order", ())
    if len(order) != len(words.actions):
        return tuple(words.actions)
    return tuple(action for _, _, action in sorted(zip(order, range(len(order)), words.actions, strict=True), key=lambda item: item[:2]))


def _machine_format(given: GivenTask) -> str:
    text = given.description.strip()
    declared = _MACHINE_TYPES.get(given.type.strip().lower(), "")
    if declared != "shell" and looks_like_sql(text):
        return "sql"
    if looks_like_shell(text):
        return "shell"
    return ""


def _run(source: str, notation: str, circumstances: Circumstances) -> Reading | None:
    try:
        return read_machine(source, notation, circumstances)
    except InputError:
        return None


def _with_machine_parts(reading: Reading, given: GivenTask, circumstances: Circumstances) -> Reading:
    """Adds what parameters and quoted code would run; quoted code shares the fate of the words around it."""
    task = reading.tasks[0]
    parts = [_run(text, notation, circumstances) for text, notation in _parameters(given.parameters)]
    spoken = task.actions
    told = spoken[0].polarity if spoken and not any(action.carried_out for action in spoken) else None
    for match in _QUOTED.finditer(given.description):
        code = (match[1] or match[2]).strip()
        notation = "sql" if looks_like_sql(code) else "shell" if looks_like_shell(code) else ""
        if notation:
            parts.append(_told(_run(code, notation, circumstances), told))
    found = [part for part in parts if part is not None]
    if not found:
        return reading
    joined = _joined(task, found)
    return replace(joined, signals=(*reading.signals, *joined.signals), coverage=min(joined.coverage, max(reading.coverage, 0.5)))


def _told(reading: Reading | None, polarity: Polarity | None) -> Reading | None:
    if reading is None or polarity is None:
        return reading
    tasks = tuple(replace(task, actions=tuple(replace(action, polarity=polarity) for action in task.actions)) for task in reading.tasks)
    return replace(reading, tasks=tasks)


def _parameters(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name, value in parameters.items():
        notation = _MACHINE_PARAMETERS.get(str(name).lower(), "")
        text = "\n".join(map(str, value)) if isinstance(value, list) else value
        if notation and isinstance(text, str) and text.strip():
            found.append((text, "sql" if looks_like_sql(text) else notation))
    return found


def _joined(task: Task, parts: list[Reading]) -> Reading:
    """One task with its own text followed by that of every inner step, all spans moved along."""
    text, actions, signals = task.description, list(task.actions), list[Signal]()
    for part in parts:
        for inner in part.tasks:
            offset = len(text) + 1 if text else 0
            text = f"{text}\n{inner.description}" if text else inner.description
            actions += [replace(action, task_id=task.id, start=action.start + offset, end=action.end + offset) for action in inner.actions]
        signals += part.signals
    coverage = min(part.coverage for part in parts)
    return Reading(tasks=(replace(task, description=text, actions=tuple(actions)),), coverage=coverage, signals=tuple(signals))


def _title_task(understanding: Understanding, actions: tuple[Action, ...], tasks: tuple[Task, ...]) -> Task:
    taken = {task.id for task in tasks}
    name = next(name for name in (TITLE_TASK, *(f"{TITLE_TASK}-{number}" for number in range(2, 1_000))) if name not in taken)
    return Task(
        id=name,
        description=understanding.masked_text,
        type=TITLE_TASK,
        dependencies=tuple(task.id for task in tasks),
        actions=tuple(replace(action, task_id=name) for action in actions),
    )
