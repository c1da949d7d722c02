from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from neural_hive.errors import ConflictError, IntegrityError, LedgerError, NotFoundError
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.signing import Signer
from neural_hive.ledger.sqlite import SqliteLedger, key_path, ledger_path, open_sqlite_ledger, public_key_of
from neural_hive.ledger.verify import verify, verify_receipt
from neural_hive.types import Receipt


def record(name: str, **more: Any) -> dict[str, Any]:
    return {
        "schema": "decision/v1",
        "id": name,
        "created_at": "2025-01-01T00:00:00Z",
        "verdict": "approve",
        "content": {"text": name},
        **more,
    }


def change(path: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement, values)
    database.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def filled(path: Path, count: int = 5) -> None:
    async with open_sqlite_ledger(path) as ledger:
        for number in range(count):
            await ledger.append(record(f"d{number}"))


async def test_concurrent_appends_share_commits(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        receipts = await asyncio.gather(*(ledger.append(record(f"d{number}")) for number in range(200)))
        assert sorted(receipt.leaf_index for receipt in receipts) == list(range(200))
        assert all(verify_receipt(receipt, ledger.public_key) for receipt in receipts)
        assert len({receipt.checkpoint for receipt in receipts}) < 100
    assert verify(path).ok


async def test_a_refused_record_does_not_spoil_its_batch(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        names = ["a", "b", "a", "c", "b"]
        outcomes = await asyncio.gather(*(ledger.append(record(name)) for name in names), return_exceptions=True)
    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, True, False, True, False]
    assert all(isinstance(outcome, ConflictError) for outcome in outcomes if not isinstance(outcome, Receipt))
    assert verify(path).leaves == 3


async def test_goes_on_after_reopening(path: Path) -> None:
    await filled(path, 3)
    await filled_more(path)
    report = verify(path)
    assert (report.ok, report.leaves) == (True, 4)


async def filled_more(path: Path) -> None:
    async with open_sqlite_ledger(f"sqlite:///{path}") as ledger:
        assert (await ledger.append(record("later"))).leaf_index == 3
        assert (await ledger.get("d1"))["content"] == {"text": "d1"}


async def test_two_ledgers_on_one_file(path: Path) -> None:
    """Each goes on from what the other has written."""
    async with open_sqlite_ledger(path) as one, open_sqlite_ledger(path) as other:
        for number in range(10):
            await one.append(record(f"one{number}"))
            await other.append(record(f"other{number}"))
        await asyncio.gather(*(ledger.append(record(f"{name}-{n}")) for n in range(30) for name, ledger in (("x", one), ("y", other))))
        with pytest.raises(ConflictError):
            await one.append(record("other3"))
    report = verify(path)
    assert (report.ok, report.leaves) == (True, 80)


WRITER = """
import asyncio, sys
from neural_hive.ledger.sqlite import open_sqlite_ledger
async def main(path, name):
    async with open_sqlite_ledger(path) as ledger:
        for number in range(40):
            await ledger.append({"schema": "feedback/v1", "id": f"{name}{number}", "created_at": "2025", "decision_id": "d"})
asyncio.run(main(*sys.argv[1:]))
"""


def test_processes_share_a_new_file(path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    report = verify(path)
    assert (report.findings, report.leaves) == ((), 120)


async def test_full_disk_writes_nothing_and_recovers(path: Path) -> None:
    """The page limit makes SQLite answer as a full disk does."""
    async with open_sqlite_ledger(path) as ledger:
        await ledger.append(record("before"))
        database = ledger._writer._database
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerError) as caught:
            await ledger.append(record("too large", content={"text": "x" * 100_000}))
        assert "full" in caught.value.render("en")
        with pytest.raises(NotFoundError):
            await ledger.get("too large")
        database.execute("PRAGMA max_page_count = 1000000")
        assert (await ledger.append(record("after"))).leaf_index == 1
    assert verify(path).ok


async def test_file_that_cannot_be_written(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        await ledger.append(record("before"))
        ledger._writer._database.execute("PRAGMA query_only = ON")
        for attempt in (ledger.append(record("d")), ledger.ping(), ledger.erase("before")):
            with pytest.raises(LedgerError):
                await attempt
        assert (await ledger.get("before"))["content"] == {"text": "before"}


async def test_write_lock_held_elsewhere_is_an_error_not_a_hang(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        ledger._writer.patience = 0.05
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError):
            await ledger.append(record("d"))
        other.execute("ROLLBACK")
        other.close()
        await ledger.append(record("d"))


async def test_write_lock_held_elsewhere_for_a_while_holds_up_nobody_else(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(ledger.append(record("d0")))
        turns = 0
        for _ in range(20):  # the event loop goes on turning
            await asyncio.sleep(0.005)
            turns += 1
        assert (turns, waiting.done()) == (20, False)
        other.execute("ROLLBACK")
        other.close()
        assert (await waiting).leaf_index == 0
    assert verify(path).leaves == 1


async def test_on_a_slow_disk_the_writer_thread_commits(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        ledger._commits._pace = 1e6
        receipts = await asyncio.gather(*(ledger.append(record(f"d{number}")) for number in range(50)))
        assert sorted(receipt.leaf_index for receipt in receipts) == list(range(50))
        assert len({receipt.checkpoint for receipt in receipts}) < 25
    assert verify(path).leaves == 50


def lose(path: Path, how: str) -> None:
    path.rename(path.with_name("moved.db"))
    if how == "replaced":
        path.write_bytes(b"")


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_nothing_is_acknowledged_into_a_lost_file(path: Path, how: str) -> None:
    async with open_sqlite_ledger(path) as ledger:
        await ledger.append(record("before"))
        lose(path, how)
        for attempt in (ledger.append(record("d")), ledger.ping()):
            with pytest.raises(LedgerError):
                await attempt


async def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError):
        async with open_sqlite_ledger(tmp_path / "file" / "ledger.db"):
            pass


def spoil(path: Path) -> None:
    path.write_bytes(b"x" * 10_000)


async def test_file_that_is_no_database(path: Path) -> None:
    await filled(path)
    spoil(path)
    with pytest.raises(LedgerError):
        async with open_sqlite_ledger(path):
            pass


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoints SET note = replace(note, '5', '6') WHERE number = 5",
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE number = 4) WHERE number = 5",
        "DELETE FROM checkpoints WHERE number = 5",
        "DELETE FROM checkpoints",
        "DELETE FROM leaves WHERE leaf_index = 4",
        "UPDATE leaves SET body = replace(body, 'approve', 'reject') WHERE leaf_index = 4",
        "DELETE FROM nodes WHERE number = 6",
        "UPDATE nodes SET hash = zeroblob(32) WHERE number = 6",
        "INSERT INTO nodes VALUES (99, zeroblob(32))",
    ],
)
async def test_quick_check_when_opened(path: Path, statement: str) -> None:
    await filled(path)
    change(path, statement)
    with pytest.raises(IntegrityError):
        async with open_sqlite_ledger(path):
            pass


async def test_another_key_does_not_open_the_ledger(path: Path, tmp_path: Path) -> None:
    await filled(path)
    await filled(tmp_path / "other" / "ledger.db")
    shutil.copy(key_path(tmp_path / "other" / "ledger.db"), key_path(path))
    with pytest.raises(IntegrityError):
        async with open_sqlite_ledger(path):
            pass


async def test_lost_key_is_not_replaced(path: Path) -> None:
    await filled(path)
    key_path(path).unlink()
    with pytest.raises(IntegrityError) as caught:
        async with open_sqlite_ledger(path):
            pass
    assert caught.value.key == "error.ledger_key_missing"


async def test_closed_ledger_refuses(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        pass
    for attempt in (ledger.append(record("d")), ledger.get("d"), ledger.ping()):
        with pytest.raises(LedgerError):
            await attempt


async def test_closing_commits_what_waits(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        waiting = [asyncio.create_task(ledger.append(record(f"d{number}"))) for number in range(50)]
        await asyncio.sleep(0)
    assert len({(await task).leaf_index for task in waiting}) == 50
    assert verify(path).leaves == 50


async def test_caller_who_gave_up_harms_nobody(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        task = asyncio.create_task(ledger.append(record("d0")))
        await asyncio.sleep(0)
        task.cancel()
        assert (await ledger.append(record("d1"))).leaf_index in {0, 1}
    assert verify(path).ok


async def test_erasure_destroys_the_words_and_keeps_the_proof(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        before = await ledger.append(record("d0", content={"text": "do João"}))
        await ledger.append(record("d1"))
        key = key_of(path, 0)
        erasure = await ledger.erase("d0")
        found = await ledger.get("d0")
        assert (found["content"], found["erased"], found["verdict"]) == (None, True, "approve")
        assert await ledger.prove("erasure-d0") == erasure
        assert (await ledger.erase("d0")).leaf_index == erasure.leaf_index
        after = await ledger.prove("d0")
        assert isinstance(after, Receipt)
        assert after.leaf_hash == before.leaf_hash
        assert verify_receipt(after, ledger.public_key)
        with pytest.raises(NotFoundError):
            await ledger.erase("unknown")
        assert files_with(path.parent, key) == []
    report = verify(path)
    assert (report.ok, report.erased) == (True, 1)


def files_with(folder: Path, content: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if content in file.read_bytes()]


def key_of(path: Path, index: int) -> bytes:
    database = sqlite3.connect(path)
    (key,) = database.execute("SELECT key FROM keys WHERE leaf_index = ?", (index,)).fetchone()
    database.close()
    return bytes(key)


async def test_no_word_of_a_person_lies_open_in_the_files(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        await ledger.append(record("d0", content={"text": "segredo da Maria"}))
        assert files_with(path.parent, b"Maria") == []


async def test_public_key_is_beside_the_ledger(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        assert public_key_of(path) == ledger.public_key
        assert ledger.public_key.startswith(parse_checkpoint(await ledger.head()).origin)


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"schema": "feedback/v1"}, "INDEX leaves_by_schema (schema=?)"),
        ({"schema": "feedback/v1", "decision_id": "d"}, "INDEX leaves_by_decision (decision_id=?)"),
        ({"verdict": "reject", "before": 7}, "INDEX leaves_by_verdict (verdict=? AND rowid<?)"),
        ({"decision_id": "d"}, "INDEX sqlite_autoindex_leaves_1 (record_id=?)"),
        ({"before": 7}, "INTEGER PRIMARY KEY (rowid<?)"),
    ],
)
async def test_look_ups_use_an_index(path: Path, asked: dict[str, Any], index: str) -> None:
    async with open_sqlite_ledger(path) as ledger:
        database, statements = ledger._reader._database, list[str]()
        database.set_trace_callback(statements.append)
        await ledger.find(**asked)
        database.set_trace_callback(None)
        plan = database.execute(f"EXPLAIN QUERY PLAN {statements[0]}").fetchall()
    assert plan[0][3] == f"SEARCH l USING {index}"


def test_path_of_a_url() -> None:
    assert ledger_path("sqlite:////var/x.db") == Path("/var/x.db")
    assert ledger_path("sqlite:///x.db") == Path("x.db")
    assert ledger_path(Path("y.db")) == Path("y.db")


def test_ledger_class_is_the_one_that_is_opened(path: Path) -> None:
    async def kind() -> type:
        async with open_sqlite_ledger(path) as ledger:
            return type(ledger)

    assert asyncio.run(kind()) is SqliteLedger


@pytest.mark.parametrize("fate", ["lost", "set back"])
async def test_a_ledger_that_lost_what_it_had_is_not_written_on(path: Path, tmp_path: Path, fate: str) -> None:
    await filled(path, 1)
    earlier = shutil.copy(path, tmp_path / "earlier.db")
    async with open_sqlite_ledger(path) as ledger:
        await ledger.append(record("new"))
    shutil.move(path, tmp_path / "gone.db")
    if fate == "set back":
        shutil.copy(earlier, path)
    head = key_path(path).with_name(f"{key_path(path).name}.head")
    for _ in range(2):
        with pytest.raises(IntegrityError) as told:
            async with open_sqlite_ledger(path):
                pass
        assert told.value.key == "error.ledger_gone"
        assert str(head) in told.value.render("pt")
    head.unlink()
    async with open_sqlite_ledger(path) as ledger:
        assert (await ledger.append(record("d3"))).leaf_index == (1 if fate == "set back" else 0)


async def test_what_is_remembered_of_a_ledger_may_be_lost_or_another_keys(path: Path) -> None:
    head = key_path(path).with_name(f"{key_path(path).name}.head")
    for kept in ("", "x", Signer(Ed25519PrivateKey.generate()).sign(7, bytes(32), 7)):
        async with open_sqlite_ledger(path) as ledger:
            await ledger.head()
        head.write_text(kept)
    async with open_sqlite_ledger(path) as ledger:
        assert (await ledger.append(record("d1"))).leaf_index == 0
