"""The ledger's SQLite file: one transaction per batch, proofs and look-ups from stored hashes.

Everything a batch changes (leaves, indexes, node hashes, content keys, the signed checkpoint) is
committed at once, so a crash leaves either all of it or nothing. `ledger/sqlite.py` adds threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from neural_hive.database import is_busy, write_ahead
from neural_hive.errors import ConflictError, HiveError, IntegrityError, LedgerError, NotFoundError
from neural_hive.ledger import merkle
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.leaf import Leaf, unseal
from neural_hive.ledger.signing import NoteVerifier, Signer
from neural_hive.types import Receipt

T = TypeVar("T")

SCHEMA_VERSION = 1
_LOCK_WAIT = 5.0

# `pulse` holds no knowledge: a durable write to it shows that the ledger can be written.
# The partial index serves the rarer schemas; decisions are found along the primary key.
_TABLES = f"""
CREATE TABLE IF NOT EXISTS leaves(
    leaf_index INTEGER PRIMARY KEY, record_id TEXT NOT NULL UNIQUE, schema TEXT NOT NULL,
    decision_id TEXT, verdict TEXT, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS leaves_by_verdict ON leaves(verdict) WHERE verdict IS NOT NULL;
CREATE INDEX IF NOT EXISTS leaves_by_decision ON leaves(decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS leaves_by_schema ON leaves(schema) WHERE schema <> 'decision/v1';
CREATE TABLE IF NOT EXISTS nodes(number INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints(number INTEGER PRIMARY KEY, tree_size INTEGER NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys(leaf_index INTEGER PRIMARY KEY, key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS pulse(id INTEGER PRIMARY KEY, beat INTEGER NOT NULL);
PRAGMA user_version = {SCHEMA_VERSION};
"""


class LedgerStore:
    """One connection to the ledger file; used by one thread at a time.

    Args:
        path: The database file; created with its tables when missing.
        signer: The ledger's key.

    Attributes:
        patience: Seconds that another process may hold the write lock.

    Raises:
        LedgerError: The file cannot be opened or written.
        IntegrityError: Its last checkpoint does not match the tree or the key.
    """

    def __init__(self, path: Path, signer: Signer) -> None:
        self.patience = _LOCK_WAIT
        self._path = path
        self._signer = signer
        self._database = self._connect()
        try:
            self._tree = self._checked_tree()
            self._inode = path.stat().st_ino
        except BaseException:
            self._database.close()
            raise

    def append(self, leaves: Sequence[Leaf], *, wait: bool = True) -> list[Receipt | HiveError]:
        """Commit a batch; for each leaf its receipt, or why that one was refused.

        Args:
            leaves: What to write.
            wait: Whether to wait, up to `patience`, while another process holds the write lock.

        Raises:
            LedgerError: Nothing of the batch was written; `is_locked` tells if only the lock was missing.
        """
        if wait:
            with self._transaction():
                return self._append(leaves)
        self._database.execute("PRAGMA busy_timeout = 0")
        try:
            with self._transaction():
                return self._append(leaves)
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {int(self.patience * 1000)}")

    def erase(self, record_id: str, erasure: Leaf) -> Receipt:
        """Destroy the key of a record's content and append the record of doing so, in one transaction.

        Raises:
            NotFoundError: No such record.
            ConflictError: It was erased before.
            LedgerError: Nothing was written; the content can still be read.
        """
        with self._transaction():
            index, _ = self._leaf(record_id)
            (outcome,) = self._append([erasure])
            if isinstance(outcome, HiveError):
                raise outcome
            self._database.execute("DELETE FROM keys WHERE leaf_index = ?", (index,))
        # Until the write-ahead log is reset it may still hold the page with the key.
        self._guarded(lambda: self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        return outcome

    def beat(self) -> None:
        """Prove that a durable write is possible now.

        Raises:
            LedgerError: It is not.
        """
        with self._transaction():
            self._database.execute("INSERT INTO pulse VALUES (1, 1) ON CONFLICT(id) DO UPDATE SET beat = beat + 1")

    def hold(self) -> None:
        """Take the write lock of the file that stands at the path, and write nothing; errors as of `beat`."""
        with self._transaction():
            pass

    def get(self, record_id: str) -> dict[str, Any]:
        """The record; see `Ledger.get`."""
        query = "SELECT l.body, k.key FROM leaves l LEFT JOIN keys k USING(leaf_index) WHERE l.record_id = ?"
        row = self._guarded(lambda: self._database.execute(query, (record_id,)).fetchone())
        if row is None:
            raise NotFoundError("error.ledger_no_record", id=record_id)
        return unseal(*row)

    def find(
        self, *, verdict: str | None, decision_id: str | None, schema: str, before: int | None, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        """Records, newest first; see `Ledger.find`."""
        where, values = _conditions(verdict, decision_id, schema, before)
        source = "SELECT l.leaf_index, l.body, k.key FROM leaves l LEFT JOIN keys k USING(leaf_index)"
        query = f"{source} WHERE {where} ORDER BY l.leaf_index DESC LIMIT ?"  # fixed fragments; every value is bound
        rows = self._guarded(lambda: self._database.execute(query, (*values, max(0, limit))).fetchall())
        return [(index, unseal(body, key)) for index, body, key in rows]

    def receipt(self, record_id: str) -> Receipt:
        """A receipt against the current head."""
        with self._snapshot():
            index, _ = self._leaf(record_id)
            return self._receipt(index, self._head(), self._hash)

    def consistency(self, since: int) -> tuple[str, ...]:
        """The consistency proof from a tree of `since` leaves to the current head, hex."""
        with self._snapshot():
            size = parse_checkpoint(self._head()).size
            if not 0 <= since <= size:
                raise NotFoundError("error.ledger_no_tree", since=since, size=size)
            return tuple(step.hex() for step in merkle.prove_consistency(since, size, self._hash))

    def head(self) -> str:
        """The newest signed checkpoint."""
        return self._guarded(self._head)

    def holds(self, note: str) -> bool:
        """Whether this signed checkpoint is one of the log's."""
        query = "SELECT 1 FROM checkpoints WHERE number = ? AND note = ?"
        return self._guarded(lambda: self._database.execute(query, (parse_checkpoint(note).number, note)).fetchone()) is not None

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _connect(self) -> sqlite3.Connection:
        def connect() -> sqlite3.Connection:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=_LOCK_WAIT, isolation_level=None, check_same_thread=False)
            write_ahead(database)
            for pragma in ("synchronous = FULL", "secure_delete = ON", "cache_size = -8000"):
                database.execute(f"PRAGMA {pragma}")
            if database.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
                database.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
            return database

        return self._guarded(connect, "error.ledger_unwritable")

    def _checked_tree(self) -> merkle.Tree:
        """Load the tree's edge and hold it against the last checkpoint; O(log n)."""
        with self._transaction(reload=False):
            size = self._size()
            if size == 0 and self._database.execute("SELECT 1 FROM checkpoints").fetchone() is None:
                self._save_checkpoint(0, merkle.EMPTY_ROOT)
            tree = merkle.load_tree(size, self._hash)
            self._check(tree)
        return tree

    def _check(self, tree: merkle.Tree) -> None:
        try:
            signed = NoteVerifier(self._signer.public_key).open(self._head())
        except ValueError as error:
            raise IntegrityError("error.ledger_tampered", finding=f"checkpoints/{tree.size}: {error}") from error
        if (signed.size, signed.root) != (tree.size, tree.root()):
            raise IntegrityError("error.ledger_tampered", finding=f"checkpoints/{signed.size} != leaves {tree.size}")
        stored = self._database.execute("SELECT coalesce(max(number) + 1, 0) FROM nodes").fetchone()[0]
        if stored != merkle.stored_count(tree.size):
            raise IntegrityError("error.ledger_tampered", finding=f"nodes/{stored}")
        last = self._database.execute("SELECT body FROM leaves WHERE leaf_index = ?", (tree.size - 1,)).fetchone()
        if last and not _is_body(last[0], self._hash(merkle.stored_index(0, tree.size - 1))):
            raise IntegrityError("error.ledger_tampered", finding=f"leaves/{tree.size - 1}")

    def _append(self, leaves: Sequence[Leaf]) -> list[Receipt | HiveError]:
        tree, fresh = self._tree.copy(), _edge(self._tree)
        first = tree.size
        refused = self._refused(leaves)
        taken = [leaf for position, leaf in enumerate(leaves) if position not in refused]
        if not taken:
            return [refused[position] for position in range(len(leaves))]
        for leaf in taken:
            number = merkle.stored_count(tree.size)
            fresh.update(enumerate(tree.append(merkle.leaf_hash(leaf.body)), number))
        self._insert(first, taken, fresh)
        note = self._save_checkpoint(tree.size, tree.root())
        self._tree = tree
        receipts = iter([self._receipt(first + offset, note, fresh.__getitem__) for offset in range(len(taken))])
        return [refused[position] if position in refused else next(receipts) for position in range(len(leaves))]

    def _refused(self, leaves: Sequence[Leaf]) -> dict[int, HiveError]:
        seen: set[str] = set()
        refused: dict[int, HiveError] = {}
        for position, leaf in enumerate(leaves):
            known = leaf.id in seen or self._database.execute("SELECT 1 FROM leaves WHERE record_id = ?", (leaf.id,)).fetchone()
            if known:
                refused[position] = ConflictError("error.ledger_duplicate", id=leaf.id)
            seen.add(leaf.id)
        return refused

    def _insert(self, first: int, leaves: Sequence[Leaf], fresh: dict[int, bytes]) -> None:
        rows = [(first + offset, x.id, x.schema, x.decision_id, x.verdict, x.body) for offset, x in enumerate(leaves)]
        keys = [(first + offset, x.key) for offset, x in enumerate(leaves) if x.key is not None]
        nodes = [(number, value) for number, value in fresh.items() if number >= merkle.stored_count(first)]
        self._database.executemany("INSERT INTO leaves VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._database.executemany("INSERT INTO nodes VALUES (?, ?)", nodes)
        if keys:
            self._database.executemany("INSERT INTO keys VALUES (?, ?)", keys)

    def _save_checkpoint(self, size: int, root: bytes) -> str:
        number = self._database.execute("SELECT coalesce(max(number) + 1, 0) FROM checkpoints").fetchone()[0]
        note = self._signer.sign(size, root, number)
        self._database.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (number, size, note))
        return note

    def _receipt(self, index: int, note: str, read: merkle.Read) -> Receipt:
        head = parse_checkpoint(note)
        return Receipt(
            leaf_index=index,
            leaf_hash=read(merkle.stored_index(0, index)).hex(),
            tree_size=head.size,
            root_hash=head.root.hex(),
            inclusion=tuple(step.hex() for step in merkle.prove_inclusion(index, head.size, read)),
            checkpoint=note,
        )

    def _leaf(self, record_id: str) -> tuple[int, bytes]:
        row = self._database.execute("SELECT leaf_index, body FROM leaves WHERE record_id = ?", (record_id,)).fetchone()
        if row is None:
            raise NotFoundError("error.ledger_no_record", id=record_id)
        return row[0], row[1]

    def _hash(self, number: int) -> bytes:
        row = self._database.execute("SELECT hash FROM nodes WHERE number = ?", (number,)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise IntegrityError("error.ledger_tampered", finding=f"nodes/{number}")
        return row[0]

    def _head(self) -> str:
        row = self._database.execute("SELECT note FROM checkpoints ORDER BY number DESC LIMIT 1").fetchone()
        if row is None:
            raise IntegrityError("error.ledger_tampered", finding="checkpoints")
        return str(row[0])

    def _size(self) -> int:
        return int(self._database.execute("SELECT coalesce(max(leaf_index) + 1, 0) FROM leaves").fetchone()[0])

    @contextmanager
    def _transaction(self, *, reload: bool = True) -> Iterator[None]:
        """Hold the write lock; commit at the end, or leave nothing behind."""
        before = self._tree if reload else None
        try:
            if reload:
                self._same_file()
            self._database.execute("BEGIN IMMEDIATE")
            if reload and self._size() != self._tree.size:
                # Another process has appended.
                self._tree = merkle.load_tree(self._size(), self._hash)
                self._check(self._tree)
            yield
            self._database.execute("COMMIT")
        except BaseException as error:
            if before is not None:
                self._tree = before
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            if isinstance(error, (sqlite3.Error, OSError)):
                raise LedgerError("error.ledger_unwritable", reason=str(error), path=str(self._path)) from error
            raise

    def _same_file(self) -> None:
        # SQLite would go on writing into a file that was deleted or moved away, and the records be lost.
        if self._path.stat().st_ino != self._inode:
            raise OSError("the file was replaced")

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Read one state throughout."""
        self._guarded(lambda: self._database.execute("BEGIN"))
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError("error.ledger_unreadable", reason=str(error), path=str(self._path)) from error
        finally:
            self._database.execute("ROLLBACK")

    def _guarded(self, action: Callable[[], T], key: str = "error.ledger_unreadable") -> T:
        try:
            return action()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(key, reason=str(error), path=str(self._path)) from error


def is_locked(error: LedgerError) -> bool:
    """Whether nothing but another process's write lock stood in the way."""
    return is_busy(error.__cause__)


def _is_body(body: object, leaf: bytes) -> bool:
    return isinstance(body, bytes) and merkle.leaf_hash(body) == leaf


def _edge(tree: merkle.Tree) -> dict[int, bytes]:
    """The tree's edge by number: all that a proof about the newest leaves reads besides new hashes."""
    edge, low = {}, 0
    for level, peak in zip(reversed([bit for bit in range(tree.size.bit_length()) if tree.size >> bit & 1]), tree.peaks, strict=True):
        edge[merkle.stored_index(level, low >> level)] = peak
        low += 1 << level
    return edge


def _conditions(verdict: str | None, decision_id: str | None, schema: str, before: int | None) -> tuple[str, list[Any]]:
    """The WHERE of `find` and its values."""
    decisions = schema == "decision/v1"
    asked = {
        "l.schema = ?": schema,
        "l.verdict = ?": verdict,
        "l.record_id = ?" if decisions else "l.decision_id = ?": decision_id,
        "l.leaf_index < ?": before,
    }
    given = {clause: value for clause, value in asked.items() if value is not None}
    # Said in so many words, or the partial index by schema is not used; a decision's own index is better.
    others = [] if decisions or decision_id is not None else ["l.schema <> 'decision/v1'"]
    return " AND ".join([*given, *others]), list(given.values())
