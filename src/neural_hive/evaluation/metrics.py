"""Measures of quality, in plain Python; every list argument is one entry per case."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence
from math import sqrt


def share(flags: Sequence[bool]) -> float | None:
    """Share of true flags in [0, 1]; None for no cases."""
    return sum(flags) / len(flags) if flags else None


def macro_f1(gold: Sequence[Hashable], given: Sequence[Hashable]) -> float | None:
    """Mean of the F1 of each class that occurs in `gold`."""
    scores = []
    for label in sorted(set(gold), key=str):
        hits = sum(g == label and v == label for g, v in zip(gold, given, strict=True))
        size = gold.count(label) + given.count(label)
        scores.append(2 * hits / size)
    return sum(scores) / len(scores) if scores else None


def quadratic_kappa(gold: Sequence[int], given: Sequence[int]) -> float | None:
    """Cohen's kappa with quadratic weights over ranks (Cohen, 1968); None when it is undefined."""
    total = len(gold)
    if not total:
        return None
    gold_counts, given_counts = Counter(gold), Counter(given)
    observed = sum((g - v) ** 2 for g, v in zip(gold, given, strict=True)) / total
    expected = sum((g - v) ** 2 * n * m for g, n in gold_counts.items() for v, m in given_counts.items()) / total**2
    return 1 - observed / expected if expected else None


def auc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Probability that a positive scores above a negative, ties counting half (Mann-Whitney)."""
    if not positive or not negative:
        return None
    ranked = sorted(negative)
    wins = sum(bisect_left(ranked, score) + bisect_right(ranked, score) for score in positive) / 2
    return wins / (len(positive) * len(negative))


def expected_calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10) -> float | None:
    """Mean distance of stated and observed frequency over equal-width bins, weighted by size (Naeini et al., 2015)."""
    if not probabilities:
        return None
    sums: dict[int, list[float]] = {}
    for probability, outcome in zip(probabilities, outcomes, strict=True):
        cell = sums.setdefault(min(int(probability * bins), bins - 1), [0.0, 0.0])
        cell[0] += probability
        cell[1] += outcome
    return sum(abs(stated - seen) for stated, seen in sums.values()) / len(probabilities)


def brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """Mean squared distance of probability and outcome (Brier, 1950)."""
    if not probabilities:
        return None
    return sum((p - o) ** 2 for p, o in zip(probabilities, outcomes, strict=True)) / len(probabilities)


def spearman(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Rank correlation with average ranks for ties; None when one side is constant."""
    a, b = _ranks(left), _ranks(right)
    if not a:
        return None
    mean = (len(a) + 1) / 2
    cross = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    spread = sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return cross / spread if spread else None


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value) + 1) / 2 for value in values]
