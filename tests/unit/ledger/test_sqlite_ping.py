"""What readiness costs the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from neural_hive.errors import LedgerError
from neural_hive.ledger.sqlite import open_sqlite_ledger


async def test_asking_often_whether_it_can_be_written_writes_rarely(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    def beats() -> int:
        with sqlite3.connect(path) as database:
            found: int = database.execute("SELECT beat FROM pulse").fetchone()[0]
        database.close()
        return found

    async with open_sqlite_ledger(path) as ledger:
        for _ in range(10):
            await ledger.ping()
        assert beats() == 1
        path.rename(tmp_path / "moved.db")
        with pytest.raises(LedgerError):  # looked at each time
            await ledger.ping()
        (tmp_path / "moved.db").rename(path)
        await ledger.ping()
        assert beats() == 2  # after a failure only a write is proof
        ledger._beaten -= 5.0
        ledger._writer._database.execute("PRAGMA query_only = ON")
        with pytest.raises(LedgerError):
            await ledger.ping()
