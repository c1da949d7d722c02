"""Each part of a distributed hive fails in each way: the answer comes in time and is never less cautious, and the ledger stays whole.

The line between the hive and a part does the failing, so that the server behind it is well when the fault is over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.settings import Limits, Settings
from neural_hive.specialists import registry
from neural_hive.transport.server import serve_specialist
from tests.line import FAULTS, line_to
from tests.real.mongo_place import Place, database
from tests.real.world import World, emptied, everything_told_is_in_the_ledger, never_less_cautious, recovers, through, until_broken
from tests.services import url_of

pytestmark = pytest.mark.real

DEADLINES = {"specialist_deadline": 0.6, "ledger_deadline": 1.0, "graph_deadline": 0.3, "ready_deadline": 0.8}
LATE = {"ledger": 2.0, "graph": 0.6, "cache": 0.1, "specialist": 1.2}
"""How late a slow part answers: twice the time that it has."""
PARTS = ("ledger", "graph", "cache", "technical", "behavior", "evolution", "architecture")


@asynccontextmanager
async def open_world(folder: Path, place: Place) -> AsyncIterator[World]:
    name = f"faults{uuid4().hex[:12]}"
    stores = {"ledger": place.url, "graph": f"{url_of('neo4j')}?hive={name}", "cache": f"{url_of('redis')}?prefix={name}"}
    async with AsyncExitStack() as stack:
        stack.push_async_callback(emptied, stores["graph"])
        ports = {part: urlsplit(url).port or 0 for part, url in stores.items()}
        for voice in registry.names():
            ports[voice] = await stack.enter_async_context(serve_specialist(registry.open_local(voice), port=0))
        lines = {part: await stack.enter_async_context(line_to(port, LATE.get(part, LATE["specialist"]))) for part, port in ports.items()}
        given: dict[str, Any] = {part: through(url, lines[part]) for part, url in stores.items()}
        given["specialists"] = {voice: f"grpc://127.0.0.1:{lines[voice].port}" for voice in registry.names()}
        settings = Settings(data_dir=folder, ledger_key=place.key, limits=Limits(), **given, **DEADLINES)
        hive = await stack.enter_async_context(open_hive(settings))
        healthy = await stack.enter_async_context(open_hive(Settings(data_dir=folder / "healthy", limits=Limits())))
        yield World(hive, healthy, lines)


def expected_broken(part: str) -> str:
    return part if part in LATE else f"specialist-{part}"


@pytest.mark.parametrize("part", PARTS)
async def test_every_fault_of_a_part(part: str, tmp_path: Path) -> None:
    with database(url_of("mongodb"), tmp_path) as place:
        async with open_world(tmp_path, place) as world:
            for fault in FAULTS:
                await world.lines[part].fail(fault)
                await never_less_cautious(world, part, fault)
                if fault != "restarted":
                    ready, broken = await until_broken(world, expected_broken(part))
                    assert expected_broken(part) in broken, fault
                    assert ready is (part != "ledger"), fault
                await world.lines[part].mend()
                await recovers(world, f"{part} {fault}")
            await everything_told_is_in_the_ledger(world)
        place.is_whole()
