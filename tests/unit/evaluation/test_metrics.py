from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.evaluation import metrics

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_auc_counts_ties_half() -> None:
    assert metrics.auc([0.9, 0.5], [0.5, 0.1]) == 0.875
    assert metrics.auc([], [0.1]) is None


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float]) -> None:
    pairs = [(p > n) + (p == n) / 2 for p in positive for n in negative]
    assert metrics.auc(positive, negative) == pytest.approx(sum(pairs) / len(pairs))


def test_kappa_of_agreement_chance_and_reversal() -> None:
    assert metrics.quadratic_kappa([0, 1, 2, 2], [0, 1, 2, 2]) == 1
    assert metrics.quadratic_kappa([0, 0, 2, 2], [0, 2, 0, 2]) == 0
    assert metrics.quadratic_kappa([0, 2], [2, 0]) == -1
    assert metrics.quadratic_kappa([1, 1], [1, 1]) is None


def test_kappa_punishes_a_distant_class_more() -> None:
    gold = [0, 0, 1, 1, 2, 2]
    near, far = metrics.quadratic_kappa(gold, [1, 0, 1, 1, 2, 2]), metrics.quadratic_kappa(gold, [2, 0, 1, 1, 2, 2])
    assert near is not None
    assert far is not None
    assert near > far


def test_macro_f1_weighs_each_class_alike() -> None:
    assert metrics.macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx((6 / 7 + 0) / 2)


def test_calibration_error_is_the_gap_within_each_bin() -> None:
    assert metrics.expected_calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
    assert metrics.expected_calibration_error([0.05, 1.0], [True, True]) == pytest.approx(0.475)


def test_brier() -> None:
    assert metrics.brier([1.0, 0.5], [True, False]) == pytest.approx(0.125)


def test_spearman_sees_order_only_and_shares_ranks() -> None:
    assert metrics.spearman([1, 2, 3], [1, 10, 100]) == pytest.approx(1)
    assert metrics.spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert metrics.spearman([1, 1, 2], [5, 5, 9]) == pytest.approx(1)
    assert metrics.spearman([1, 1], [1, 2]) is None


def test_nothing_is_measured_on_nothing() -> None:
    assert metrics.share([]) is None
    assert metrics.macro_f1([], []) is None
    assert metrics.brier([], []) is None
