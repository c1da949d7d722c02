from __future__ import annotations

import re
from dataclasses import replace

import pytest

from neural_hive.consensus import conclude
from neural_hive.counterfactual import counterfactuals_sync
from neural_hive.explanation import explain
from neural_hive.planning import plan as make_plan
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.types import Conclusion, Counterfactual, Environment, Intent, Language, Opinion, Plan, Precedent, Task, Verdict
from neural_hive.understanding import understand
from tests.unit.specialists.plans import GONE, act, plan_of

DROP = act(
    "drop the production table", "drop", "table", GONE, sensitivity=0.65, blast=0.6, environment=Environment.PRODUCTION, denied="backup"
)


def told(plan: Plan) -> tuple[dict[str, Opinion], Conclusion, tuple[Counterfactual, ...]]:
    opinions = {name: open_local(name).evaluate_sync(plan) for name in OWN}  # type: ignore[attr-defined]
    conclusion = conclude(plan, opinions)

    def again(changed: Plan) -> Conclusion:
        return conclude(changed, {name: open_local(name).judge(changed) for name in OWN})  # type: ignore[attr-defined]

    return opinions, conclusion, counterfactuals_sync(plan, conclusion, again)


@pytest.mark.parametrize(
    ("language", "opening", "voice"), [("en", "Rejected", "the technical specialist"), ("pt", "Rejeitado", "o especialista técnico")]
)
def test_a_rejection_says_who_warns_which_words_and_what_would_change_it(language: Language, opening: str, voice: str) -> None:
    plan = replace(plan_of(DROP), language=language)
    opinions, conclusion, found = told(plan)
    paragraph = explain(plan, opinions, conclusion, (), language, counterfactuals=found)
    assert paragraph.startswith(opening)
    assert voice in paragraph
    assert "“drop the production table”" in paragraph
    assert "{" not in paragraph
    assert 2 <= len(re.findall(r"[.:]\s|\.$", paragraph)) <= 9


def test_without_counterfactuals_a_mitigation_is_told() -> None:
    plan = plan_of(DROP)
    opinions, conclusion, _ = told(plan)
    assert opinions["technical"].mitigations[0].sentence in explain(plan, opinions, conclusion, (), "en")


def test_a_greeting_is_told_to_ask_for_nothing() -> None:
    plan = Plan(tasks=(Task(id="t1", description="good morning"),))
    opinions, conclusion, found = told(plan)
    assert "does not ask for anything" in explain(plan, list(opinions.values()), conclusion, (), "en", counterfactuals=found)


def test_a_precedent_is_told() -> None:
    plan = plan_of(act("list the tables", "read", "table", "read_only"))
    opinions, conclusion, _ = told(plan)
    precedent = Precedent(decision_id="d1", title="list the views", verdict=Verdict.APPROVE, similarity=0.9)
    assert "“list the views”" in explain(plan, opinions, conclusion, (precedent,), "en")


def test_doubt_is_told() -> None:
    plan = plan_of(act("frobnicate it", "unknown", "unknown"))
    opinions, conclusion, _ = told(plan)
    assert "Not enough of the plan could be read" in explain(plan, opinions, conclusion, (), "en")


@pytest.mark.parametrize(
    "text", ["Migrar o banco de pedidos para o PostgreSQL no sábado", "Retire v1 of the orders API today", "reiniciar o servidor"]
)
def test_who_is_called_the_strongest_warning_is_it(text: str) -> None:
    intent = Intent(text=text)
    opinions, conclusion, _ = told(make_plan(understand(intent), intent))
    paragraph = explain(make_plan(understand(intent), intent), opinions, conclusion, (), "en")
    highest = max(opinion.risk for opinion in opinions.values())
    assert ("strongest warning" in paragraph) == (f"risk {highest * 100:.0f}%" in paragraph)
