"""The auditor: is this ledger, byte for byte, what was written and signed?

Reads every row once, in order, and recomputes everything: leaf hashes, tree nodes, the root at each
checkpoint (so each checkpoint is consistent with all later ones, being a root over a prefix of the
same leaves), signatures, indexes, and the seals of the contents.

What no ledger can show about itself is that it was set back, whole, to an earlier signed state, or
replaced together with its key. For that, give the public key and a checkpoint that were kept
elsewhere (a receipt holds one).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from neural_hive.errors import IntegrityError, LedgerError
from neural_hive.ledger import merkle
from neural_hive.ledger.address import DEADLINE, is_mongo, needing_mongo
from neural_hive.ledger.checkpoint import Checkpoint
from neural_hive.ledger.leaf import unseal
from neural_hive.ledger.signing import NoteVerifier
from neural_hive.ledger.sqlite import ledger_path, public_key_of, published_key
from neural_hive.messages import text
from neural_hive.types import Receipt

MAX_FINDINGS = 50
_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written.

    Attributes:
        name: What is wrong; worded by the catalogue under `ledger.finding.<name>`.
        where: Table and row, for example "leaves/17".
    """

    name: str
    where: str

    def render(self, language: str) -> str:
        """The finding in "pt" or "en"."""
        return text(f"ledger.finding.{self.name}", language, where=self.where)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What the auditor saw: how much, up to which root, and at most `MAX_FINDINGS` findings."""

    leaves: int
    checkpoints: int
    erased: int
    root: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Rows:
    """A ledger's rows, each table in the order of its primary key.

    Attributes:
        leaves: (leaf_index, record_id, schema, decision_id, verdict, body).
        nodes: (number, hash).
        checkpoints: (number, tree_size, note).
        keys: (leaf_index, key).
    """

    leaves: Iterable[tuple[Any, ...]]
    nodes: Iterable[tuple[Any, ...]]
    checkpoints: Iterable[tuple[Any, ...]]
    keys: Iterable[tuple[Any, ...]]


def verify(
    url: str | Path, *, public_key: str | None = None, anchor: str | None = None, key_file: Path | None = None, deadline: float = DEADLINE
) -> VerificationReport:
    """Audit a ledger, a file or one in MongoDB; it may be in use.

    Args:
        url: As for `open_sqlite_ledger` or `open_mongo_ledger`.
        public_key: The verifier key to trust; by default the one kept beside the ledger or its key.
        anchor: A checkpoint obtained earlier, which this ledger must still contain.
        key_file: The private key's file, if it is not the one beside a ledger file.
        deadline: Seconds that a server has to answer.

    Raises:
        LedgerError: There is no such ledger or no public key.
        ValueError: `public_key` is not a verifier key.
    """
    if is_mongo(url):
        trusted = NoteVerifier(public_key or published_key(key_file or Path("ledger.key")))
        with needing_mongo():
            from neural_hive.ledger.mongo_audit import verify_log
        return verify_log(str(url), trusted, anchor, deadline)
    path = ledger_path(url)
    if not path.is_file():
        raise LedgerError("error.ledger_absent", path=str(path))
    trusted = NoteVerifier(public_key or public_key_of(path))
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        return _verify_database(database, trusted, anchor)
    except sqlite3.Error:
        return VerificationReport(0, 0, 0, "", (Finding("unreadable", str(path)),))
    finally:
        database.close()


def verify_receipt(receipt: Receipt, public_key: str) -> bool:
    """Whether a receipt proves that its leaf is in the log of this key; needs no ledger.

    Raises:
        ValueError: `public_key` is not a verifier key.
    """
    trusted = NoteVerifier(public_key)
    try:
        signed = trusted.open(receipt.checkpoint)
        leaf, path = bytes.fromhex(receipt.leaf_hash), [bytes.fromhex(step) for step in receipt.inclusion]
    except ValueError:
        return False
    stated = (signed.size, signed.root.hex()) == (receipt.tree_size, receipt.root_hash)
    return stated and merkle.verify_inclusion(leaf, receipt.leaf_index, signed.size, path, signed.root)


def audit(rows: Rows, open_note: Callable[[str], Checkpoint], anchor: str | None = None) -> VerificationReport:
    """Audit rows from wherever they come.

    Args:
        rows: The rows of the four tables.
        open_note: Checks a signed checkpoint and reads it; raises ValueError when it is not genuine.
        anchor: As for `verify`.
    """
    audited = _Audit(rows, open_note)
    findings = tuple(islice(audited.findings(anchor), MAX_FINDINGS))
    tree = audited.tree
    return VerificationReport(tree.size, audited.checkpoints, audited.erased, tree.root().hex(), findings)


class _Audit:
    """One pass over a ledger; the four tables are walked side by side."""

    def __init__(self, rows: Rows, open_note: Callable[[str], Checkpoint]) -> None:
        self.tree = merkle.Tree()
        self.checkpoints = 0
        self.erased = 0
        self._rows = rows
        self._open_note = open_note
        self._nodes = iter(rows.nodes)
        self._notes = _Peekable(rows.checkpoints)
        self._keys = _Peekable(rows.keys)
        self._sealed_off: dict[str, int] = {}
        self._signed_size = -1

    def findings(self, anchor: str | None) -> Iterator[Finding]:
        """Everything that is wrong, in the order of the leaves."""
        kept = None
        if anchor is not None:
            try:
                kept = self._open_note(anchor)
            except ValueError:
                yield Finding("signature", "anchor")
        yield from self._at_size(kept)
        for row in self._rows.leaves:
            yield from self._leaf(row)
            yield from self._at_size(kept)
        yield from self._end(kept)

    def _leaf(self, row: tuple[Any, ...]) -> Iterator[Finding]:
        index, body = self.tree.size, row[5]
        if row[0] != index:
            yield Finding("missing", f"leaves/{index}")
        if not isinstance(body, bytes):
            yield Finding("unreadable", f"leaves/{index}")
            body = b""
        yield from self._stored(body)
        try:
            record = _decoder.decode(body)
            stated = (record["id"], record["schema"], record.get("decision_id"), record.get("verdict"))
        except (ValueError, TypeError, KeyError, AttributeError):
            yield Finding("unreadable", f"leaves/{index}")
            return
        if stated != tuple(row[1:5]):
            yield Finding("index", f"leaves/{index}")
        yield from self._content(index, record, body)

    def _stored(self, body: bytes) -> Iterator[Finding]:
        number = merkle.stored_count(self.tree.size)
        for offset, expected in enumerate(self.tree.append(merkle.leaf_hash(body))):
            if next(self._nodes, None) != (number + offset, expected):
                yield Finding("hash", f"nodes/{number + offset}")

    def _content(self, index: int, record: dict[str, Any], body: bytes) -> Iterator[Finding]:
        key = None
        if (row := self._keys.peek()) is not None and row[0] == index:
            key = self._keys.take()[1]
        if record.get("content") is None:
            if key is not None:
                yield Finding("extra", f"keys/{index}")
        elif key is None:
            self._sealed_off[record["id"]] = index
        elif not _opens(body, key):
            yield Finding("content", f"leaves/{index}")
        if record["schema"] == "erasure/v1":
            if self._sealed_off.pop(str(record.get("decision_id")), None) is None:
                yield Finding("content", f"leaves/{index}")
            else:
                self.erased += 1

    def _at_size(self, kept: Checkpoint | None) -> Iterator[Finding]:
        size = self.tree.size
        if kept is not None and kept.size == size and kept.root != self.tree.root():
            yield Finding("anchor", f"leaves/{size}")
        while (row := self._notes.peek()) is not None and row[1] == size:
            yield from self._note(self._notes.take())

    def _note(self, row: tuple[Any, ...]) -> Iterator[Finding]:
        number, size, note = row
        where = f"checkpoints/{number}"
        if number != self.checkpoints or size <= self._signed_size:
            yield Finding("missing", f"checkpoints/{self.checkpoints}")
        self.checkpoints += 1
        self._signed_size = size
        try:
            signed = self._open_note(note)
        except (ValueError, TypeError, AttributeError):
            yield Finding("signature", where)
            return
        if (signed.number, signed.size, signed.root) != (number, size, self.tree.root()):
            yield Finding("root", where)

    def _end(self, kept: Checkpoint | None) -> Iterator[Finding]:
        if self._signed_size != self.tree.size:
            yield Finding("missing", f"checkpoints/{self.checkpoints}")
        if kept is not None and kept.size > self.tree.size:
            yield Finding("anchor", f"leaves/{self.tree.size}")
        yield from (Finding("content", f"leaves/{index}") for index in self._sealed_off.values())
        for table, rest in (("nodes", self._nodes), ("checkpoints", self._notes.rest()), ("keys", self._keys.rest())):
            yield from (Finding("extra", f"{table}/{row[0]}") for row in rest)


class _Peekable:
    """An iterator whose next row can be looked at before it is taken."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def peek(self) -> tuple[Any, ...] | None:
        return self._next

    def take(self) -> tuple[Any, ...]:
        taken, self._next = self._next, next(self._rows, None)
        if taken is None:
            raise StopIteration
        return taken

    def rest(self) -> Iterator[tuple[Any, ...]]:
        while self._next is not None:
            yield self.take()


def _opens(body: bytes, key: Any) -> bool:
    try:
        unseal(body, key)
    except (IntegrityError, TypeError, ValueError):
        return False
    return True


def _verify_database(database: sqlite3.Connection, trusted: NoteVerifier, anchor: str | None) -> VerificationReport:
    database.execute("BEGIN")
    damage = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    rows = Rows(
        database.execute("SELECT leaf_index, record_id, schema, decision_id, verdict, body FROM leaves ORDER BY leaf_index"),
        database.execute("SELECT number, hash FROM nodes ORDER BY number"),
        database.execute("SELECT number, tree_size, note FROM checkpoints ORDER BY number"),
        database.execute("SELECT leaf_index, key FROM keys ORDER BY leaf_index"),
    )
    report = audit(rows, trusted.open, anchor)
    if damage == "ok":
        return report
    found = (Finding("unreadable", str(damage)), *report.findings)
    return VerificationReport(report.leaves, report.checkpoints, report.erased, report.root, found)
