"""A hive whose parts stand behind lines, beside one that is well."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from neural_hive.errors import UnavailableError
from neural_hive.graph.neo4j import open_neo4j_graph
from neural_hive.hive import Hive
from neural_hive.types import Decision, Intent
from tests.line import Line

WITHIN = 3.0
"""Seconds for an answer while a part fails: all deadlines, one after the other, and some for a busy machine."""
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

    async def ask(self, some: int = len(TEXTS)) -> list[tuple[Decision, Decision | None]]:
        """For some of the texts what a healthy hive answers, and this one, or nothing; texts never repeat, so no cache helps."""
        self.asked += 1
        texts = [text.format(n=self.asked) for text in TEXTS[:some]]
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

    async def is_well(self, some: int) -> bool:
        same = all(found is not None and found.opinions == healthy.opinions for healthy, found in await self.ask(some))
        return same and (await self.is_ready()) == (True, set())


def through(url: str, line: Line) -> str:
    """The URL with the line's port in the place of the server's."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{line.port}"))


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
    """Well again within five seconds: a look that begins by then finds nothing wrong, and neither does a longer one after it."""
    deadline = time.monotonic() + 5.0
    while not await world.is_well(some=1):
        await asyncio.sleep(0.1)
        assert time.monotonic() < deadline, f"{what}: not well again within 5 s"
    assert await world.is_well(some=len(TEXTS)), f"{what}: well for a moment only"


async def everything_told_is_in_the_ledger(world: World) -> None:
    for decision in world.told:
        record = await world.hive.ledger.get(decision.decision_id)
        assert record["verdict"] == decision.verdict.value


async def emptied(graph: str) -> None:
    """Remove what a hive put into the graph that others share."""
    async with open_neo4j_graph(graph, graph_deadline=30.0) as opened:
        await opened.clear()
