"""The embedded graph: past decisions in SQLite, found by the shape of their plans.

Decisions with the same features share one shape, so the search weighs a few dozen shapes however
many decisions there are. Writing happens in a background thread, in batches; what a crash loses is
restored from the ledger by `restore`.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

import msgspec

from neural_hive.database import write_ahead
from neural_hive.errors import NotFoundError, UnavailableError
from neural_hive.graph.ranking import SHAPES, SHAPES_PER_CLUE, Rank, Remembered, clues, precedents, ranks, share, title_of
from neural_hive.graph.shape import shape_of
from neural_hive.types import Decision, Plan, Precedent

_log = logging.getLogger(__name__)

_WAITING = 1024
_GATHER = 0.2  # seconds in which writes gather into one transaction

_TABLES = """
CREATE TABLE IF NOT EXISTS shapes(shape INTEGER PRIMARY KEY, features TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS features(feature TEXT, shape INTEGER, PRIMARY KEY(feature, shape)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decisions(
    decision_id TEXT PRIMARY KEY, created_at TEXT NOT NULL, title TEXT NOT NULL, verdict TEXT NOT NULL,
    shape INTEGER, lineage BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS decisions_by_shape ON decisions(shape, created_at);
CREATE TABLE IF NOT EXISTS outcomes(
    decision_id TEXT, id TEXT, outcome BLOB NOT NULL, PRIMARY KEY(decision_id, id)) WITHOUT ROWID;
"""

_NEWEST = """
SELECT decision_id, created_at, title, verdict FROM decisions WHERE shape = ? ORDER BY created_at DESC, decision_id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class _Outcome:
    decision_id: str
    outcome: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Forgotten:
    decision_id: str


_Entry = Decision | _Outcome | _Forgotten | Event


class SqliteGraph:
    """A `Graph` on one SQLite file; open it with `open_sqlite_graph`."""

    def __init__(self, path: Path) -> None:
        self._reader = _connect(path)
        self._waiting: Queue[_Entry | None] = Queue(_WAITING)
        self._hurry = Event()
        self._patience = asyncio.Lock()
        self._writer = _connect(path)
        self._thread = Thread(target=self._write, name="graph-writer", daemon=True)
        self._thread.start()

    async def remember(self, decision: Decision) -> None:
        """Queue a decision; waits only while a thousand others are waiting. See `Graph.remember`."""
        await self._queue(decision)

    async def remember_outcome(self, decision_id: str, outcome: dict[str, Any]) -> None:
        """Queue what came of a decision; see `Graph.remember_outcome`."""
        await self._queue(_Outcome(decision_id, outcome))

    async def forget(self, decision_id: str) -> None:
        """Remove a decision and its outcomes from the file; see `Graph.forget`."""
        await self._queue(_Forgotten(decision_id))
        await self.flush()

    async def similar(self, plan: Plan, *, limit: int = 3) -> Sequence[Precedent]:
        """The most alike past decisions, ordered as `ranking` says; see `Graph.similar`.

        Runs on the event loop's thread: it takes a fraction of a millisecond, less than handing over.

        Raises:
            UnavailableError: The file cannot be read.
        """
        shape = shape_of(plan)
        if not shape or limit < 1:
            return ()
        try:
            return self._precedents(plan, shape, limit)
        except sqlite3.Error as error:
            raise UnavailableError("error.graph_unavailable", reason=str(error)) from error

    async def lineage(self, decision_id: str) -> dict[str, Any]:
        """Intent, plan, actions, decision and outcomes; see `Graph.lineage`.

        Raises:
            NotFoundError: No such decision.
            UnavailableError: The file cannot be read.
        """
        await self.flush()
        try:
            row = self._reader.execute("SELECT lineage FROM decisions WHERE decision_id = ?", (decision_id,)).fetchone()
            outcomes = self._reader.execute("SELECT outcome FROM outcomes WHERE decision_id = ? ORDER BY id", (decision_id,)).fetchall()
        except sqlite3.Error as error:
            raise UnavailableError("error.graph_unavailable", reason=str(error)) from error
        if row is None:
            raise NotFoundError("error.graph_no_decision", id=decision_id)
        found: dict[str, Any] = msgspec.json.decode(row[0])
        return found | {"outcomes": [msgspec.json.decode(outcome) for (outcome,) in outcomes]}

    async def flush(self) -> None:
        """Return when everything queued before has been written."""
        written = Event()
        await self._queue(written)
        self._hurry.set()
        await asyncio.to_thread(written.wait)

    async def close(self) -> None:
        """Write what waits, then close."""
        await asyncio.to_thread(self._waiting.put, None)
        self._hurry.set()
        await asyncio.to_thread(self._thread.join)
        self._reader.close()
        self._writer.close()

    async def _queue(self, entry: _Entry) -> None:
        try:
            self._waiting.put_nowait(entry)
        except Full:
            async with self._patience:  # one waits in a thread, the others here: threads are few
                await asyncio.to_thread(self._waiting.put, entry)

    def _precedents(self, plan: Plan, shape: tuple[str, ...], limit: int) -> tuple[Precedent, ...]:
        found: list[Precedent] = []
        ranked = ranks(shape, self._shapes(shape))
        for rank in ranked:
            found += precedents(plan, rank, self._remembered(rank, share(ranked, limit)))
            if len(found) >= limit:
                break
        return tuple(found[:limit])

    def _remembered(self, rank: Rank, newest: int) -> Iterator[Remembered]:
        for number in rank.shapes:
            for row in self._reader.execute(_NEWEST, (number, newest)):
                yield Remembered(*row)

    def _shapes(self, shape: tuple[str, ...]) -> dict[int, list[str]]:
        """Candidate shapes and their features: the same one, then the newest that share an act, then a part of one."""
        numbers: dict[int, None] = {}
        same = self._reader.execute("SELECT shape FROM shapes WHERE features = ?", ("\n".join(shape),)).fetchone()
        if same is not None:
            numbers[same[0]] = None
        query = "SELECT shape FROM features WHERE feature = ? ORDER BY shape DESC LIMIT ?"
        for clue in clues(shape):
            if len(numbers) < SHAPES:
                numbers.update((number, None) for (number,) in self._reader.execute(query, (clue, SHAPES_PER_CLUE)))
        chosen = list(numbers)[:SHAPES]
        places = ",".join("?" * len(chosen))
        rows = self._reader.execute(f"SELECT shape, features FROM shapes WHERE shape IN ({places})", chosen)  # noqa: S608 -- only placeholders are inserted
        return {number: features.split("\n") for number, features in rows}

    def _write(self) -> None:
        """The writer thread: let entries gather for a moment, then store them in one transaction."""
        last = False
        while not last:
            entries = [self._waiting.get()]
            if not isinstance(entries[0], Event) and entries[0] is not None:
                self._hurry.wait(_GATHER)
            self._hurry.clear()
            with suppress(Empty):
                while True:
                    entries.append(self._waiting.get_nowait())
            last = None in entries
            self._store([entry for entry in entries if entry is not None])

    def _store(self, entries: list[_Entry]) -> None:
        try:
            with self._writer:
                for entry in entries:
                    _apply(self._writer, entry)
            if any(isinstance(entry, _Forgotten) for entry in entries):
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (sqlite3.Error, TypeError, ValueError):
            if len(entries) > 1:  # so that one bad entry takes no others with it
                for entry in entries:
                    self._store([entry])
                return
            _log.warning("the graph could not store an entry", exc_info=True)
        for entry in entries:
            if isinstance(entry, Event):
                entry.set()


@asynccontextmanager
async def open_sqlite_graph(url: str | Path) -> AsyncIterator[SqliteGraph]:
    """Open the graph in a file, creating it when there is none.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, or a path.

    Raises:
        UnavailableError: It cannot be opened; it may be deleted and rebuilt from the ledger.
    """
    try:
        graph = await asyncio.to_thread(SqliteGraph, _graph_path(url))
    except (sqlite3.Error, OSError) as error:
        raise UnavailableError("error.graph_unavailable", reason=str(error)) from error
    try:
        yield graph
    finally:
        await graph.close()


def _graph_path(url: str | Path) -> Path:
    return Path(str(url).removeprefix("sqlite:///")).expanduser()


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    write_ahead(database)
    for pragma in ("synchronous = NORMAL", "secure_delete = ON", "cache_size = -4000"):
        database.execute(f"PRAGMA {pragma}")
    database.executescript(_TABLES)
    return database


def _apply(database: sqlite3.Connection, entry: _Entry) -> None:
    if isinstance(entry, Decision):
        _add(database, entry)
    elif isinstance(entry, _Outcome):
        row = (entry.decision_id, str(entry.outcome["id"]), msgspec.json.encode(entry.outcome))
        database.execute("INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?)", row)
    elif isinstance(entry, _Forgotten):
        database.execute("DELETE FROM decisions WHERE decision_id = ?", (entry.decision_id,))
        database.execute("DELETE FROM outcomes WHERE decision_id = ?", (entry.decision_id,))


def _add(database: sqlite3.Connection, decision: Decision) -> None:
    number = _shape_number(database, shape_of(decision.plan))
    row = (
        decision.decision_id,
        decision.created_at,
        title_of(decision.plan),
        decision.verdict.value,
        number,
        msgspec.json.encode(_lineage(decision)),
    )
    database.execute("INSERT OR IGNORE INTO decisions VALUES (?, ?, ?, ?, ?, ?)", row)


def _shape_number(database: sqlite3.Connection, shape: tuple[str, ...]) -> int | None:
    if not shape:
        return None
    known = database.execute("SELECT shape FROM shapes WHERE features = ?", ("\n".join(shape),)).fetchone()
    if known is not None:
        return int(known[0])
    number = database.execute("INSERT INTO shapes(features) VALUES (?)", ("\n".join(shape),)).lastrowid
    database.executemany("INSERT INTO features VALUES (?, ?)", [(feature, number) for feature in shape])
    return number


def _lineage(decision: Decision) -> dict[str, Any]:
    plan = decision.plan
    tasks = [{"id": task.id, "description": task.description, "dependencies": task.dependencies} for task in plan.tasks]
    return {
        "intent": {"intent_id": decision.intent_id, "title": plan.title, "language": plan.language, "domain": plan.domain},
        "plan": {"format": plan.format, "tasks": tasks},
        "actions": plan.actions,
        "decision": {
            "decision_id": decision.decision_id,
            "created_at": decision.created_at,
            "verdict": decision.verdict,
            "harm_probability": decision.harm_probability,
            "precedents": [precedent.decision_id for precedent in decision.precedents],
        },
    }
