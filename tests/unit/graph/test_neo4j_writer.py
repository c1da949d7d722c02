from __future__ import annotations

import asyncio

import pytest
from neo4j.exceptions import Neo4jError, ServiceUnavailable

from neural_hive.graph.neo4j_writer import Row, Writer


class Store:
    """Keeps rows; refuses bad ones as the driver and the server do, and all while it is away."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, rows: list[Row]) -> None:
        await self.gate.wait()
        if self.away:
            raise ServiceUnavailable("away")
        if any(row["id"] == "bad" for row in rows):
            "\ud800".encode()  # half a character, which the driver cannot send
        if any(row["id"] == "long" for row in rows):  # what Neo4j 5.26 says of a value that is too large for an index
            raise Neo4jError._hydrate_neo4j(code="Neo.DatabaseError.Statement.ExecutionFailed", message="Property value is too large")
        self.batches.append([row["id"] for row in rows])


async def test_what_comes_while_a_write_is_under_way_goes_out_together() -> None:
    store = Store()
    writer = Writer(store)
    store.gate.clear()
    writes = [asyncio.create_task(writer.write({"id": f"{number}"})) for number in range(100)]
    await asyncio.sleep(0)
    store.gate.set()
    await asyncio.gather(*writes)
    assert sorted(int(name) for batch in store.batches for name in batch) == list(range(100))
    assert len(store.batches) <= 3


async def test_of_two_rows_with_one_id_the_first_is_stored() -> None:
    store = Store()
    writer = Writer(store)
    store.gate.clear()
    writes = [asyncio.create_task(writer.write({"id": name})) for name in ("0", "a", "a", "b")]
    await asyncio.sleep(0)
    store.gate.set()
    await asyncio.gather(*writes)
    assert sorted(name for batch in store.batches for name in batch) == ["0", "a", "b"]


async def test_a_bad_row_takes_no_others_with_it() -> None:
    store = Store()
    writer = Writer(store)
    results = await asyncio.gather(*(writer.write({"id": name}) for name in ("a", "bad", "b", "c")), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), UnicodeEncodeError, type(None), type(None)]
    assert sorted(name for batch in store.batches for name in batch) == ["a", "b", "c"]


async def test_a_row_that_the_server_cannot_store_takes_no_others_with_it() -> None:
    store = Store()
    writer = Writer(store)
    results = await asyncio.gather(*(writer.write({"id": name}) for name in ("a", "long", "b", "c")), return_exceptions=True)
    assert [isinstance(result, Neo4jError) for result in results] == [False, True, False, False]
    assert sorted(name for batch in store.batches for name in batch) == ["a", "b", "c"]


async def test_when_the_server_is_away_each_writer_hears_it_and_the_next_may_try() -> None:
    store = Store()
    writer = Writer(store)
    store.away = True
    results = await asyncio.gather(*(writer.write({"id": f"{number}"}) for number in range(5)), return_exceptions=True)
    assert all(isinstance(result, ServiceUnavailable) for result in results)
    store.away = False
    await writer.write({"id": "later"})
    assert store.batches == [["later"]]


async def test_who_gives_up_takes_nobody_else_along() -> None:
    store = Store()
    writer = Writer(store)
    store.gate.clear()
    first = asyncio.create_task(writer.write({"id": "first"}))
    await asyncio.sleep(0)
    others = [asyncio.create_task(writer.write({"id": f"{number}"})) for number in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    others[1].cancel()
    store.gate.set()
    await asyncio.gather(others[0], others[2])
    with pytest.raises(asyncio.CancelledError):
        await first
    assert {"0", "2"} <= {name for batch in store.batches for name in batch}


async def test_rows_that_come_within_a_moment_go_out_together() -> None:
    store = Store()
    writer = Writer(store, gather=0.5)
    first = asyncio.create_task(writer.write({"id": "a"}))
    await asyncio.sleep(0.05)
    await asyncio.gather(first, writer.write({"id": "b"}))
    assert store.batches == [["a", "b"]]
