"""The embedded ledger: one SQLite file, written by one `Committer`, read on a thread beside it.

`append` returns after the commit that holds its record has reached the disk (write-ahead log,
synchronous = FULL).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from neural_hive.errors import ConflictError, IntegrityError, LedgerError
from neural_hive.ledger.bookmark import Bookmark
from neural_hive.ledger.committer import Committer
from neural_hive.ledger.leaf import seal
from neural_hive.ledger.signing import Signer, open_signer, public_key_path
from neural_hive.ledger.store import LedgerStore
from neural_hive.types import Receipt

T = TypeVar("T")
_BEAT = 5.0  # seconds; readiness asks every half second, and a disk should not be written to as often for that


class SqliteLedger:
    """A `Ledger` on one SQLite file; open it with `open_sqlite_ledger`.

    Several processes may share the file: each append takes the file's write lock and goes on from
    the tree it then finds.

    Attributes:
        path: The file.
        public_key: What verifies its checkpoints.
        cache_key: What all gateways of this ledger, and nobody else, can seal with what they cache.
    """

    def __init__(self, path: Path, signer: Signer, bookmark: Bookmark, store: LedgerStore) -> None:
        self.path = path
        self.public_key = signer.public_key
        self.cache_key = signer.secret("hive-cache")
        self._bookmark = bookmark
        self._writer = store
        self._reader = LedgerStore(path, signer)
        self._reading = ThreadPoolExecutor(1, "ledger-reader")
        self._commits = Committer(self._writer, str(path))
        self._closed = False
        self._beaten = float("-inf")  # when a write last proved possible

    async def append(self, record: dict[str, Any]) -> Receipt:
        """Write a record; see `Ledger.append`.

        Raises:
            InputError: The record lacks a member or has no canonical form.
            ConflictError: Its id is taken.
            LedgerError: Nothing was written.
        """
        receipt: Receipt = await self._writing().append(seal(record))
        self._bookmark.keep(receipt.checkpoint)
        return receipt

    async def get(self, record_id: str) -> dict[str, Any]:
        """The record; once erased, its `content` is None and `erased` is True. See `Ledger.get`."""
        return await self._read(lambda: self._reader.get(record_id))

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
        return await self._read(
            lambda: self._reader.find(verdict=verdict, decision_id=decision_id, schema=schema, before=before, limit=limit)
        )

    async def prove(self, record_id: str, *, since: int | None = None) -> Receipt | tuple[str, ...]:
        """A receipt against the head, or the consistency proof since a tree size; see `Ledger.prove`."""
        if since is None:
            return await self._read(lambda: self._reader.receipt(record_id))
        return await self._read(lambda: self._reader.consistency(since))

    async def head(self) -> str:
        """The current signed checkpoint."""
        return await self._read(self._reader.head)

    async def erase(self, record_id: str) -> Receipt:
        """Destroy the key of a record's content and record that; the leaf and its proofs stay.

        Returns:
            The receipt of the record `erasure/v1`, which a second call finds again.

        Raises:
            NotFoundError: No such record.
            LedgerError: Nothing was erased.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        erasure = seal({"schema": "erasure/v1", "id": f"erasure-{record_id}", "created_at": now, "decision_id": record_id})
        try:
            receipt: Receipt = await self._writing().run(lambda: self._writer.erase(record_id, erasure))
        except ConflictError:
            return await self._read(lambda: self._reader.receipt(erasure.id))
        return receipt

    async def ping(self) -> None:
        """Show that a durable write is possible now, by one; within five seconds of one that went well, by the write lock alone.

        Raises:
            LedgerError: It is not.
        """
        now, beaten = time.monotonic(), self._beaten
        is_recent, self._beaten = now - beaten < _BEAT, float("-inf")  # what fails is followed by a write
        await self._writing().run(self._writer.hold if is_recent else self._writer.beat)
        self._beaten = beaten if is_recent else now

    async def close(self) -> None:
        """Commit what waits, then close; later appends are refused."""
        self._closed = True
        await self._commits.close()
        self._reading.shutdown()
        with suppress(LedgerError, IntegrityError):  # the file may be lost meanwhile; what was remembered stays
            self._bookmark.keep(self._reader.head(), at_once=True)
        self._reader.close()
        self._writer.close()

    def _writing(self) -> Committer:
        if self._closed:
            raise LedgerError("error.ledger_closed")
        return self._commits

    async def _read(self, action: Callable[[], T]) -> T:
        if self._closed:
            raise LedgerError("error.ledger_closed")
        return await asyncio.get_running_loop().run_in_executor(self._reading, action)


@asynccontextmanager
async def open_sqlite_ledger(url: str | Path) -> AsyncIterator[SqliteLedger]:
    """Open the ledger in a file, creating it and its key beside it when there is none.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, or a path.

    Raises:
        LedgerError: It cannot be opened or written.
        IntegrityError: The last checkpoint does not match the tree, the key is missing or wrong, or the
            file is not what it was when this key was last used.
    """
    path = ledger_path(url)
    ledger = await asyncio.to_thread(_open, path)
    try:
        yield ledger
    finally:
        await ledger.close()


def ledger_path(url: str | Path) -> Path:
    """The file that a ledger URL or path names."""
    return Path(str(url).removeprefix("sqlite:///")).expanduser()


def key_path(path: Path) -> Path:
    """The private key of the ledger in `path`; its public half is in `public_key_path` of it."""
    return path.with_suffix(".key")


def public_key_of(path: Path) -> str:
    """The public key kept beside the ledger in `path`.

    Raises:
        LedgerError: There is none.
    """
    return published_key(key_path(path))


def published_key(key_file: Path) -> str:
    """The public half that is kept beside a private key's file, or follows from that.

    Raises:
        LedgerError: There is neither.
        IntegrityError: The file holds no key.
    """
    path = public_key_path(key_file)
    try:
        if key_file.exists() and not path.exists():
            return open_signer(key_file, create=False).public_key
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LedgerError("error.ledger_unreadable", reason=str(error), path=str(path)) from error


def _open(path: Path) -> SqliteLedger:
    try:
        signer = open_signer(key_path(path), create=not _is_written(path))
    except OSError as error:
        raise LedgerError("error.ledger_unwritable", reason=str(error), path=str(error.filename or path)) from error
    bookmark = Bookmark(key_path(path), signer, str(path))
    note = bookmark.recall()
    if note and not _is_written(path):  # asked anew: another process may have begun it meanwhile
        raise bookmark.lost(note)
    store = LedgerStore(path, signer)
    if note and not store.holds(note):
        store.close()
        raise bookmark.lost(note)
    return SqliteLedger(path, signer, bookmark, store)


def _is_written(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
