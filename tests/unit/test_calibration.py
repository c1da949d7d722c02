from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.calibration import Calibration, calibration, fit
from neural_hive.types import Verdict

risks = st.floats(0.0, 1.0, allow_nan=False)


def with_knots(knots: tuple[tuple[float, float], ...]) -> Calibration:
    return Calibration(knots=knots, approve_below=0.12, band_from=0.48, low_confidence=0.5, floor_share=0.97)


@given(risks, risks)
def test_the_map_is_monotone_and_bounded(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0.0 <= calibration().probability(low) <= calibration().probability(high) <= 1.0


def test_the_map_runs_straight_between_knots() -> None:
    found = with_knots(((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)))
    assert found.probability(0.25) == pytest.approx(0.1)
    assert found.probability(0.5) == pytest.approx(0.2)
    assert found.probability(0.75) == pytest.approx(0.6)
    assert (found.probability(-1.0), found.probability(2.0)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(0.05, Verdict.APPROVE), (0.3, Verdict.CONDITIONAL), (0.6, Verdict.REVIEW_REQUIRED), (1.0, Verdict.REVIEW_REQUIRED)],
)
def test_a_probability_alone_never_rejects(probability: float, verdict: Verdict) -> None:
    assert with_knots(((0.0, 0.0), (1.0, 1.0))).verdict(probability) is verdict


@given(st.lists(st.tuples(risks, st.booleans()), min_size=1, max_size=80))
def test_fitted_knots_rise_and_stay_inside(cases: list[tuple[float, bool]]) -> None:
    knots = fit(cases)
    assert all(first[0] < second[0] and first[1] <= second[1] for first, second in pairwise(knots))
    assert all(0.0 <= number <= 1.0 for knot in knots for number in knot)
    assert (knots[0][0], knots[-1][0]) == (0.0, 1.0)


def test_the_fit_finds_the_share_of_harm() -> None:
    cases = [(0.2, number % 5 == 0) for number in range(100)] + [(0.8, number % 5 != 0) for number in range(100)]
    found = with_knots(fit(cases, most=2))
    assert found.probability(0.2) == pytest.approx(0.2, abs=0.02)
    assert found.probability(0.8) == pytest.approx(0.8, abs=0.02)


def test_nothing_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit([])
