"""A log in MongoDB under the auditor's eyes: erasing, verifying, proving, exporting, in a large log too."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.monitoring import CommandListener, CommandSucceededEvent, register

from neural_hive.cli import main as cli
from neural_hive.errors import LedgerError, NotFoundError
from neural_hive.ledger import merkle
from neural_hive.ledger.leaf import seal
from neural_hive.ledger.mongo_form import compose, ident
from neural_hive.ledger.signing import open_signer, public_key_path
from neural_hive.ledger.verify import verify, verify_receipt
from neural_hive.types import Receipt
from tests.real.mongo_place import DEADLINE, Place, database, filled, record
from tests.services import url_of

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with database(url_of("mongodb"), tmp_path) as given:
        yield given


@pytest.fixture(params=[None, True], ids=["its own way", "mongod's way"])
def either(request: pytest.FixtureRequest, place: Place) -> Place:
    """Both ways to find the head: mongod's, which any server can go, and that for servers without ordered reads."""
    return replace(place, ordered=request.param)


async def test_an_erased_record_keeps_its_proof(either: Place) -> None:
    await filled(either, 3)
    async with either.open() as ledger:
        erased = await ledger.erase("d1")
        assert erased == await ledger.prove("erasure-d1")
        assert (await ledger.erase("d1")).leaf_index == erased.leaf_index
        assert (await ledger.get("d1"))["erased"]
        receipt = await ledger.prove("d1")
        assert isinstance(receipt, Receipt)
        assert verify_receipt(receipt, ledger.public_key)
        with pytest.raises(NotFoundError):
            await ledger.erase("unknown")
    either.is_whole(4)


async def test_an_erasure_that_was_cut_short_is_told_and_completed(place: Place) -> None:
    await filled(place, 2)
    key = place.leaves.find_one({"_id": ident(1)})["key"]
    async with place.open() as ledger:
        await ledger.erase("d0")
        place.leaves.update_one({"_id": ident(1)}, {"$set": {"key": key}})
        assert [finding.name for finding in verify(place.url, key_file=place.key).findings] == ["content"]
        await ledger.erase("d0")
    place.is_whole(3)


async def test_the_auditor_sees_what_was_changed(place: Place) -> None:
    receipts = await filled(place, 6)
    anchor = receipts[-1].checkpoint
    assert verify(place.url, key_file=place.key, anchor=anchor).ok
    place.leaves.update_one({"_id": ident(3)}, {"$set": {"verdict": "approve"}})
    assert [finding.name for finding in verify(place.url, key_file=place.key).findings] == ["index"]
    place.leaves.update_one({"_id": ident(3)}, {"$set": {"verdict": "reject"}})
    place.leaves.delete_one({"_id": ident(6)})
    place.is_whole(5)
    assert [finding.name for finding in verify(place.url, key_file=place.key, anchor=anchor).findings] == ["anchor"]


async def test_a_closed_ledger_refuses(place: Place) -> None:
    async with place.open() as ledger:
        pass
    with pytest.raises(LedgerError):
        await ledger.append(record("late"))
    with pytest.raises(LedgerError):
        await ledger.head()


async def test_reading_begins_no_log(place: Place) -> None:
    with pytest.raises(LedgerError):
        async with place.open(create=False):
            pass
    with pytest.raises(LedgerError):
        verify(place.url, public_key=open_signer(place.key, create=True).public_key)
    assert place.leaves.find_one({}) is None


@pytest.fixture
async def command(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """`hive ...` on a ledger of three records; gives exit code and output."""
    await filled(place, 3)
    for name, value in (("LEDGER", place.url), ("LEDGER_KEY", place.key), ("DATA_DIR", tmp_path), ("LEDGER_DEADLINE", DEADLINE)):
        monkeypatch.setenv(f"HIVE_{name}", str(value))

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hive", "ledger", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli()
        return int(ended.value.code or 0), capfd.readouterr().out

    return lambda *words: asyncio.to_thread(run, *words)


async def test_the_commands_work_on_a_server_too(command: Any, place: Place, tmp_path: Path) -> None:
    exported, key = tmp_path / "export.jsonl", str(public_key_path(place.key))
    assert (await command("verify"))[0] == 0
    assert (await command("verify", "--independent"))[0] == 0
    assert json.loads((await command("show", "d1"))[1])["content"]["text"] == "apagar a tabela d1"
    assert json.loads((await command("prove", "d1"))[1])["tree_size"] == 3
    assert len(json.loads((await command("prove", "--since", "1"))[1])["consistency"]) == 2
    assert (await command("export", "-o", str(exported)))[0] == 0
    assert "tabela" not in exported.read_text("utf-8")
    assert (await command("verify", "--file", str(exported), "--public-key", key))[0] == 0
    place.leaves.update_one({"_id": ident(2)}, {"$set": {"body": b"{}"}})
    assert (await command("verify"))[0] == 1
    assert (await command("verify", "--independent"))[0] == 1


class Reads(CommandListener):
    """Counts the documents that the server gives."""

    def __init__(self) -> None:
        self.documents = 0

    def succeeded(self, event: CommandSucceededEvent) -> None:
        cursor = event.reply.get("cursor") or {}
        self.documents += len(cursor.get("firstBatch", ())) + len(cursor.get("nextBatch", ()))

    def started(self, event: Any) -> None:
        """Nothing is given yet."""

    def failed(self, event: Any) -> None:
        """Nothing is given."""


READS = Reads()
register(READS)


@pytest.fixture
async def large(request: pytest.FixtureRequest, place: Place) -> tuple[Place, int]:
    """A log of many leaves, written without the ledger's care, which is much quicker."""
    signer, size = open_signer(place.key, create=True), request.param
    async with place.open():
        pass
    tree = merkle.Tree()
    drafts = (compose(tree, seal({"schema": "x/v1", "id": f"d{number}", "created_at": "2025"}), signer) for number in range(size))
    while page := [draft.document for draft in itertools.islice(drafts, 90)]:
        await asyncio.to_thread(place.leaves.insert_many, page)
    return place, size


@pytest.mark.parametrize("large", [1000, pytest.param(100_000, marks=pytest.mark.soak)], indirect=True)
async def test_proofs_read_a_few_documents_of_a_large_log(large: tuple[Place, int]) -> None:
    place, size = large
    most = 2 * size.bit_length() + 6
    start = READS.documents
    async with place.open(deadline=120.0) as ledger:
        assert READS.documents - start <= most
        asks: list[Callable[[], Awaitable[object]]] = [
            lambda: ledger.prove(f"d{size // 3}"),
            lambda: ledger.prove("", since=size // 3),
            lambda: ledger.append(record("new")),
        ]
        for ask in asks:
            start = READS.documents
            await ask()
            assert READS.documents - start <= most
    place.is_whole(size + 1)
