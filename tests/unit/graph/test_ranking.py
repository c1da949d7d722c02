from __future__ import annotations

from neural_hive.graph.ranking import Rank, Remembered, clues, precedents, ranks, share, words
from neural_hive.types import Plan, Task

SHAPE = ("act:drop/table", "domain:TECHNICAL", "environment:production", "kind:table", "operation:drop")
ELSEWHERE = ("act:drop/table", "domain:TECHNICAL", "environment:staging", "kind:table", "operation:drop")
UNLIKE = ("act:read/table", "domain:BUSINESS", "environment:staging", "kind:table", "operation:read")


def plan(title: str) -> Plan:
    return Plan(tasks=(Task(id="t", description="a step"),), title=title)


def remembered(decision_id: str, title: str, day: int) -> Remembered:
    return Remembered(decision_id, f"2025-01-{day:02}T00:00:00Z", title, "reject")


def test_acts_are_looked_up_first_and_circumstances_never() -> None:
    assert clues(SHAPE) == ["act:drop/table", "kind:table", "operation:drop"]


def test_the_most_alike_first_and_what_tells_nothing_not_at_all() -> None:
    ranked = ranks(SHAPE, {"b": ELSEWHERE, "a": SHAPE, "c": UNLIKE, "d": ELSEWHERE})
    assert [rank.shapes for rank in ranked] == [("a",), ("b", "d")]
    assert ranked[0].alike == 1.0


def test_more_shapes_that_are_equal_have_smaller_shares() -> None:
    assert share([Rank(1.0, ("a",))], 3) == 32
    assert share([Rank(1.0, ("a",)), Rank(0.5, tuple("bcdefghi"))], 3) == 4
    assert share([Rank(1.0, ("a",))], 50) == 50
    assert share([], 3) == 32


def test_words_choose_among_equals_then_the_newest() -> None:
    found = [remembered("new", "drop the orders table", 9), remembered("old", "DROP the Customers table", 1), remembered("older", "", 8)]
    ordered = precedents(plan("drop the customers table"), Rank(0.81239, ("a",)), found)
    assert [precedent.decision_id for precedent in ordered] == ["old", "new", "older"]
    assert {precedent.similarity for precedent in ordered} == {0.8124}


def test_a_plan_without_words_has_the_newest_first() -> None:
    found = [remembered("a", "orders", 1), remembered("b", "customers", 3), remembered("c", "logs", 2)]
    assert [one.decision_id for one in precedents(plan("?"), Rank(1.0, ("a",)), found)] == ["b", "c", "a"]


def test_words_have_no_accents_and_no_case() -> None:
    assert words("Apagar a CONFIGURAÇÃO de_produção!") == {"apagar", "configuracao", "producao"}
