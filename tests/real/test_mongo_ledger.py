"""The ledger in MongoDB on a real server: many gateways, sudden death, servers that come and go, the auditor's tools."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import pytest

from neural_hive.errors import ConflictError, HiveError, IntegrityError, LedgerError
from neural_hive.ledger import merkle
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.mongo import MongoLedger
from neural_hive.ledger.mongo_form import ident
from neural_hive.ledger.signing import open_signer
from neural_hive.ledger.verify import verify_receipt
from tests.line import line_to
from tests.real.mongo_place import Place, database, filled, record
from tests.services import private, url_of

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with database(url_of("mongodb"), tmp_path) as given:
        yield given


@pytest.fixture(params=[None, True], ids=["its own way", "mongod's way"])
def either(request: pytest.FixtureRequest, place: Place) -> Place:
    """Both ways to find the head: mongod's, which any server can go, and that for servers without ordered reads."""
    return replace(place, ordered=request.param)


def acknowledged(stream: IO[bytes], first: bytes = b"") -> dict[str, tuple[int, str]]:
    """Leaf index and hash by record id, as a writer was told; the last line may be torn."""
    with stream:
        lines = (first + b"".join(iter(lambda: stream.read(65536), b""))).decode().splitlines(keepends=True)
    rows = [line.split() for line in lines if line.endswith("\n")]
    return {name: (int(index), leaf) for name, index, leaf, _ in rows}


def stored(place: Place) -> dict[str, tuple[int, str]]:
    found = place.leaves.find({"schema": "decision/v1"}, {"record_id": 1, "body": 1})
    return {each["record_id"]: (int(each["_id"]) - 1, merkle.leaf_hash(each["body"]).hex()) for each in found}


@pytest.mark.parametrize("each", [500, pytest.param(10_000, marks=pytest.mark.soak)])
def test_two_processes_leave_neither_gap_nor_fork(place: Place, each: int) -> None:
    writers = [place.writer(name, each) for name in ("one", "two")]
    told: dict[str, tuple[int, str]] = {}
    for writer in writers:
        assert writer.stdout is not None
        told |= acknowledged(writer.stdout)
        assert writer.wait() == 0
    assert sorted(index for index, _ in told.values()) == list(range(2 * each))
    assert stored(place) == told
    place.is_whole(2 * each)


async def test_gateways_in_one_process_get_places_of_their_own(either: Place) -> None:
    async with either.open() as one, either.open() as other, either.open() as third:
        gateways = {"a": one, "b": other, "c": third}
        appends = [ledger.append(record(f"{name}-{number}")) for name, ledger in gateways.items() for number in range(60)]
        receipts = await asyncio.gather(*appends)
        assert sorted(receipt.leaf_index for receipt in receipts) == list(range(180))
        assert all(verify_receipt(receipt, one.public_key) for receipt in receipts)
        assert parse_checkpoint(await other.head()).number >= 60
    either.is_whole(180)


async def test_a_quiet_gateway_is_heard_beside_a_busy_one(place: Place) -> None:
    async with place.open() as busy, place.open() as quiet:
        done = asyncio.Event()

        async def client(name: int) -> None:
            for number in itertools.count():
                if done.is_set():
                    return
                await busy.append(record(f"busy-{name}-{number}"))

        clients = [asyncio.create_task(client(name)) for name in range(16)]
        for number in range(6):
            await asyncio.sleep(0.4)
            async with asyncio.timeout(5):
                await quiet.append(record(f"quiet-{number}"))
        done.set()
        await asyncio.gather(*clients)
    place.is_whole()


async def test_one_id_from_many_gateways_is_taken_once(either: Place) -> None:
    async with either.open() as one, either.open() as other:
        outcomes = await asyncio.gather(*(ledger.append(record("same")) for ledger in (one, other, one, other)), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConflictError"] * 3 + ["Receipt"]
        assert (await one.append(record("next"))).leaf_index == 1
    either.is_whole(2)


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.soak)])
def test_kill_9_loses_nothing_that_was_acknowledged(place: Place, kills: int) -> None:
    told: dict[str, tuple[int, str]] = {}
    dice = random.Random(kills)  # noqa: S311 -- repeatable on purpose
    for kill in range(kills):
        writer = place.writer(f"round{kill}")
        assert writer.stdout is not None
        first = writer.stdout.read(1)
        assert first, "the ledger did not open again by itself"
        time.sleep(dice.uniform(0, 0.3))
        writer.send_signal(signal.SIGKILL)
        told |= acknowledged(writer.stdout, first)
        writer.wait()
    found = stored(place)
    assert [name for name, receipt in told.items() if found.get(name) != receipt] == []
    place.is_whole()


async def test_another_key_is_refused(place: Place, tmp_path: Path) -> None:
    async with place.open() as ledger:
        await ledger.append(record("d0"))
    open_signer(tmp_path / "other.key", create=True)
    with pytest.raises(IntegrityError, match="another key"):
        async with Place(place.url, tmp_path / "other.key").open():
            pass


async def test_two_keys_that_begin_at_once_do_not_share_a_log(place: Place, tmp_path: Path) -> None:
    async def begin(key: str) -> str:
        try:
            async with Place(place.url, tmp_path / key).open() as ledger:
                await ledger.append(record(key))
        except HiveError as error:
            return error.key
        return "begun"

    outcomes = await asyncio.gather(*(begin(f"{number}.key") for number in range(3)))
    assert outcomes.count("begun") == 1
    assert set(outcomes) <= {"begun", "error.ledger_other_key", "error.ledger_key_missing"}


async def test_a_lost_key_is_not_replaced(place: Place) -> None:
    async with place.open():
        pass
    place.key.unlink()
    with pytest.raises(IntegrityError):
        async with place.open():
            pass


async def test_a_log_that_lost_what_it_had_is_not_begun_anew(place: Place) -> None:
    await filled(place, 3)
    kept = place.leaves.find_one({"_id": ident(3)})
    place.leaves.delete_one({"_id": ident(3)})
    for _ in ("set back", "dropped"):
        with pytest.raises(IntegrityError) as told:
            async with place.open():
                pass
        assert told.value.key == "error.ledger_gone"
        place.leaves.insert_one(kept)
        async with place.open() as ledger:
            assert (await ledger.get("d2"))["id"] == "d2"
        place.leaves.delete_many({})
    with pytest.raises(IntegrityError, match="once had 3 records"):
        async with place.open():
            pass
    assert place.leaves.find_one({}) is None


async def test_a_log_begun_with_a_key_that_was_there_is_told(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    open_signer(place.key, create=True)
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        async with place.open():
            pass
    assert [each.message for each in caplog.records if "a new ledger begins" in each.message] == [
        f"a new ledger begins at {place.url}, with a key that was there before"
    ]


CHANGES: dict[str, Callable[[Any], object]] = {
    "the newest leaf's edge": lambda leaves: leaves.update_one({"_id": ident(5)}, {"$set": {"edge": bytes(64)}}),
    "the newest checkpoint": lambda leaves: leaves.update_one({"_id": ident(5)}, {"$set": {"note": "x"}}),
    "the first document": lambda leaves: leaves.update_one({"_id": ident(0)}, {"$set": {"note": "x"}}),
    "the newest leaf": lambda leaves: leaves.delete_one({"_id": ident(5)}),
    "the whole log": lambda leaves: leaves.delete_many({}),
}


@pytest.mark.parametrize("change", list(CHANGES)[:3])
async def test_a_damaged_head_is_not_written_on(place: Place, change: str) -> None:
    await filled(place, 5)
    CHANGES[change](place.leaves)
    with pytest.raises(IntegrityError):
        async with place.open():
            pass


@pytest.mark.parametrize("change", list(CHANGES)[3:])
async def test_a_log_that_is_taken_away_is_not_written_on(place: Place, change: str) -> None:
    async with place.open() as ledger:
        for number in range(5):
            await ledger.append(record(f"d{number}"))
        CHANGES[change](place.leaves)
        await asyncio.sleep(1.1)
        with pytest.raises(IntegrityError):
            await ledger.append(record("later"))


async def test_a_hanging_server_is_an_error_in_time_and_nothing_is_doubled(tmp_path: Path) -> None:
    with private("mongodb") as server, database(server.url, tmp_path) as place:
        async with place.open(deadline=2.0) as ledger:
            await ledger.append(record("before"))
            server.pause()
            start = time.monotonic()
            outcomes = await asyncio.gather(*(ledger.append(record(f"d{number}")) for number in range(20)), return_exceptions=True)
            with pytest.raises(LedgerError):
                await ledger.ping()
            assert time.monotonic() - start < 6
            assert {type(outcome) for outcome in outcomes} == {LedgerError}
            server.resume()
            for number in range(20):
                await settled(ledger, f"d{number}")
        place.is_whole(21)


async def settled(ledger: MongoLedger, name: str) -> None:
    """Append until it is there, as a caller does who keeps the id; being there already is fine."""
    for _ in range(20):
        try:
            await ledger.append(record(name))
        except ConflictError:
            return
        except LedgerError:
            await asyncio.sleep(0.3)
        else:
            return
    pytest.fail("the ledger did not recover")


class Wire:
    """A connection to the server that can lose an insert, or only the answer to it.

    Args:
        server: Where the server listens.
    """

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self.loses = ""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(self._server.hostname, self._server.port)
        answers = asyncio.create_task(self._pass_on(back, writer))
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 16):
                if b"insert\x00" in chunk and self.loses:
                    answers.cancel()
                    if self.loses == "the answer":
                        forth.write(chunk)
                        await asyncio.sleep(0.2)
                    self.loses = ""
                    break
                forth.write(chunk)
        for end in (forth, writer):
            end.close()
        await asyncio.wait({answers})

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 16):
                writer.write(chunk)
        writer.close()


@pytest.mark.parametrize("content", [{}, {"content": None}], ids=["with words", "without words"])
@pytest.mark.parametrize("lost", ["the question", "the answer"])
async def test_what_is_lost_on_the_way_is_found_and_not_written_twice(either: Place, lost: str, content: dict[str, None]) -> None:
    await filled(either, 2)
    wire = Wire(either.url)
    async with await asyncio.start_server(wire.carry, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        through = Place(urlsplit(either.url)._replace(netloc=f"127.0.0.1:{port}").geturl(), either.key, either.ordered)
        async with through.open() as ledger:
            for start in (2, 12, 22):
                wire.loses = lost
                receipts = await asyncio.gather(*(ledger.append(record(f"e{start + number}", **content)) for number in range(10)))
                assert not wire.loses
                assert sorted(receipt.leaf_index for receipt in receipts) == list(range(start, start + 10))
                assert all(verify_receipt(receipt, ledger.public_key) for receipt in receipts)
    either.is_whole(32)


async def test_a_server_that_dies_and_returns_needs_no_help(tmp_path: Path) -> None:
    with private("mongodb") as server, database(server.url, tmp_path) as place:
        async with place.open(deadline=2.0) as ledger:
            first = await ledger.append(record("before"))
            server.kill()
            with pytest.raises(LedgerError):
                await ledger.append(record("during"))
            server.start()
            start = time.monotonic()
            await settled(ledger, "after")
            assert time.monotonic() - start < 5
            assert (await ledger.get("before"))["id"] == "before"
            assert first.leaf_index == 0
        place.is_whole()


async def test_after_a_stall_under_load_records_arrive_again(place: Place) -> None:
    """What waited too long must not cost those the time that came after it: the load goes on, and the ledger catches up with it."""
    async with line_to(urlsplit(place.url).port or 27017, delay=0.2) as line, near(place, line.port).open(deadline=2.0) as ledger:
        await line.fail("slow")  # each answer takes its time, so that a batch cannot be written in no time
        began, tries = time.monotonic(), list[asyncio.Task[bool]]()
        hanging = False
        for number in range(40 * 9):
            await asyncio.sleep(max(0.0, began + number / 40 - time.monotonic()))
            tries.append(asyncio.create_task(arrives(ledger, f"d{number}")))
            if hanging != (1 < time.monotonic() - began < 4):
                hanging = not hanging
                await line.mend()
                await line.fail("hanging" if hanging else "slow")
        arrived = await asyncio.gather(*tries)
    assert arrived[:20] == [True] * 20
    assert not all(arrived[40 : 40 * 4])
    assert sum(arrived[-40:]) == 40, arrived
    place.is_whole()


async def arrives(ledger: MongoLedger, name: str) -> bool:
    with contextlib.suppress(LedgerError):
        await ledger.append(record(name, content={"text": "x" * 5000}))
        return True
    return False


def near(place: Place, port: int) -> Place:
    """The same database, reached by another port."""
    parts = urlsplit(place.url)
    return replace(place, url=parts._replace(netloc=f"{parts.hostname}:{port}").geturl())
