"""The shared ledger: one MongoDB collection that many gateways append to.

The tail has no gap and no fork by construction: a leaf's position is its document's unique `_id`, and
a gateway inserts at a position only after it has seen, confirmed by a majority, the one before it.
A lost majority takes away the newest documents, never one from the middle. All gateways of a log sign
with the same key, so that any of them can go on where another one stopped.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from neural_hive.errors import ConflictError, IntegrityError, LedgerError, LimitError, NotFoundError
from neural_hive.ledger import merkle
from neural_hive.ledger.bookmark import Bookmark
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.leaf import Leaf, seal, unseal
from neural_hive.ledger.mongo_appender import Appender
from neural_hive.ledger.mongo_form import Head, empty_log, head_of, ident, pick, place_of, size_of
from neural_hive.ledger.mongo_log import Log, TakenError, UnsureError, open_log
from neural_hive.ledger.signing import NoteVerifier, Signer, open_signer
from neural_hive.types import Receipt

T = TypeVar("T")
_log = logging.getLogger(__name__)

_LARGEST = 12_000_000  # bytes of a leaf; a document holds 16 MiB


class MongoLedger:
    """A `Ledger` in MongoDB, for one event loop; open it with `open_mongo_ledger`.

    Attributes:
        public_key: What verifies its checkpoints.
        cache_key: What all gateways of this log, and nobody else, can seal with what they cache.
    """

    def __init__(self, log: Log, signer: Signer, head: Head, bookmark: Bookmark, deadline: float) -> None:
        self.public_key = signer.public_key
        self.cache_key = signer.secret("hive-cache")
        self._log = log
        self._appender = Appender(log, signer, head, deadline)
        self._bookmark = bookmark
        self._closed = False

    async def append(self, record: dict[str, Any]) -> Receipt:
        """Write a record; see `Ledger.append`.

        Raises:
            InputError: The record lacks a member, has no canonical form or is too large.
            ConflictError: Its id is taken.
            LedgerError: It was not written, or no answer came that says so; to append it again is safe.
        """
        return await self._append(seal(record))

    async def get(self, record_id: str) -> dict[str, Any]:
        """The record; once erased, its `content` is None and `erased` is True. See `Ledger.get`."""
        return _unsealed(await self._leaf(record_id, "body", "key"))

    async def find(
        self,
        *,
        verdict: str | None = None,
        decision_id: str | None = None,
        schema: str = "decision/v1",
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[tuple[int, dict[str, Any]]]:
        """Records, newest first; see `Ledger.find`."""
        if limit <= 0:
            return []
        found = await self._reading().find(_asked(verdict, decision_id, schema, before), limit)
        return [(size_of(document) - 1, _unsealed(document)) for document in found]

    async def prove(self, record_id: str, *, since: int | None = None) -> Receipt | tuple[str, ...]:
        """A receipt against the head, or the consistency proof since a tree size; see `Ledger.prove`.

        Reads some forty documents of a log of 10^6.
        """
        if since is None:
            return await self._receipt(record_id)
        self._reading()
        head = await self._appender.follow(surely=since > self._appender.head.size)
        if not 0 <= since <= head.size:
            raise NotFoundError("error.ledger_no_tree", since=since, size=head.size)
        proof = await self._proven(lambda read: merkle.prove_consistency(since, head.size, read))
        return tuple(step.hex() for step in proof)

    async def head(self) -> str:
        """The current signed checkpoint, or one a moment older; never older than what this gateway has acknowledged."""
        self._reading()
        return (await self._appender.follow()).note

    async def erase(self, record_id: str) -> Receipt:
        """Destroy the key of a record's content and record that; the leaf and its proofs stay.

        The record of the erasure is written first: when the key's end could not be confirmed, the
        auditor tells, and erasing again completes it.

        Returns:
            The receipt of the record `erasure/v1`, which a second call finds again.

        Raises:
            NotFoundError: No such record.
            LedgerError: Not everything is erased; do it again.
        """
        size = size_of(await self._leaf(record_id))
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        erasure = seal({"schema": "erasure/v1", "id": f"erasure-{record_id}", "created_at": now, "decision_id": record_id})
        try:
            receipt = await self._append(erasure)
        except ConflictError:
            receipt = await self._receipt(erasure.id)
        await self._reading().drop_key(size)
        return receipt

    async def ping(self) -> None:
        """Show that a durable write is possible now.

        Raises:
            LedgerError: It is not.
        """
        await self._reading().beat()

    async def close(self) -> None:
        """Write what waits; later calls are refused."""
        self._closed = True
        await self._appender.close()
        self._bookmark.keep(self._appender.head.note, at_once=True)

    async def _append(self, leaf: Leaf) -> Receipt:
        self._reading()
        if len(leaf.body) > _LARGEST:
            raise LimitError("error.ledger_too_large", size=len(leaf.body), most=_LARGEST)
        receipt = await self._appender.append(leaf)
        self._bookmark.keep(receipt.checkpoint)
        return receipt

    async def _receipt(self, record_id: str) -> Receipt:
        document = await self._leaf(record_id, "nodes")
        size = size_of(document)
        head = await self._appender.follow()
        if head.size < size:
            head = await self._appender.follow(surely=True)
        path = await self._proven(lambda read: merkle.prove_inclusion(size - 1, head.size, read))
        return Receipt(
            leaf_index=size - 1,
            leaf_hash=pick({size: document}, [merkle.stored_index(0, size - 1)]).popitem()[1].hex(),
            tree_size=head.size,
            root_hash=head.tree.root().hex(),
            inclusion=tuple(step.hex() for step in path),
            checkpoint=head.note,
        )

    async def _proven(self, prove: Callable[[merkle.Read], T]) -> T:
        """A proof, made twice: first to learn which hashes it takes, then with them."""
        wanted: set[int] = set()

        def note(number: int) -> bytes:
            wanted.add(number)
            return b""

        prove(note)
        if not wanted:
            return prove(note)
        documents = await self._reading().documents({place_of(number)[0] for number in wanted}, "nodes")
        return prove(pick(documents, wanted).__getitem__)

    async def _leaf(self, record_id: str, *fields: str) -> dict[str, Any]:
        document = (await self._reading().of_records([record_id], *fields)).get(record_id)
        if document is None:
            raise NotFoundError("error.ledger_no_record", id=record_id)
        return document

    def _reading(self) -> Log:
        if self._closed:
            raise LedgerError("error.ledger_closed")
        return self._log


@asynccontextmanager
async def open_mongo_ledger(
    url: str, *, ledger_key_path: Path, ledger_deadline: float, create: bool = True, ordered: bool | None = None
) -> AsyncIterator[MongoLedger]:
    """Open the ledger in a database, beginning it (and its key) when there is none.

    Args:
        url: `mongodb://host/database`; the database is "neural_hive" unless the URL names one.
        ledger_key_path: The Ed25519 key that all gateways of this log share.
        ledger_deadline: Seconds that each record and each look-up has.
        create: Whether a log that is not there may be begun.
        ordered: Whether the server finds the newest document by its index; None asks it.

    Raises:
        LedgerError: The server cannot be reached or written.
        IntegrityError: The head does not match its checkpoint, the key is missing or not this log's, or
            the log is not what it was when this key was last used.
        SettingsError: The URL cannot be used.
    """
    async with open_log(url, ledger_deadline, ordered=ordered) as log:
        if create:
            await log.prepare()
        signer, bookmark = await _signer(log, ledger_key_path, create=create)
        size, document = await log.search(0)
        head = head_of(document, size, NoteVerifier(signer.public_key))
        ledger = MongoLedger(log, signer, head, bookmark, ledger_deadline)
        try:
            yield ledger
        finally:
            await ledger.close()


async def _signer(log: Log, path: Path, *, create: bool) -> tuple[Signer, Bookmark]:
    """The log's key, held against document 0, which is written with it when there is none, and what is remembered of the log."""
    begun = await log.document(0, "note")
    if begun is None and not create:
        raise LedgerError("error.ledger_not_begun", place=log.place)
    signer, used = _key(path, create=begun is None)
    bookmark = Bookmark(path, signer, log.place)
    await _hold(log, bookmark)
    if begun is None:
        if used:
            _log.warning("a new ledger begins at %s, with a key that was there before", log.place)
        await _begin(log, signer)
        begun = await log.document(0, "note")
    try:
        NoteVerifier(signer.public_key).open(str((begun or {}).get("note")))
    except ValueError as error:
        raise IntegrityError("error.ledger_other_key", place=log.place, path=str(path)) from error
    return signer, bookmark


def _key(path: Path, *, create: bool) -> tuple[Signer, bool]:
    """The key, and whether it was there before."""
    used = path.exists()
    try:
        return open_signer(path, create=create), used
    except OSError as error:
        raise LedgerError("error.ledger_unwritable", reason=error.strerror or type(error).__name__, path=str(path)) from error


async def _hold(log: Log, bookmark: Bookmark) -> None:
    """See that the log still has the head that is remembered of it."""
    note = bookmark.recall()
    document = await log.document(parse_checkpoint(note).size, "note") if note else None
    if note and (document or {}).get("note") != note:
        raise bookmark.lost(note)


async def _begin(log: Log, signer: Signer) -> None:
    document = empty_log(signer)
    try:
        await log.insert([document], log.deadline)
    except TakenError:
        return  # another gateway was first; its key will be compared
    except UnsureError as error:
        raise LedgerError("error.ledger_unanswered", place=log.place, reason=error.reason) from error


def _asked(verdict: str | None, decision_id: str | None, schema: str, before: int | None) -> dict[str, Any]:
    """The query of `find`."""
    asked = {
        "schema": schema,
        "verdict": verdict,
        "record_id" if schema == "decision/v1" else "decision_id": decision_id,
        "_id": None if before is None else {"$lt": ident(before + 1)},
    }
    return {name: value for name, value in asked.items() if value is not None}


def _unsealed(document: Mapping[str, Any]) -> dict[str, Any]:
    body = document.get("body")
    if not isinstance(body, bytes):
        raise IntegrityError("error.ledger_tampered", finding=f"leaves/{size_of(document) - 1}")
    return unseal(body, document.get("key"))
