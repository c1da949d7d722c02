from __future__ import annotations

import pytest

from neural_hive.reliability import HALF_LIFE, Posterior, Reliability


def test_a_specialist_that_saw_it_coming_weighs_more() -> None:
    known = Reliability()
    known.learn("SECURITY", {"technical": 0.9, "behavior": 0.1}, harmful=True, created_at="2026-01-01T00:00:00Z")
    weights = known.weights("SECURITY")
    assert weights["technical"] > 1.0 > weights["behavior"]
    assert known.weights("BUSINESS") == {}


def test_merits_fade_by_half() -> None:
    fresh = Posterior().observe(1.0, 100.0)
    assert fresh.faded(100.0 + HALF_LIFE).right == pytest.approx(0.5)
    assert 1.0 < fresh.faded(100.0 + HALF_LIFE).weight < fresh.weight
    assert fresh.faded(50.0) == fresh


def test_learning_again_in_order_gives_the_same_weights() -> None:
    outcomes = [({"technical": 0.8}, True, f"2026-0{month}-01T00:00:00+00:00") for month in range(1, 7)]
    first, second = Reliability(), Reliability()
    for known in (first, second):
        for risks, harmful, when in outcomes:
            known.learn("TECHNICAL", risks, harmful=harmful, created_at=when)
    assert first.weights("TECHNICAL") == second.weights("TECHNICAL")


def test_nothing_known_is_neutral() -> None:
    assert Posterior().weight == 1.0
