"""What can be done with a ledger file without a running hive: show, prove, export."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

from neural_hive.errors import LedgerError
from neural_hive.ledger.signing import open_signer
from neural_hive.ledger.sqlite import key_path, ledger_path
from neural_hive.ledger.store import LedgerStore
from neural_hive.types import Receipt


def show(url: str | Path, record_id: str) -> dict[str, Any]:
    """A record, its content opened unless it was erased.

    Raises:
        NotFoundError: There is none.
        LedgerError: The ledger cannot be read.
        IntegrityError: It does not match its proofs.
    """
    with _opened(url) as store:
        return store.get(record_id)


def prove(url: str | Path, record_id: str) -> Receipt:
    """A receipt for a record against the current head.

    Raises:
        NotFoundError, LedgerError, IntegrityError: As for `show`.
    """
    with _opened(url) as store:
        return store.receipt(record_id)


def prove_growth(url: str | Path, since: int) -> tuple[str, ...]:
    """The consistency proof, hex, from the tree of `since` leaves to the current head.

    Raises:
        NotFoundError: The ledger never had that size.
        LedgerError, IntegrityError: As for `show`.
    """
    with _opened(url) as store:
        return store.consistency(since)


def export(url: str | Path, out: TextIO) -> int:
    """Write all leaves and checkpoints as JSON lines; contents stay sealed, no key is written.

    A line is `{"type": "leaf", "index", "body"}` or `{"type": "checkpoint", "number", "tree_size",
    "note"}`; `independent.py` verifies such a file.

    Returns:
        How many leaves were written.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    path = _existing(url)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as database:
            database.execute("BEGIN")
            return _export(database, out)
    except sqlite3.Error as error:
        raise LedgerError("error.ledger_unreadable", reason=str(error), path=str(path)) from error


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
