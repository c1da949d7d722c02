"""From an intention and what was given to one validated DAG of tasks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from neural_hive.errors import LimitError, PlanError
from neural_hive.planning import text
from neural_hive.planning.dag import MAX_TASKS, arrange
from neural_hive.planning.detect import FORMATS, detect, structure
from neural_hive.planning.documents import load_json, load_yaml
from neural_hive.planning.framing import concerned_with, spoken_in
from neural_hive.planning.inheritance import circumstances_of, heightened, raised_by_title
from neural_hive.planning.machine import READERS, read_machine
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.tasks import MAX_DESCRIPTION, parse_tasks, read_given
from neural_hive.types import GivenPlan, GivenTask, Intent, Plan, SourcePlan, Understanding

__all__ = ["detect", "plan"]

MAX_SOURCE = 1 << 20


def plan(understanding: Understanding, intent: Intent, *, max_tasks: int = MAX_TASKS, max_source: int = MAX_SOURCE) -> Plan:
    """Make one validated plan of an intention and whatever plan came with it.

    Args:
        understanding: Of the intention's own text.
        intent: The intention; its plan may be tasks, a source in some notation, or none.
        max_tasks: Most tasks accepted.
        max_source: Most bytes of a source accepted.

    Raises:
        PlanError: No tasks, no valid graph, or a source that cannot be parsed.
        LimitError: Too many tasks, or a source that is too long, too deep or expands too much.
    """
    typed = None if intent.plan else _typed_in(understanding)
    if typed is not None:
        code = replace(understanding, actions=(), signals=())  # its words are read by the parser
        with suppress(PlanError):  # prose that begins like code is prose
            return _made(code, replace(intent, plan=typed), max_tasks, max_source)
    return _made(understanding, intent, max_tasks, max_source)


def _made(understanding: Understanding, intent: Intent, max_tasks: int, max_source: int) -> Plan:
    kind, given = _resolved(intent.plan, max_source)
    if isinstance(given, GivenPlan):
        understanding = replace(understanding, language=spoken_in(understanding, given))
    reading = _read(understanding, given, kind, circumstances_of(understanding, intent.context), max_tasks)
    tasks = arrange(reading.tasks, max_tasks=max_tasks + (1 if kind == "tasks" else 0))  # the title may add one
    tasks = heightened(tasks, intent.context.environment)
    return Plan(
        tasks=tasks,
        format=kind,
        language=understanding.language,
        domain=concerned_with(understanding, tasks, kind),
        title=understanding.masked_text,
        signals=tuple(dict.fromkeys((*understanding.signals, *reading.signals))),
        coverage=reading.coverage,
    )


def _typed_in(understanding: Understanding) -> SourcePlan | None:
    """Code in the place of words: "rm -rf /" typed as the intention is a script, not prose."""
    words = understanding.masked_text
    if understanding.language != "und" and not words.startswith("#!"):
        return None
    notation = detect(words)
    return SourcePlan(source=words, format=notation) if notation in READERS else None


def _resolved(given: GivenPlan | SourcePlan | None, max_source: int) -> tuple[str, GivenPlan | SourcePlan | None]:
    """The plan's format, and the plan itself; sources that hold tasks or prose are tasks from here on."""
    if given is None:
        return "text", None
    if isinstance(given, GivenPlan):
        return "tasks", given
    found = _format(given, max_source)
    return (found, given) if found in READERS else ("tasks", _as_tasks(given.source, found))


def _read(
    understanding: Understanding,
    given: GivenPlan | SourcePlan | None,
    kind: str,
    circumstances: Circumstances,
    max_tasks: int,
) -> Reading:
    """The steps, by the one reader that fits."""
    if given is None:
        return Reading(tasks=text.derive(understanding), coverage=understanding.coverage)
    if isinstance(given, GivenPlan):
        return read_given(given, understanding, circumstances, max_tasks=max_tasks)
    reading = read_machine(given.source, kind, circumstances)
    return replace(reading, tasks=raised_by_title(reading.tasks, understanding))


def _format(given: SourcePlan, max_source: int) -> str:
    """The format of a source: a reader's name, "json" or "yaml" for tasks, or "text"."""
    size = len(given.source.encode("utf-8", "replace"))
    if size > max_source:
        raise LimitError("error.source_too_long", size=size, limit=max_source)
    if not given.source.strip("\ufeff \t\r\n"):
        raise PlanError("error.empty_source")
    if given.format == "auto":
        return detect(given.source)
    if given.format not in FORMATS:
        raise PlanError("error.unknown_format", notation=given.format[:40], known=", ".join(("auto", *FORMATS)))
    return _within(given.source, given.format) if given.format in {"json", "yaml"} else given.format


def _within(source: str, notation: str) -> str:
    """What JSON or YAML holds: a plan of Terraform, manifests, or tasks."""
    if notation == "json":
        return {"terraform": "terraform", "kubernetes": "kubernetes"}.get(structure(load_json(source)), "json")
    kinds = {structure(document) for document in load_yaml(source)}
    return "kubernetes" if "kubernetes" in kinds else "terraform" if "terraform" in kinds else "yaml"


def _as_tasks(source: str, notation: str) -> GivenPlan:
    if notation == "text":
        if len(source) > MAX_DESCRIPTION:
            raise LimitError("error.source_too_long", size=len(source), limit=MAX_DESCRIPTION)
        return GivenPlan(tasks=(GivenTask(id="t1", description=source),))
    return parse_tasks(source, notation)
