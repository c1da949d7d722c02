"""Each part of a distributed hive fails in each way: the answer comes in time and is never less cautious, and the ledger stays whole.

The line between the hive and a part does the failing, so that the server behind it is well when the fault is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.errors import UnavailableError
from neural_hive.hive import Hive
from neural_hive.settings import Limits, Settings
from neural_hive.specialists import registry
from neural_hive.transport.server import serve_specialist
from neural_hive.types import Decision, Intent
from tests.line import FAULTS, Line, line_to
from tests.services import url_of

pytestmark = pytest.mark.real

DEADLINES = {"specialist_deadline": 0.6, "ledger_deadline": 1.0, "graph_deadline": 0.3, "ready_deadline": 0.8}
LATE = {"ledger": 2.0, "graph": 0.6, "cache": 0.1, "specialist": 1.2}
"""How late a slow part answers: twice the time that it has."""
WITHIN = 3.0
"""Seconds for an answer while a part fails: all deadlines, one after the other, and some for a busy machine."""
PARTS = ("ledger", "graph", "cache", "technical", "behavior", "evolution", "architecture")
TEXTS = (
    "Drop the customers table {n} in production, there is no backup.",
    "Apagar o bucket de backups {n} em produção sem cópia.",
    "Migrar o banco de pedidos {n} para o PostgreSQL em produção no sábado.",
    "Open port 22 of host {n} to the internet.",
    "Fix a typo in the README of project {n}.",
    "Ler os logs do serviço {n} e contar os erros.",
)


@dataclass
class World:
    """A hive whose parts stand behind lines, and one in a single process that shows what it would answer if all were well."""

    hive: Hive
    healthy: Hive
    lines: dict[str, Line]
    told: list[Decision] = field(default_factory=list)
    asked: int = 0

    async def ask(self) -> list[tuple[Decision, Decision | None]]:
        """For each text what a healthy hive answers, and this one, or nothing; texts never repeat, so no cache helps."""
        self.asked += 1
        texts = [text.format(n=self.asked) for text in TEXTS]
        return [(await self.healthy.review(Intent(text=text)), await self._answer(text)) for text in texts]

    async def _answer(self, text: str) -> Decision | None:
        began = time.perf_counter()
        try:
            decision = await self.hive.review(Intent(text=text))
        except UnavailableError:
            decision = None
        assert time.perf_counter() - began < WITHIN, text
        if decision:
            self.told.append(decision)
        return decision

    async def is_ready(self) -> tuple[bool, set[str]]:
        """What /ready says, and which parts it calls broken."""
        began = time.perf_counter()
        state = await self.hive.probe.readiness()
        assert time.perf_counter() - began < 2.0
        return state.ready, {item.name for item in state.dependencies if not item.ok}

    async def is_well(self) -> bool:
        same = all(found is not None and found.opinions == healthy.opinions for healthy, found in await self.ask())
        return same and (await self.is_ready()) == (True, set())


def through(url: str, line: Line) -> str:
    """The URL with the line's port in the place of the server's."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{line.port}"))


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    name = f"faults{uuid4().hex[:12]}"
    stores = {"ledger": url_of("mongodb").rstrip("/"), "graph": url_of("neo4j"), "cache": url_of("redis")}
    async with AsyncExitStack() as stack:
        ports = {part: urlsplit(url).port or 0 for part, url in stores.items()}
        for voice in registry.names():
            ports[voice] = await stack.enter_async_context(serve_specialist(registry.open_local(voice), port=0))
        lines = {part: await stack.enter_async_context(line_to(port, LATE.get(part, LATE["specialist"]))) for part, port in ports.items()}
        given: dict[str, Any] = {
            "ledger": through(f"{stores['ledger']}/{name}", lines["ledger"]),
            "graph": through(stores["graph"], lines["graph"]) + f"?hive={name}",
            "cache": through(stores["cache"], lines["cache"]) + f"?prefix={name}",
            "specialists": {voice: f"grpc://127.0.0.1:{lines[voice].port}" for voice in registry.names()},
        }
        settings = Settings(data_dir=folder, limits=Limits(), **given, **DEADLINES)
        hive = await stack.enter_async_context(open_hive(settings))
        healthy = await stack.enter_async_context(open_hive(Settings(data_dir=folder / "healthy", limits=Limits())))
        yield World(hive, healthy, lines)


def expected_broken(part: str) -> str:
    return part if part in LATE else f"specialist-{part}"


@pytest.mark.parametrize("part", PARTS)
async def test_every_fault_of_a_part(part: str, tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
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


async def never_less_cautious(world: World, part: str, fault: str) -> None:
    for _ in range(2):
        for healthy, answer in await world.ask():
            assert answer is None or answer.verdict.severity >= healthy.verdict.severity, f"{part} {fault}: {healthy.plan.title}"
            assert answer is not None or part == "ledger", f"{part} {fault}: the others can answer"


async def until_broken(world: World, name: str) -> tuple[bool, set[str]]:
    """What /ready says within two seconds of the fault, when it has to be true."""
    deadline = time.monotonic() + 2.0
    state = await world.is_ready()
    while name not in state[1] and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        state = await world.is_ready()
    return state


async def recovers(world: World, what: str) -> None:
    """Well again within five seconds: a look that begins by then finds nothing wrong."""
    deadline = time.monotonic() + 5.0
    began = time.monotonic()
    while not await world.is_well():
        await asyncio.sleep(0.1)
        began = time.monotonic()
        assert began < deadline, f"{what}: not well again within 5 s"


async def everything_told_is_in_the_ledger(world: World) -> None:
    for decision in world.told:
        record = await world.hive.ledger.get(decision.decision_id)
        assert record["verdict"] == decision.verdict.value
