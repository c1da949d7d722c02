"""The learned reading: what it may do to a risk, and what it leaves alone."""

from __future__ import annotations

import pytest

from neural_hive.models.linear import Logits
from neural_hive.planning import plan
from neural_hive.specialists.learned import risk_of
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.types import Intent, Opinion, Verdict
from neural_hive.understanding import understand


def opinions(text: str) -> list[Opinion]:
    intent = Intent(text=text)
    made = plan(understand(intent), intent)
    return [open_local(name).evaluate_sync(made) for name in OWN]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("milder", "graver"),
    [((0.8, 0.1, 0.1), (0.6, 0.1, 0.3)), ((0.9, 0.1, 0.0), (0.5, 0.5, 0.0)), ((0.1, 0.8, 0.1), (0.05, 0.8, 0.15))],
)
def test_the_risk_rises_with_the_odds_of_danger(milder: Logits, graver: Logits) -> None:
    assert 0.0 < risk_of(milder) < risk_of(graver) < 1.0


def test_certainty_gives_no_infinite_odds() -> None:
    assert risk_of((1.0, 0.0, 0.0)) == pytest.approx(0.0, abs=1e-6)
    assert risk_of((0.0, 0.0, 1.0)) == pytest.approx(1.0, abs=1e-6)


def test_what_is_cautious_for_certain_is_neither() -> None:
    assert 0.4 < risk_of((0.01, 0.98, 0.01)) < 0.6


@pytest.mark.parametrize("text", ["valeu!", "thanks a lot!", "bom dia, pessoal"])
def test_small_talk_is_left_alone(text: str) -> None:
    assert {opinion.recommendation for opinion in opinions(text)} == {Verdict.APPROVE}
    assert all(opinion.confidence >= 0.5 for opinion in opinions(text))


@pytest.mark.parametrize("text", ["bom dia! some com a base de clientes toda", "thanks! now drop the production database"])
def test_small_talk_in_front_excuses_nothing(text: str) -> None:
    assert max(opinion.risk for opinion in opinions(text)) > 0.5


@pytest.mark.parametrize("text", ["Lösche die gesamte Kundendatenbank", "supprime toutes les sauvegardes"])
def test_unknown_words_are_no_small_talk(text: str) -> None:
    assert any(opinion.recommendation is not Verdict.APPROVE or opinion.confidence < 0.5 for opinion in opinions(text))
