"""The auditor's and the exporter's way through a log in MongoDB: one pass in the order of the leaves, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pymongo
from bson.errors import BSONError
from pymongo import MongoClient, ReadPreference
from pymongo.collection import Collection
from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern

from neural_hive.errors import IntegrityError, LedgerError, SettingsError
from neural_hive.ledger import merkle
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.mongo_form import hashes, ident, size_of
from neural_hive.ledger.mongo_log import DATABASE, LEAVES, checked_place, client_options, is_ordered
from neural_hive.ledger.signing import NoteVerifier
from neural_hive.ledger.verify import MAX_FINDINGS, Finding, Rows, VerificationReport, audit

_PAGE = 200
_TIMES = 3
_Document = dict[str, Any]


def verify_log(url: str, trusted: NoteVerifier, anchor: str | None, deadline: float) -> VerificationReport:
    """Audit a log; it may be in use. See `verify.verify`.

    Args:
        url: As for `open_mongo_ledger`.
        trusted: The key to trust.
        anchor: A checkpoint obtained earlier, which this log must still contain.
        deadline: Seconds that the server has for each page.

    Raises:
        LedgerError: The server does not answer, or there is no log.
        SettingsError: The URL cannot be used.
    """
    with _reading(url, deadline) as (leaves, ordered):
        for attempt in range(1, _TIMES + 1):
            erasures = leaves.count_documents({"schema": "erasure/v1"})
            unrolled = _Unrolled(_documents(leaves, ordered=ordered))
            report = audit(unrolled.rows(), trusted.open, anchor)
            report = replace(report, findings=(*report.findings, *unrolled.findings)[:MAX_FINDINGS])
            # Half of an erasure under way looks like damage; the next look is past it.
            if report.ok or attempt == _TIMES or leaves.count_documents({"schema": "erasure/v1"}) == erasures:
                break
        return report


def entries(url: str, deadline: float) -> Iterator[tuple[int, bytes | None, str]]:
    """All tree sizes from 0, each with the body of its newest leaf (None for the empty tree) and its checkpoint.

    Raises:
        LedgerError, SettingsError: As for `verify_log`.
        IntegrityError: A document is none of ours.
    """
    with _reading(url, deadline) as (leaves, ordered):
        for document in _documents(leaves, ordered=ordered):
            yield size_of(document), document.get("body"), str(document.get("note"))


@contextmanager
def _reading(url: str, deadline: float) -> Iterator[tuple[Collection[_Document], bool]]:
    place = checked_place(url)
    try:
        client: MongoClient[_Document] = MongoClient(url, **client_options(deadline), socketTimeoutMS=int(deadline * 1000))
        database = client.get_default_database(DATABASE, read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern("majority"))
    except (ConfigurationError, OSError, ValueError, TypeError) as error:
        raise SettingsError("error.ledger_url", place=place) from error
    with client:
        try:
            ordered = is_ordered(client.admin.command("buildInfo"))
            if database[LEAVES].find_one({"_id": ident(0)}, {"_id": 1}) is None and database[LEAVES].find_one({}, {"_id": 1}) is None:
                raise LedgerError("error.ledger_not_begun", place=place)
            yield database[LEAVES], ordered
        except (PyMongoError, BSONError) as error:
            raise LedgerError("error.ledger_unanswered", place=place, reason=type(error).__name__) from error


def _documents(leaves: Collection[_Document], *, ordered: bool) -> Iterator[_Document]:
    """All documents by number.

    A server that is not `ordered` would sort them in its memory; it gives them as they were
    inserted, which is in the order of their numbers, and the auditor sees when one is out of place.
    """
    cursor = leaves.find({}, batch_size=_PAGE)
    if ordered:
        cursor = cursor.sort("_id", pymongo.ASCENDING)
    with cursor:
        yield from cursor


class _Unrolled:
    """Four tables out of one run of documents; each document is kept until all of them have given their rows."""

    def __init__(self, documents: Iterable[_Document]) -> None:
        self.findings: list[Finding] = []
        self._documents = iter(documents)
        self._queues: dict[str, deque[tuple[Any, ...]]] = {name: deque() for name in ("leaves", "nodes", "checkpoints", "keys")}
        self._number = 0

    def rows(self) -> Rows:
        return Rows(**{name: self._table(name) for name in self._queues})

    def _table(self, name: str) -> Iterator[tuple[Any, ...]]:
        queue = self._queues[name]
        while queue or self._next():
            if queue:
                yield queue.popleft()

    def _next(self) -> bool:
        document = next(self._documents, None)
        if document is None:
            return False
        size = _size(document)
        self._check_edge(document, size)
        self._queues["checkpoints"].append((size, size, document.get("note")))
        if size == 0:
            return True
        named = (document.get("record_id"), document.get("schema"), document.get("decision_id"), document.get("verdict"))
        index = size - 1 if size is not None else None
        self._queues["leaves"].append((index, *named, document.get("body")))
        self._queues["keys"].append((index, document.get("key")))
        for value in _nodes(document):
            self._queues["nodes"].append((self._number, value))
            self._number += 1
        return True

    def _check_edge(self, document: Mapping[str, Any], size: int | None) -> None:
        """Hold the edge against the signed root, which the audit holds against the leaves."""
        if not _is_edge(document, size or 0) and len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding("hash", f"edge/{document.get('_id')}"))


def _is_edge(document: Mapping[str, Any], size: int) -> bool:
    try:
        peaks = hashes(document, "edge")
        return len(peaks) == size.bit_count() and merkle.Tree(size, peaks).root() == parse_checkpoint(document["note"]).root
    except (IntegrityError, KeyError, ValueError, TypeError, AttributeError):
        return False


def _size(document: _Document) -> int | None:
    try:
        return size_of(document)
    except IntegrityError:
        return None


def _nodes(document: _Document) -> list[bytes]:
    try:
        return hashes(document, "nodes")
    except IntegrityError:
        return [b""]
