from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.graph.sqlite import open_sqlite_graph
from neural_hive.types import Action, Plan, Task


def plan(operation: str) -> Plan:
    return Plan(tasks=(Task(id="t", description="", actions=(Action(operation=operation, object="table"),)),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.db"


async def test_closing_writes_what_waits_and_reopening_finds_it(path: Path) -> None:
    async with open_sqlite_graph(path) as graph:
        for number in range(2000):
            await graph.remember_outcome("d", {"id": f"{number}"})
    async with open_sqlite_graph(f"sqlite:///{path}"):
        pass
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM outcomes").fetchone() == (2000,)
    database.close()


async def test_what_cannot_be_stored_does_not_stop_the_writer(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_sqlite_graph(path) as graph:
        await graph.remember_outcome("d", {"id": "1", "outcome": object()})
        await graph.remember_outcome("d", {"id": "2"})
        await graph.flush()
        assert "could not store" in caplog.text
        assert graph._reader.execute("SELECT id FROM outcomes").fetchall() == [("2",)]


@pytest.fixture
def spoilt(path: Path) -> Path:
    path.write_bytes(b"x" * 10_000)
    return path


async def test_file_that_is_no_database(spoilt: Path) -> None:
    with pytest.raises(UnavailableError):
        async with open_sqlite_graph(spoilt):
            pass


async def test_file_that_broke_underway_is_an_error_that_says_so(path: Path) -> None:
    async with open_sqlite_graph(path) as graph:
        graph._writer.execute("DROP TABLE shapes")
        with pytest.raises(UnavailableError):
            await graph.similar(plan("drop"))


async def test_search_weighs_a_bounded_number_of_shapes(path: Path) -> None:
    async with open_sqlite_graph(path) as graph:
        with graph._writer as database:
            for number in range(500):
                database.execute("INSERT INTO shapes VALUES (?, ?)", (number, f"act:drop/table\nkind:o{number}"))
                database.execute("INSERT INTO features VALUES ('act:drop/table', ?)", (number,))
                database.execute("INSERT INTO decisions VALUES (?, '2025', 'x', 'reject', ?, x'7b7d')", (f"d{number}", number))
        asked: list[str] = []
        graph._reader.set_trace_callback(asked.append)
        found = await graph.similar(plan("drop"), limit=3)
        assert len(found) == 3
        assert len(asked) < 20
