"""What every graph does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from neural_hive.errors import NotFoundError
from neural_hive.graph.base import Graph
from neural_hive.graph.restore import restore
from neural_hive.types import Decision, Environment, Plan, Precedent, Verdict

MakePlan = Callable[..., Plan]
MakeDecision = Callable[..., Decision]


async def remembered(graph: Graph, *decisions: Decision) -> None:
    for decision in decisions:
        await graph.remember(decision)
    await graph.lineage(decisions[-1].decision_id)  # finds it at once, so that all is written


async def test_an_empty_graph_knows_nothing(graph: Graph, make_plan: MakePlan) -> None:
    assert list(await graph.similar(make_plan("drop/table"))) == []
    with pytest.raises(NotFoundError):
        await graph.lineage("unknown")


async def test_the_same_plan_is_the_most_alike(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    await remembered(
        graph,
        make_decision("same", make_plan("drop/table", title="apagar a tabela")),
        make_decision("staging", make_plan("drop/table", environment=Environment.STAGING), verdict=Verdict.CONDITIONAL),
        make_decision("other", make_plan("create/document", environment=Environment.DEVELOPMENT), verdict=Verdict.APPROVE),
    )
    found = list(await graph.similar(make_plan("drop/table")))
    assert found[0] == Precedent(decision_id="same", title="apagar a tabela", verdict=Verdict.REJECT, similarity=1.0)
    assert [precedent.decision_id for precedent in found] == ["same", "staging"]
    assert 0 < found[1].similarity < 1


async def test_newest_first_among_equals_and_no_more_than_asked(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    plan = make_plan("drop/table")
    await remembered(graph, *(make_decision(f"d{day}", plan, created_at=f"2025-01-0{day}T00:00:00Z") for day in (2, 5, 1, 4)))
    assert [precedent.decision_id for precedent in await graph.similar(plan, limit=3)] == ["d5", "d4", "d2"]
    assert list(await graph.similar(plan, limit=0)) == []


async def test_plans_that_do_nothing_have_no_precedents(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    await remembered(graph, make_decision("d1", make_plan()))
    assert list(await graph.similar(make_plan())) == []


async def test_lineage_tells_what_came_of_it(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    await graph.remember(make_decision("d1", make_plan("drop/table", "read/log", title="limpar")))
    await graph.remember_outcome("d1", {"id": "f1", "outcome": "harmless"})
    await graph.remember_outcome("d1", {"id": "f1", "outcome": "harmless"})
    lineage = await graph.lineage("d1")
    assert lineage["intent"]["intent_id"] == "int_d1"
    assert lineage["intent"]["title"] == "limpar"
    assert [action["operation"] for action in lineage["actions"]] == ["drop", "read"]
    assert lineage["plan"]["tasks"][0]["id"] == "t1"
    assert lineage["decision"]["verdict"] == "reject"
    assert lineage["outcomes"] == [{"id": "f1", "outcome": "harmless"}]


async def test_remembering_twice_changes_nothing(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    plan = make_plan("drop/table")
    await remembered(graph, make_decision("d1", plan), make_decision("d1", plan, verdict=Verdict.APPROVE))
    assert [(precedent.decision_id, precedent.verdict) for precedent in await graph.similar(plan)] == [("d1", Verdict.REJECT)]


async def test_forgetting(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    plan = make_plan("drop/table", title="apagar o que é do João")
    await remembered(graph, make_decision("d1", plan), make_decision("d2", plan))
    await graph.forget("d1")
    assert [precedent.decision_id for precedent in await graph.similar(plan)] == ["d2"]
    with pytest.raises(NotFoundError):
        await graph.lineage("d1")


async def test_restoring_from_records(graph: Graph, make_plan: MakePlan, make_decision: MakeDecision) -> None:
    plan = make_plan("drop/table", title="apagar")
    decision = msgspec.to_builtins(make_decision("d1", plan))
    names = ("understanding", "plan", "opinions", "rules", "conditions", "counterfactuals", "precedents", "explanation")
    content = {name: decision.pop(name) for name in names}

    records: list[dict[str, Any]] = [
        decision | {"schema": "decision/v1", "id": "d1", "content": content},
        decision | {"schema": "decision/v1", "id": "d2", "content": None, "erased": True},
        {"schema": "feedback/v1", "id": "f1", "decision_id": "d1"},
        {"schema": "erasure/v1", "id": "e1", "decision_id": "d2"},
    ]
    for record in [*records, *records]:
        await restore(graph, record)
    assert [outcome["id"] for outcome in (await graph.lineage("d1"))["outcomes"]] == ["f1"]
    assert [precedent.title for precedent in await graph.similar(plan)] == ["apagar"]
