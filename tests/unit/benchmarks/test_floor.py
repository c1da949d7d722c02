from __future__ import annotations

import json
import os
import sqlite3
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.client import Client
from benchmarks.floor import Row
from benchmarks.memory import resident
from benchmarks.rest import ask, row
from benchmarks.server import INTENTS, bare, clean_environment
from benchmarks.texts import intents


def test_a_commit_is_durable_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "floor.db"
    floor = Row(path)
    assert [floor.commit(b"a"), floor.commit(b"b")] == [1, 2]
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM record").fetchone() == (2,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    floor.close()


def test_the_bare_server_commits_what_the_client_sends(tmp_path: Path) -> None:
    with bare(tmp_path, "first") as server, Client(server.port) as client:
        assert json.loads(client.post(INTENTS, {"intent_text": "apagar já"})) == {"id": 2, "length": 9}
        times = ask(client, intents(), 5)
        assert 0 < server.first_answer < 30
        assert resident(server.process.pid) > 5
        with pytest.raises(ValueError, match="404"):
            client.post("/nowhere", {})
    assert len(times) == 5
    with sqlite3.connect(tmp_path / "floor.db") as stored:
        bodies = [json.loads(body)["intent_text"] for (body,) in stored.execute("SELECT body FROM record ORDER BY id")]
    assert bodies == ["first", "apagar já", *islice(intents(), 5)]


def test_the_server_is_gone_afterwards(tmp_path: Path) -> None:
    with bare(tmp_path, "first") as server:
        port = server.port
    assert server.process.poll() is not None
    with pytest.raises(OSError, match="refused"):
        Client(port)


def test_rounds_are_compared_by_their_medians() -> None:
    made = row("x", 0.5, [([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]), ([4.0, 4.0, 90.0], [1.0, 1.0, 1.0]), ([3.0, 3.0, 3.0], [1.0, 1.0, 1.0])])
    assert (made.value, made.floor, made.ratio) == (3.0, 1.0, 3.0)
    assert made.met


def test_settings_of_the_caller_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_DATA_DIR", "elsewhere")
    assert "HIVE_DATA_DIR" not in clean_environment()
    assert clean_environment()["PATH"] == os.environ["PATH"]
