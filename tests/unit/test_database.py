"""Opening one file from several places at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from neural_hive.database import is_busy, write_ahead


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is not yet in write-ahead mode, in the middle of a write."""
    with closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)) as database:
        database.execute("CREATE TABLE t(x)")
        database.execute("BEGIN IMMEDIATE")
        yield database


def test_sqlite_itself_does_not_wait(writing: sqlite3.Connection, tmp_path: Path) -> None:
    """What `write_ahead` is for: refused at once, in spite of a minute's timeout."""
    with closing(sqlite3.connect(tmp_path / "new.db", timeout=60)) as database, pytest.raises(sqlite3.OperationalError) as caught:
        database.execute("PRAGMA journal_mode = WAL")
    assert is_busy(caught.value)


def test_another_writer_is_waited_for(writing: sqlite3.Connection, tmp_path: Path) -> None:
    ending = threading.Timer(0.2, lambda: writing.execute("COMMIT"))
    ending.start()
    with closing(sqlite3.connect(tmp_path / "new.db", timeout=0)) as database:
        write_ahead(database)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    ending.join()


def test_a_writer_that_does_not_end_is_told(writing: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.db", timeout=0)) as database, pytest.raises(sqlite3.OperationalError) as caught:
        write_ahead(database, patience=0.1)
    assert is_busy(caught.value)


def test_another_fault_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "new.db").write_bytes(b"no database " * 100)
    with closing(sqlite3.connect(tmp_path / "new.db")) as database, pytest.raises(sqlite3.DatabaseError) as caught:
        write_ahead(database, patience=60)
    assert not is_busy(caught.value)


OPENERS = """
import asyncio, sys
from multiprocessing import get_context
from neural_hive.graph.sqlite import open_sqlite_graph
from neural_hive.ledger.sqlite import open_sqlite_ledger

def main(folder, start):
    for number in range(50):
        start.wait(60)
        asyncio.run(opened(f"{folder}/{number}"))

async def opened(folder):
    async with open_sqlite_ledger(f"{folder}/ledger.db"), open_sqlite_graph(f"{folder}/graph.db"):
        pass

context = get_context("fork")
start = context.Barrier(3)
processes = [context.Process(target=main, args=(sys.argv[1], start)) for _ in range(3)]
for each in processes:
    each.start()
for each in processes:
    each.join()
sys.exit(sum(each.exitcode != 0 for each in processes))
"""


def test_processes_open_new_stores_at_the_same_moment(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OPENERS, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
