"""What needs no Neo4j: addresses, and servers that are away, silent or no Neo4j at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.graph.neo4j import open_neo4j_graph
from neural_hive.graph.neo4j_place import place_of
from neural_hive.types import Action, Plan, Task

PLAN = Plan(tasks=(Task(id="t", description="", actions=(Action(operation="drop", object="table"),)),))
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def test_a_whole_url() -> None:
    place = place_of("neo4j+s://hive%40us:p%3Ass@graph.example:7688/memory?hive=blue&policy=eu")
    assert place.uri == "neo4j+s://graph.example:7688?policy=eu"
    assert place.auth == ("hive@us", "p:ss")
    assert (place.database, place.hive) == ("memory", "blue")
    assert str(place) == "neo4j+s://graph.example:7688/memory"


MISREAD = [f"neo4j://neo4j:{password}@host:7687/db" for password in ("12/secret", "12?secret", "12#secret", "12/a?secret", "12?a/secret")]
MISREAD += ["neo4j://u:p@host/db?policy=se@secret", "neo4j://u:secret"]


def test_a_short_url() -> None:
    place = place_of("bolt://[::1]")
    assert (place.uri, place.auth, place.database, place.hive) == ("bolt://[::1]:7687", None, None, "main")


@pytest.mark.parametrize("url", ["neo4j://", "bolt://u:secret@h:port", "bolt://u:secret@h/a/b", "bolt://u:secret@h?hive=no way", *MISREAD])
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as told:
        place_of(url)
    assert "secret" not in told.value.render("pt") + told.value.render("en") + repr(told.value)


def test_a_place_does_not_show_its_password() -> None:
    assert "secret" not in repr(place_of("neo4j://user:secret@host"))


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"bolt://user:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def babbling(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\x00garbage" * 100)
    writer.close()


async def dropping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4)
    writer.close()


@pytest.mark.parametrize("talk", [silent, babbling, dropping])
async def test_a_server_that_is_none_fails_in_time_and_is_left_alone(talk: Talk) -> None:
    async with talking(talk) as url, open_neo4j_graph(url, graph_deadline=0.2) as graph:
        start = time.perf_counter()
        with pytest.raises(UnavailableError) as told:
            await graph.similar(PLAN)
        assert time.perf_counter() - start < 1
        assert "secret" not in str(told.value)
        start = time.perf_counter()
        with pytest.raises(UnavailableError, match="resting"):
            await graph.similar(PLAN)
        assert time.perf_counter() - start < 0.1
        with pytest.raises(UnavailableError):
            await graph.ping()


async def test_nobody_there() -> None:
    async with talking(silent) as url:
        pass
    async with open_neo4j_graph(url, graph_deadline=0.2) as graph:
        start = time.perf_counter()
        with pytest.raises(UnavailableError):
            await graph.ping()
        assert time.perf_counter() - start < 2


async def test_nothing_is_asked_for_a_plan_that_does_nothing() -> None:
    async with open_neo4j_graph("bolt://127.0.0.1:1", graph_deadline=0.2) as graph:
        assert await graph.similar(Plan(tasks=())) == ()
        assert await graph.similar(PLAN, limit=0) == ()


async def test_an_unusable_routing_context_is_a_setting_that_cannot_be_used() -> None:
    with pytest.raises(SettingsError):
        async with open_neo4j_graph("bolt://127.0.0.1:1?policy=eu", graph_deadline=0.2):
            pass
