"""One fixture per port, run over every adapter; a new adapter is one more line in a table here.

Adapters that need a real server carry the mark `real`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from neural_hive.cache.base import Cache
from neural_hive.cache.memory import open_memory_cache
from neural_hive.graph.base import Graph
from neural_hive.graph.sqlite import open_sqlite_graph
from neural_hive.ledger.base import Ledger
from neural_hive.ledger.sqlite import open_sqlite_ledger
from neural_hive.types import Action, Decision, Domain, Environment, Plan, Task, Understanding, Verdict

Opener = Callable[[Path], AbstractAsyncContextManager[Any]]

LEDGERS: dict[str, Opener] = {"sqlite": lambda folder: open_sqlite_ledger(f"sqlite:///{folder / 'ledger.db'}")}
GRAPHS: dict[str, Opener] = {"sqlite": lambda folder: open_sqlite_graph(f"sqlite:///{folder / 'graph.db'}")}
CACHES: dict[str, Opener] = {"memory": lambda _: open_memory_cache("memory:")}


@pytest.fixture(params=LEDGERS)
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    async with LEDGERS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=GRAPHS)
async def graph(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Graph]:
    async with GRAPHS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=CACHES)
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
