"""Reads SQL statement by statement: what would change, how much of it, and under which guards."""

from __future__ import annotations

import re
from dataclasses import replace

from neural_hive.errors import PlanError
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.sql.actions import Setting
from neural_hive.planning.sql.driver import dialect_of
from neural_hive.planning.sql.guards import guards_of
from neural_hive.planning.sql.pieces import Piece, cut
from neural_hive.planning.sql.statements import actions_of, unread
from neural_hive.planning.surroundings import environment_in, environment_named, worst
from neural_hive.types import Action, Environment, Task, Trait

__all__ = ["read_sql"]

_LONGEST = 400  # characters of a statement kept as a task's description
_MAX_STATEMENTS = 600
_STARTS = re.compile(r"[A-Z\\(@]")
_CREATED = re.compile(
    r"CREATE\s+(?:GLOBAL\s+|LOCAL\s+)?(?:TEMP(?:ORARY)?\s+)?(?:UNLOGGED\s+)?(?:TABLE|SCHEMA|VIEW|DATABASE|INDEX|SEQUENCE)\s+(?:CONCURRENTLY\s+)?(?!IF\b)([\w.#\"`\[\]]+)"
)


def read_sql(source: str, circumstances: Circumstances) -> Reading:
    """Read an SQL script.

    Args:
        source: Statements in any common dialect; comments may name the environment.
        circumstances: What the intention and the caller say.

    Returns:
        One task per statement, in order.

    Raises:
        PlanError: There is no statement in it, or nothing of it looks like SQL.
    """
    pieces, comments = cut(source)
    pieces, rest = pieces[:_MAX_STATEMENTS], pieces[_MAX_STATEMENTS:]
    if not pieces:
        raise PlanError("error.sql_unparsable", detail="no statement")
    dialect = dialect_of("\n".join(piece.text for piece in pieces)[:4000])
    setting = Setting(environment=_environment(comments, circumstances), disposable=circumstances.disposable)
    guards = guards_of(pieces, comments, dialect)
    tasks: list[Task] = []
    made: set[str] = set()
    for at, piece in enumerate(pieces):
        setting = replace(_chosen(setting, piece), created=frozenset(made))
        actions = guards.apply(at, piece, actions_of(piece, dialect, setting), dialect)
        made.update(_made(piece))
        tasks.append(_task(at, source, piece, actions))
    if rest:
        tasks.append(_task(len(pieces), source, _whole(rest), [unread(_whole(rest), setting)]))
    if all(action.operation == "unknown" and not action.traits for task in tasks for action in task.actions):
        raise PlanError("error.sql_unparsable", detail=pieces[0].text[:40])
    return Reading(tasks=tuple(tasks), coverage=_coverage(tasks, len(pieces) + len(rest)))


def _environment(comments: tuple[str, ...], circumstances: Circumstances) -> Environment:
    stated = environment_in("\n".join((*comments, circumstances.text)))
    return worst(circumstances.environment, stated)


def _chosen(setting: Setting, piece: Piece) -> Setting:
    r"""`USE x`, `\connect x`: the statements that follow run there."""
    found = re.match(r"(?:USE|\\C|\\CONNECT)\s+(\S+)", piece.bare)
    chosen = environment_named(found.group(1)) if found else Environment.UNKNOWN
    return replace(setting, environment=worst(setting.environment, chosen)) if found else setting


def _made(piece: Piece) -> list[str]:
    found = _CREATED.match(piece.bare)
    names = [found.group(1)] if found else []
    names += re.findall(r"^SELECT\b.*?\bINTO\s+(#\w+)", piece.bare, re.DOTALL)
    return [name.strip('"`[]').lower() for name in names]


def _task(at: int, source: str, piece: Piece, actions: list[Action]) -> Task:
    description = source[piece.start : piece.end].strip()[:_LONGEST]
    name = f"s{at + 1}"
    placed = tuple(replace(action, task_id=name, start=0, end=len(description), text=description) for action in actions)
    return Task(id=name, description=description, type="sql", dependencies=(f"s{at}",) if at else (), actions=placed)


def _whole(rest: tuple[Piece, ...]) -> Piece:
    """The statements that are too many to be read, as one."""
    return Piece(rest[0].start, rest[-1].end, "", " ; ".join(piece.bare for piece in rest))


def _coverage(tasks: list[Task], statements: int) -> float:
    known = [
        task
        for task in tasks
        if min((action.certainty for action in task.actions), default=1.0) > 0.4
        or any(action.has(Trait.READ_ONLY) for action in task.actions)
    ]
    return round(len(known) / statements, 4)
