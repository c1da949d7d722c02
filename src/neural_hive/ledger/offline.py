"""What can be done with a ledger without a running hive: show, prove, export."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

from neural_hive.errors import LedgerError
from neural_hive.ledger.address import DEADLINE, is_mongo, needing_mongo
from neural_hive.ledger.base import Ledger
from neural_hive.ledger.signing import open_signer
from neural_hive.ledger.sqlite import key_path, ledger_path
from neural_hive.ledger.store import LedgerStore
from neural_hive.types import Receipt


def show(url: str | Path, record_id: str, *, key_file: Path | None = None, deadline: float = DEADLINE) -> dict[str, Any]:
    """A record, its content opened unless it was erased.

    Args:
        url: As for `open_sqlite_ledger` or `open_mongo_ledger`.
        record_id: The record's id.
        key_file: The private key of a ledger in MongoDB; a ledger file has it beside itself.
        deadline: Seconds that a server has to answer.

    Raises:
        NotFoundError: There is none.
        LedgerError: The ledger cannot be read.
        IntegrityError: It does not match its proofs.
    """
    if is_mongo(url):
        record: dict[str, Any] = _asked(url, key_file, deadline, lambda ledger: ledger.get(record_id))
        return record
    with _opened(url) as store:
        return store.get(record_id)


def prove(url: str | Path, record_id: str, *, key_file: Path | None = None, deadline: float = DEADLINE) -> Receipt:
    """A receipt for a record against the current head; arguments and errors as for `show`."""
    if is_mongo(url):
        receipt: Receipt = _asked(url, key_file, deadline, lambda ledger: ledger.prove(record_id))
        return receipt
    with _opened(url) as store:
        return store.receipt(record_id)


def prove_growth(url: str | Path, since: int, *, key_file: Path | None = None, deadline: float = DEADLINE) -> tuple[str, ...]:
    """The consistency proof, hex, from the tree of `since` leaves to the current head; arguments and errors as for `show`.

    Raises:
        NotFoundError: The ledger never had that size.
    """
    if is_mongo(url):
        proof: tuple[str, ...] = _asked(url, key_file, deadline, lambda ledger: ledger.prove("", since=since))
        return proof
    with _opened(url) as store:
        return store.consistency(since)


def export(url: str | Path, out: TextIO, *, deadline: float = DEADLINE) -> int:
    """Write all leaves and checkpoints as JSON lines; contents stay sealed, no key is written.

    A line is `{"type": "leaf", "index", "body"}` or `{"type": "checkpoint", "number", "tree_size",
    "note"}`, each kind in the order of its numbers; `independent.py` verifies such a file.

    Args:
        url: As for `show`.
        out: Where to.
        deadline: Seconds that a server has for each page.

    Returns:
        How many leaves were written.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    if is_mongo(url):
        return _export_log(str(url), out, deadline)
    path = _existing(url)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as database:
            database.execute("BEGIN")
            return _export(database, out)
    except sqlite3.Error as error:
        raise LedgerError("error.ledger_unreadable", reason=str(error), path=str(path)) from error


def _export_log(url: str, out: TextIO, deadline: float) -> int:
    with needing_mongo():
        from neural_hive.ledger.mongo_audit import entries
    size = 0
    for size, body, note in entries(url, deadline):
        if body is not None:
            _line(out, {"type": "leaf", "index": size - 1, "body": bytes(body).decode()})
        _line(out, {"type": "checkpoint", "number": size, "tree_size": size, "note": note})
    return size


def _asked(url: str | Path, key_file: Path | None, deadline: float, ask: Callable[[Ledger], Awaitable[Any]]) -> Any:
    """Ask a ledger in MongoDB one thing."""
    with needing_mongo():
        from neural_hive.ledger.mongo import open_mongo_ledger

    async def answer() -> Any:
        key = key_file or Path("ledger.key")
        async with open_mongo_ledger(str(url), ledger_key_path=key, ledger_deadline=deadline, create=False) as ledger:
            return await ask(ledger)

    return asyncio.run(answer())


def _export(database: sqlite3.Connection, out: TextIO) -> int:
    leaves = 0
    for index, body in database.execute("SELECT leaf_index, body FROM leaves ORDER BY leaf_index"):
        _line(out, {"type": "leaf", "index": index, "body": bytes(body).decode()})
        leaves += 1
    for number, size, note in database.execute("SELECT number, tree_size, note FROM checkpoints ORDER BY number"):
        _line(out, {"type": "checkpoint", "number": number, "tree_size": size, "note": note})
    return leaves


def _line(out: TextIO, entry: dict[str, Any]) -> None:
    out.write(json.dumps(entry, ensure_ascii=False) + "\n")


@contextmanager
def _opened(url: str | Path) -> Iterator[LedgerStore]:
    path = _existing(url)
    try:
        signer = open_signer(key_path(path), create=False)
    except OSError as error:
        raise LedgerError("error.ledger_unreadable", reason=str(error), path=str(key_path(path))) from error
    with closing(LedgerStore(path, signer)) as store:
        yield store


def _existing(url: str | Path) -> Path:
    path = ledger_path(url)
    if not path.is_file():
        raise LedgerError("error.ledger_absent", path=str(path))
    return path
