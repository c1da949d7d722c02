"""One fixture per port, run over every adapter; a new adapter is one more line in a table here.

Adapters that need a real server carry the mark `real`; each test has a database, a prefix, a graph of its own there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from neural_hive.cache.base import Cache
from neural_hive.cache.memory import open_memory_cache
from neural_hive.cache.redis import open_redis_cache
from neural_hive.graph.base import Graph
from neural_hive.graph.neo4j import open_neo4j_graph
from neural_hive.graph.sqlite import open_sqlite_graph
from neural_hive.ledger.base import Ledger
from neural_hive.ledger.sqlite import open_sqlite_ledger
from neural_hive.types import Action, Decision, Domain, Environment, Plan, Task, Understanding, Verdict
from tests.real.mongo_place import database
from tests.services import url_of

Opener = Callable[[Path], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def mongo_ledger(folder: Path) -> AsyncIterator[Ledger]:
    with database(url_of("mongodb"), folder) as place:
        async with place.open() as ledger:
            yield ledger


@asynccontextmanager
async def neo4j_graph() -> AsyncIterator[Graph]:
    server = url_of("neo4j")
    async with open_neo4j_graph(f"{server}{'&' if '?' in server else '?'}hive=t{uuid4().hex}", graph_deadline=30) as graph:
        try:
            yield graph
        finally:
            await graph.clear()


LEDGERS: dict[str, Opener] = {
    "sqlite": lambda folder: open_sqlite_ledger(f"sqlite:///{folder / 'ledger.db'}"),
    "mongodb": mongo_ledger,
}
GRAPHS: dict[str, Opener] = {
    "sqlite": lambda folder: open_sqlite_graph(f"sqlite:///{folder / 'graph.db'}"),
    "neo4j": lambda _: neo4j_graph(),
}
CACHES: dict[str, Opener] = {
    "memory": lambda _: open_memory_cache("memory:"),
    "redis": lambda _: open_redis_cache(f"{url_of('redis')}?prefix=test-{uuid4().hex}"),
    "redis-cluster": lambda _: open_redis_cache(f"{url_of('redis-cluster')}?prefix=test-{uuid4().hex}"),
}


EMBEDDED = {"sqlite", "memory"}


def marked(adapters: dict[str, Opener]) -> list[Any]:
    """The adapters' names; those that need a server are marked."""
    return [pytest.param(name, marks=[] if name in EMBEDDED else pytest.mark.real) for name in adapters]


@pytest.fixture(params=marked(LEDGERS))
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    async with LEDGERS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=marked(GRAPHS))
async def graph(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Graph]:
    async with GRAPHS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=marked(CACHES))
async def cache(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cache]:
    async with CACHES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    return plan_of


@pytest.fixture
def make_decision() -> Callable[..., Decision]:
    return decision_of


def plan_of(*acts: str, environment: Environment = Environment.PRODUCTION, domain: Domain = Domain.TECHNICAL, title: str = "") -> Plan:
    """A plan with one task whose actions are given as "operation/object"."""
    actions = tuple(
        Action(operation=operation, object=kind, task_id="t1", environment=environment)
        for operation, _, kind in (act.partition("/") for act in acts)
    )
    return Plan(tasks=(Task(id="t1", description=title or "tarefa", actions=actions),), title=title, domain=domain, language="pt")


def decision_of(decision_id: str, plan: Plan, *, verdict: Verdict = Verdict.REJECT, created_at: str = "2025-01-01T00:00:00Z") -> Decision:
    """A decision on a plan; nobody gave an opinion."""
    understanding = Understanding(
        language="pt",
        language_probabilities={"pt": 1.0, "en": 0.0},
        domain=plan.domain,
        domain_probabilities={plan.domain.value: 1.0},
        masked_text=plan.title,
        actions=plan.actions,
    )
    return Decision(
        decision_id=decision_id,
        intent_id=f"int_{decision_id}",
        created_at=created_at,
        verdict=verdict,
        harm_probability=0.9,
        confidence=0.8,
        divergence=0.1,
        understanding=understanding,
        plan=plan,
        opinions={},
        abstentions={},
        votes=(),
        rules=(),
        conditions=(),
        counterfactuals=(),
        precedents=(),
        explanation="",
    )
