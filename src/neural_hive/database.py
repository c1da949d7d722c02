"""What the embedded stores share: opening one SQLite file from several processes at once."""

from __future__ import annotations

import sqlite3
import time

_PATIENCE = 5.0  # seconds
_PAUSE = 0.01  # seconds


def write_ahead(database: sqlite3.Connection, patience: float = _PATIENCE) -> None:
    """Put the file behind a connection into write-ahead mode, which it keeps.

    SQLite does not wait for the lock that this takes, whatever the connection's timeout: of processes that
    open a new file at the same moment all but one would be refused. So it is asked again.

    Args:
        database: A connection outside of any transaction.
        patience: Seconds for which others may hold the file.

    Raises:
        sqlite3.Error: The file cannot be written, or others held it for longer.
    """
    end = time.monotonic() + patience
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        else:
            return


def is_busy(error: BaseException | None) -> bool:
    """Whether nothing but another's lock stood in the way."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
