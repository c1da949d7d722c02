"""The graph on a real Neo4j: it agrees with the embedded one, many write at once, and it comes back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from neo4j import AsyncGraphDatabase

from neural_hive.bootstrap import open_hive
from neural_hive.errors import NotFoundError, UnavailableError
from neural_hive.graph import neo4j_cypher as cypher
from neural_hive.graph.neo4j import Neo4jGraph, open_neo4j_graph
from neural_hive.graph.neo4j_place import place_of
from neural_hive.graph.sqlite import SqliteGraph, open_sqlite_graph
from neural_hive.settings import load_settings
from neural_hive.types import Action, Decision, Domain, Environment, Intent, Plan, Precedent, Task, Verdict
from tests.services import private, url_of

pytestmark = pytest.mark.real

PATIENT = 20.0  # seconds, where the deadline is not what is tested: the first plan of a query takes long on shared cores
WORDS = ("clientes", "pedidos", "orders", "customers", "backup", "faturas", "usuários", "relatório", "checkout", "cluster", "fila")


def space() -> str:
    """A hive of its own in the shared database."""
    server = url_of("neo4j")
    return f"{server}{'&' if '?' in server else '?'}hive=t{uuid4().hex}"


@pytest.fixture
async def graph() -> AsyncIterator[Neo4jGraph]:
    async with open_neo4j_graph(space(), graph_deadline=PATIENT) as opened:
        try:
            yield opened
        finally:
            await opened.clear()


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[SqliteGraph]:
    async with open_sqlite_graph(tmp_path / "graph.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Decision:
    """A whole decision, with everything in it."""

    async def decide() -> Decision:
        async with open_hive(load_settings(data_dir=tmp_path_factory.mktemp("hive"))) as hive:
            earlier = await hive.review(Intent(text="Apagar a tabela de clientes em staging."))
            await hive.memory.close()
            await hive.memory._graph.lineage(earlier.decision_id)  # so that it is written
            return await hive.review(Intent(text="Fazer um backup testado. Depois apagar a tabela de clientes em produção."))

    return asyncio.run(decide())


def plan_of(*acts: str, title: str = "", environment: Environment = Environment.PRODUCTION, domain: Domain = Domain.TECHNICAL) -> Plan:
    actions = tuple(Action(operation=act.split("/")[0], object=act.split("/")[1], environment=environment) for act in acts)
    return Plan(tasks=(Task(id="t1", description=title, actions=actions),), title=title, domain=domain)


def random_plan(chance: random.Random) -> Plan:
    operations, kinds = ("drop", "read", "create", "deploy", "rotate"), ("table", "log", "secret", "cluster", "backup")
    acts = [f"{chance.choice(operations)}/{chance.choice(kinds)}" for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    title = " ".join(chance.sample(WORDS, 3))
    return plan_of(*acts, title=title, environment=chance.choice(list(Environment)), domain=chance.choice(list(Domain)[:2]))


def decisions(review: Decision, number: int, chance: random.Random) -> Iterator[Decision]:
    for index in range(number):
        yield variant(review, f"d{index}", random_plan(chance), chance.choice(list(Verdict)), created_at=f"2025-01-01T00:00:00.{index:06}Z")


def variant(review: Decision, decision_id: str, plan: Plan, verdict: Verdict = Verdict.REJECT, **changes: Any) -> Decision:
    return replace(
        review, decision_id=decision_id, intent_id=f"int_{decision_id}", plan=plan, verdict=verdict, precedents=(), receipt=None, **changes
    )


async def count(graph: Neo4jGraph, label: str = "") -> int:
    rows = await graph._read(f"MATCH (n{label and ':' + label}) WHERE n.hive = $hive RETURN count(n) AS number", PATIENT)
    return int(rows[0]["number"])


async def test_it_agrees_with_the_embedded_graph(graph: Neo4jGraph, embedded: SqliteGraph, review: Decision) -> None:
    chance = random.Random(7)  # noqa: S311 -- the same plans every time
    known = list(decisions(review, 200, chance))
    for decision in known:
        await embedded.remember(decision)
    await embedded.flush()
    for start in range(0, 200, 50):
        await asyncio.gather(*(graph.remember(decision) for decision in known[start : start + 50]))
    found = 0
    for plan in [random_plan(chance) for _ in range(60)] + [decision.plan for decision in known[::10]]:
        ours = list(await graph.similar(plan))
        assert ours == list(await embedded.similar(plan))
        found += len(ours)
    assert found > 150


async def test_the_lineage_of_a_whole_decision_agrees(graph: Neo4jGraph, embedded: SqliteGraph, review: Decision) -> None:
    assert review.precedents
    outcome = {"id": "f1", "schema": "feedback/v1", "outcome": "harmful", "comment": "ficou fora do ar", "at": {"deep": [1, 2.5, None]}}
    for one in (graph, embedded):
        await one.remember(review)
        await one.remember_outcome(review.decision_id, outcome)
    assert await graph.lineage(review.decision_id) == await embedded.lineage(review.decision_id)


async def test_it_is_a_graph(graph: Neo4jGraph, review: Decision) -> None:
    """From an object to what became of those who touched it."""
    await graph.remember(variant(review, "earlier", plan_of("drop/table")))
    resembled = Precedent(decision_id="earlier", title="", verdict=Verdict.REJECT, similarity=0.75)
    await graph.remember(replace(variant(review, "later", plan_of("drop/table", "read/log")), precedents=(resembled,)))
    await graph.remember_outcome("later", {"id": "o1", "schema": "feedback/v1"})
    rows = await graph._read(
        "MATCH (:Object {hive: $hive, id: 'table'})<-[:TO]-(:Act)<-[:IS]-(:Action)<-[:HAS_ACTION]-(:Task)<-[:HAS_TASK]-(:Plan)"
        "<-[:JUDGES]-(d:Decision)-[:LED_TO]->(o:Outcome) MATCH (d)-[like:RESEMBLES]->(past) MATCH (d)-[:ANSWERS]->(i:Intent)"
        " RETURN d.id, o.id, past.id, like.similarity, i.id",
        PATIENT,
    )
    assert [list(row) for row in rows] == [["later", "o1", "earlier", 0.75, "int_later"]]


async def test_dependencies_are_edges(graph: Neo4jGraph, review: Decision) -> None:
    plan = Plan(tasks=(Task(id="a", description="backup"), Task(id="b", description="drop", dependencies=("a",))))
    await graph.remember(variant(review, "d", plan))
    rows = await graph._read("MATCH (b:Task {hive: $hive, id: 'd/1'})-[:DEPENDS_ON]->(a) RETURN a.name", PATIENT)
    assert [row[0] for row in rows] == ["a"]


async def test_the_full_text_index_finds_older_ones_among_equals(graph: Neo4jGraph, review: Decision) -> None:
    """More decisions share a shape than are looked at; the one about the same thing is found all the same."""
    many = [
        variant(review, f"d{day}", plan_of("drop/table", title="pedidos"), created_at=f"2025-01-01T00:00:{day:02}Z") for day in range(60)
    ]
    many[3] = replace(many[3], plan=plan_of("drop/table", title="Apagar a tabela de Férias"))
    await asyncio.gather(*(graph.remember(decision) for decision in many))
    found = await graph.similar(plan_of("drop/table", title="apagar FERIAS: AND (tabela) +*~\\ ]"))
    assert [precedent.decision_id for precedent in found] == ["d3", "d59", "d58"]


@pytest.mark.parametrize("limit", [3, 5])
async def test_of_those_that_are_called_the_same_the_newest_come_first(graph: Neo4jGraph, review: Decision, limit: int) -> None:
    """Four of the newest are called so, which is enough or not; a fifth is older than those that are looked at."""
    plans = [plan_of("drop/table", title="pedidos" if day % 8 else "apagar pedidos antigos") for day in range(60)]
    many = [variant(review, f"d{day}", plan, created_at=f"2025-01-01T00:00:{day:02}Z") for day, plan in enumerate(plans)]
    await asyncio.gather(*(graph.remember(decision) for decision in many))
    found = await graph.similar(plan_of("drop/table", title="apagar pedidos antigos"), limit=limit)
    assert [precedent.decision_id for precedent in found] == ["d56", "d48", "d40", "d32", "d24"][:limit]


async def test_every_search_goes_through_an_index(graph: Neo4jGraph, review: Decision) -> None:
    chance = random.Random(3)  # noqa: S311 -- the same plans every time
    await asyncio.gather(*(graph.remember(decision) for decision in decisions(review, 100, chance)))
    given = {"hive": graph._place.hive, "shape": "x", "clues": ["act:drop/table", "kind:table"], "per_clue": 8, "most": 32, "id": "d1"}
    given |= {"shapes": ["x", "y"], "newest": 32, "title": "y", "limit": 3, "words": ["+shape:(x) +title:(y)"], "titles": cypher.TITLES}
    given |= {"entries": [], "outcome": {}, "decision_id": "d1"}
    statements = (cypher.SHAPES, cypher.DECISIONS, cypher.LINEAGE, cypher.FORGET, cypher.REMEMBER, cypher.REMEMBER_OUTCOME)
    for statement in statements:
        steps = list(operators(await explained(statement, given)))
        assert any("Seek" in step for step in steps)
        assert not [step for step in steps if "Scan" in step], statement
        if statement in (cypher.SHAPES, cypher.DECISIONS):
            assert not [step for step in steps if "Sort" in step], statement


async def explained(statement: str, given: dict[str, Any]) -> Any:
    place = place_of(url_of("neo4j"))
    async with AsyncGraphDatabase.driver(place.uri, auth=place.auth) as driver:
        asked = statement.replace("CYPHER replan=skip", "EXPLAIN")
        return (await driver.execute_query(asked, given, database_=place.database)).summary.plan


def operators(step: Any) -> Iterator[str]:
    yield step["operatorType"]
    for child in step.get("children", ()):
        yield from operators(child)


async def test_gateways_that_remember_the_same_leave_it_once(review: Decision) -> None:
    chance = random.Random(5)  # noqa: S311 -- the same plans every time
    url, known = space(), list(decisions(review, 40, chance))
    async with AsyncExitStack() as stack:
        graphs = [await stack.enter_async_context(open_neo4j_graph(url, graph_deadline=PATIENT)) for _ in range(4)]
        work = [graph.remember(decision) for graph in graphs for decision in chance.sample(known, 40)]
        work += [graph.remember_outcome(decision.decision_id, {"id": f"o{decision.decision_id}"}) for graph in graphs for decision in known]
        try:
            await asyncio.gather(*work)
            actions = sum(len(decision.plan.actions) for decision in known)
            numbers = {"Decision": 40, "Plan": 40, "Task": 40, "Intent": 40, "Outcome": 40, "Action": actions}
            assert {label: await count(graphs[0], label) for label in numbers} == numbers
            assert all([len((await graphs[1].lineage(decision.decision_id))["outcomes"]) == 1 for decision in known])
        finally:
            await graphs[0].clear()


async def test_an_outcome_may_come_before_its_decision(graph: Neo4jGraph, review: Decision) -> None:
    await graph.remember_outcome("d", {"id": "f1"})
    with pytest.raises(NotFoundError):
        await graph.lineage("d")
    await graph.remember(variant(review, "d", plan_of("drop/table")))
    assert (await graph.lineage("d"))["outcomes"] == [{"id": "f1"}]
    assert [precedent.decision_id for precedent in await graph.similar(plan_of("drop/table"))] == ["d"]


async def test_forgetting_leaves_no_word_but_what_others_said(graph: Neo4jGraph, review: Decision) -> None:
    plan = plan_of("drop/table", title="segredo do João")
    for name in ("d1", "d2"):
        await graph.remember(replace(variant(review, name, plan), intent_id="int_same"))
        await graph.remember_outcome(name, {"id": f"o{name}", "comment": "segredo"})
    await graph.forget("d1")
    assert (await graph.lineage("d2"))["intent"]["title"] == "segredo do João"
    assert await count(graph, "Intent") == 1
    await graph.forget("d2")
    await graph.forget("d2")
    left = [row.data() for row in await graph._read("MATCH (n) WHERE n.hive = $hive RETURN properties(n) AS n", PATIENT)]
    assert left
    assert "segredo" not in str(left)
    assert [await count(graph, label) for label in ("Decision", "Intent", "Plan", "Task", "Action", "Outcome")] == [0] * 6


async def test_hives_in_one_database_do_not_see_each_other(graph: Neo4jGraph, review: Decision) -> None:
    plan = plan_of("drop/table", title="clientes")
    await graph.remember(variant(review, "d", plan))
    async with open_neo4j_graph(space(), graph_deadline=PATIENT) as other:
        assert list(await other.similar(plan)) == []
        await other.forget("d")
        with pytest.raises(NotFoundError):
            await other.lineage("d")
    assert await graph.lineage("d")


async def test_text_that_no_database_takes_is_refused_alone(graph: Neo4jGraph, review: Decision) -> None:
    good, bad = (variant(review, name, plan_of("drop/table", title=title)) for name, title in (("d1", "fine"), ("d2", "\ud800")))
    results = await asyncio.gather(graph.remember(good), graph.remember(bad), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], UnavailableError)
    assert await graph.lineage("d1")


async def test_a_task_may_be_called_anything(graph: Neo4jGraph, review: Decision) -> None:
    """An index takes some eight thousand bytes; what a caller calls his tasks is not among what it holds."""
    name = "x" * 9000
    tasks = (Task(id=name, description="backup"), Task(id="b", description="drop", dependencies=(name,)))
    odd = variant(review, "odd", Plan(tasks=tasks))
    others = [variant(review, f"d{number}", plan_of("drop/table")) for number in range(10)]
    await asyncio.gather(*(graph.remember(decision) for decision in (*others[:5], odd, *others[5:])))
    assert [task["id"] for task in (await graph.lineage("odd"))["plan"]["tasks"]] == [name, "b"]
    rows = await graph._read("MATCH (:Task {hive: $hive, id: 'odd/1'})-[:DEPENDS_ON]->(a) RETURN a.description", PATIENT)
    assert [row[0] for row in rows] == ["backup"]


async def test_what_no_index_takes_is_refused_alone(graph: Neo4jGraph, review: Decision) -> None:
    good, bad = (variant(review, name, plan_of("drop/table")) for name in ("d1", "x" * 9000))
    results = await asyncio.gather(graph.remember(good), graph.remember(bad), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], UnavailableError)
    assert await graph.lineage("d1")


async def test_a_late_server_names_nothing_and_is_left_alone_until_it_answers(graph: Neo4jGraph, review: Decision) -> None:
    await within(PATIENT, graph)
    graph._deadline = 0.0001
    with pytest.raises(UnavailableError):
        await graph.similar(review.plan)
    with pytest.raises(UnavailableError, match="resting"):
        await graph.similar(review.plan)
    graph._deadline = PATIENT
    await graph._preparing
    assert list(await graph.similar(review.plan)) == []


async def within(seconds: float, graph: Neo4jGraph) -> float:
    """Seconds until the graph says that it is there."""
    start = time.perf_counter()
    while True:
        try:
            await graph.ping()
        except UnavailableError:
            assert time.perf_counter() - start < seconds
            await asyncio.sleep(0.1)
        else:
            return time.perf_counter() - start


async def test_many_open_an_empty_database_at_once_and_it_comes_and_goes(review: Decision) -> None:
    decision = variant(review, "d", plan_of("drop/table"))
    with private("neo4j") as server:
        await asyncio.to_thread(server.kill)
        async with AsyncExitStack() as stack:
            graphs = [await stack.enter_async_context(open_neo4j_graph(server.url, graph_deadline=PATIENT)) for _ in range(4)]
            with pytest.raises(UnavailableError):
                await graphs[0].ping()
            await asyncio.to_thread(server.start)
            for graph in graphs:
                await within(60, graph)
            await asyncio.gather(*(graph.remember(decision) for graph in graphs))
            assert [one.decision_id for one in await graphs[3].similar(decision.plan)] == ["d"]
            await silence(server, graphs[0], decision)


async def silence(server: Any, graph: Neo4jGraph, decision: Decision) -> None:
    """Paused, it is late in time; resumed, it is back within five seconds."""
    graph._deadline = 0.25
    server.pause()
    start = time.perf_counter()
    with pytest.raises(UnavailableError):
        await graph.similar(decision.plan)
    with pytest.raises(UnavailableError):
        await graph.ping()
    assert time.perf_counter() - start < 2.5
    server.resume()
    graph._deadline = PATIENT
    await within(5, graph)
    async with asyncio.timeout(5):
        await graph._preparing
    assert [one.decision_id for one in await graph.similar(decision.plan)] == ["d"]
