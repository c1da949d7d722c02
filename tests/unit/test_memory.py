"""The graph never holds up a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from neural_hive import memory as memories
from neural_hive import telemetry
from neural_hive.bootstrap import open_hive
from neural_hive.errors import NotFoundError, UnavailableError
from neural_hive.graph.base import Graph
from neural_hive.graph.sqlite import open_sqlite_graph
from neural_hive.memory import Memory
from neural_hive.settings import load_settings
from neural_hive.types import Decision, Intent, Plan, Precedent, Task

PLAN = Plan(tasks=(Task(id="T1", description="read"),))


class Stuck:
    """A graph that answers nobody, or breaks."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked = 0

    async def _answer(self) -> None:
        self.asked += 1
        if self.failure:
            raise self.failure
        await asyncio.sleep(60)

    async def remember(self, decision: Decision) -> None:
        await self._answer()

    async def remember_outcome(self, decision_id: str, outcome: dict[str, Any]) -> None:
        await self._answer()

    async def forget(self, decision_id: str) -> None:
        await self._answer()

    async def similar(self, plan: Plan, *, limit: int = 3) -> Sequence[Precedent]:
        await self._answer()
        return ()

    async def lineage(self, decision_id: str) -> dict[str, Any]:
        return {}


async def test_a_stuck_graph_names_no_precedents_in_time() -> None:
    async with asyncio.timeout(2):
        assert await Memory(Stuck(), deadline=0.05).precedents(PLAN) == ()


async def test_a_broken_graph_names_none_and_closes() -> None:
    memory = Memory(Stuck(OSError("words")))
    assert await memory.precedents(PLAN) == ()
    memory.remember_outcome({"decision_id": "d"}, 0)
    await memory.close()


async def test_what_waits_is_bounded(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        decision = await hive.review(Intent(text="read the logs"))
    stuck = Stuck()
    memory = Memory(stuck)
    for _ in range(1000):
        memory.remember(decision)
    await asyncio.sleep(0)
    assert stuck.asked == 256
    for task in list(memory._waiting):
        task.cancel()


async def test_the_graph_catches_up_with_the_ledger(tmp_path: Path) -> None:
    """A lost graph is built anew in the background; a decision lost by a crash is remembered at the next start."""
    settings = load_settings(data_dir=tmp_path)
    async with open_hive(settings) as hive:
        first = await hive.review(Intent(text="drop the customers table"))
        await hive.outcomes.report(first.decision_id, "harmful")
    for path in tmp_path.glob("graph.db*"):  # noqa: ASYNC240 -- nothing else waits for this loop
        path.unlink()
    async with open_hive(settings):
        pass
    async with open_sqlite_graph(settings.graph_url) as graph:
        found = await graph.lineage(first.decision_id)
    assert found["outcomes"]
    async with open_hive(settings) as hive:
        second = await hive.review(Intent(text="drop the orders table"))
    async with open_sqlite_graph(settings.graph_url) as graph:
        await graph.forget(second.decision_id)
    async with open_hive(settings):
        pass
    async with open_sqlite_graph(settings.graph_url) as graph:
        assert await graph.lineage(second.decision_id)


async def test_what_was_erased_is_not_remembered_again(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    async with open_hive(settings) as hive:
        decision = await hive.review(Intent(text="drop the customers table"))
        await hive.outcomes.report(decision.decision_id, "harmful", comment="they wept")
        await hive.outcomes.erase(decision.decision_id)
        assert [entry["comment"] for entry in (await hive.outcomes.of(decision.decision_id))["feedback"]] == [None]
    async with open_hive(settings):
        pass
    async with open_sqlite_graph(settings.graph_url) as graph:
        with pytest.raises(NotFoundError):
            await graph.lineage(decision.decision_id)


class Away(Stuck):
    """A graph that is away until it is told to be back; then it is a real one."""

    def __init__(self, real: Graph) -> None:
        super().__init__(OSError("away"))
        self.real = real

    async def remember(self, decision: Decision) -> None:
        await (self._answer() if self.failure else self.real.remember(decision))

    async def lineage(self, decision_id: str) -> dict[str, Any]:
        if self.failure:
            raise self.failure
        return await self.real.lineage(decision_id)


@pytest.mark.parametrize("away_at_start", [True, False])
async def test_what_an_outage_left_out_is_remembered_after_it(tmp_path: Path, away_at_start: bool) -> None:
    settings = load_settings(data_dir=tmp_path)
    async with open_hive(settings) as hive, open_sqlite_graph(f"sqlite:///{tmp_path / 'other.db'}") as real:
        graph = Away(real)
        memory = Memory(graph)
        if not away_at_start:
            graph.failure = None
        memory.catch_up(hive.ledger)
        await asyncio.sleep(0.1)
        graph.failure = OSError("away")
        missed = await hive.review(Intent(text="drop the customers table"))
        memory.remember(missed)
        await asyncio.sleep(0.1)
        graph.failure = None
        memory.remember(await hive.review(Intent(text="drop the orders table")))
        async with asyncio.timeout(5):
            while not await memory._knows(missed.decision_id):  # noqa: ASYNC110 -- a graph tells nobody of what it learns
                await asyncio.sleep(0.05)
        await memory.close()


class Picky:
    """A real graph that some decisions are too much for; it answers all the same."""

    def __init__(self, real: Graph, bad: str, failure: Exception) -> None:
        self.real, self.bad, self.failure = real, bad, failure

    async def remember(self, decision: Decision) -> None:
        if decision.decision_id == self.bad:
            raise self.failure
        await self.real.remember(decision)

    async def ping(self) -> None:
        """It is there."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


async def even(memory: Memory) -> None:
    async with asyncio.timeout(5):
        await memory._even.wait()


@pytest.mark.parametrize("failure", [UnavailableError("error.graph_unavailable", reason="too long"), ValueError("no record")])
async def test_a_record_that_the_graph_does_not_take_holds_up_no_others(tmp_path: Path, failure: Exception) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive, open_sqlite_graph(tmp_path / "other.db") as real:
        bad, good = [await hive.review(Intent(text=f"drop the {name} table")) for name in ("customers", "orders")]
        memory = Memory(Picky(real, bad.decision_id, failure))
        before = telemetry.GRAPH_FAILURES._value.get()
        memory.catch_up(hive.ledger)
        await even(memory)
        assert await memory._knows(good.decision_id)
        assert not await memory._knows(bad.decision_id)
        assert telemetry.GRAPH_FAILURES._value.get() > before
        await memory.close()


async def test_what_a_crash_lost_is_remembered_though_others_remembered_more(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive, open_sqlite_graph(tmp_path / "other.db") as graph:
        one, two = [await hive.review(Intent(text=f"drop the {name} table")) for name in ("customers", "orders")]
        await hive.outcomes.report(one.decision_id, "harmful")
        await graph.remember(two)
        memory = Memory(graph)
        memory.catch_up(hive.ledger)
        async with asyncio.timeout(5):
            while not await memory._knows(one.decision_id):  # noqa: ASYNC110 -- a graph tells nobody of what it learns
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
        assert len((await graph.lineage(one.decision_id))["outcomes"]) == 1
        await memory.close()


async def test_a_long_outage_is_caught_up_with_from_where_the_graph_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "_NEWEST", 1)
    async with open_hive(load_settings(data_dir=tmp_path)) as hive, open_sqlite_graph(tmp_path / "other.db") as graph:
        made = [await hive.review(Intent(text=f"drop table number {number}")) for number in range(12)]
        for decision in (*made[1:3], made[11]):
            await graph.remember(decision)
        memory = Memory(graph)
        memory.catch_up(hive.ledger)
        async with asyncio.timeout(5):
            while not await memory._knows(made[10].decision_id):  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.05)
        assert [await memory._knows(decision.decision_id) for decision in made[3:]] == [True] * 9
        await memory.close()


class Slow(Picky):
    """A real graph that takes its time."""

    async def remember(self, decision: Decision) -> None:
        await asyncio.sleep(0.3)
        await self.real.remember(decision)


async def test_what_is_erased_during_a_restore_does_not_come_back(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive, open_sqlite_graph(tmp_path / "other.db") as graph:
        decision = await hive.review(Intent(text="drop the customers table"))
        memory = Memory(Slow(graph, "", OSError()))
        memory.catch_up(hive.ledger)
        await asyncio.sleep(0.15)
        await hive.outcomes.erase(decision.decision_id)
        await memory.forget(decision.decision_id)
        await even(memory)
        assert not await memory._knows(decision.decision_id)
        await memory.close()


async def test_what_another_gateway_erased_is_forgotten_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "_PAGE", 2)
    async with open_hive(load_settings(data_dir=tmp_path)) as hive, open_sqlite_graph(tmp_path / "other.db") as graph:
        made = [await hive.review(Intent(text=f"drop table number {number}")) for number in range(6)]
        for decision in made:
            await graph.remember(decision)
            await hive.outcomes.erase(decision.decision_id)
        memory = Memory(graph)
        memory.catch_up(hive.ledger)
        async with asyncio.timeout(5):
            while any([await memory._knows(decision.decision_id) for decision in made]):  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0.05)
        await memory.close()
