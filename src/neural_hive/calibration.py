"""From scores to probabilities: a monotone map, and the lines between the verdicts.

The map is piecewise linear through knots. `fit` finds knots by isotonic regression (pool adjacent
violators; Ayer et al., "An Empirical Distribution Function for Sampling with Incomplete
Information", 1955), smoothed towards the prior so that no probability becomes 0 or 1.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from neural_hive.types import Verdict

Knot = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The map and the lines; all numbers in [0, 1].

    Attributes:
        knots: (risk, probability), both rising.
        approve_below: Harm probability under which a plan may be approved.
        band_from: Where the abstention band begins.
        low_confidence: Confidence under which an opinion has not read enough.
        floor_share: Share of the highest risk that the pool never falls below.
    """

    knots: tuple[Knot, ...]
    approve_below: float
    band_from: float
    low_confidence: float
    floor_share: float

    def probability(self, risk: float) -> float:
        """The calibrated probability of harm of a risk; monotone."""
        index = bisect_right(self.knots, (risk, 2.0))
        if index == 0:
            return self.knots[0][1]
        if index == len(self.knots):
            return self.knots[-1][1]
        (left, low), (right, high) = self.knots[index - 1], self.knots[index]
        return low + (high - low) * (risk - left) / (right - left)

    def verdict(self, probability: float) -> Verdict:
        """What the probability alone calls for: at most a review, for only a veto rejects."""
        if probability >= self.band_from:
            return Verdict.REVIEW_REQUIRED
        return Verdict.CONDITIONAL if probability >= self.approve_below else Verdict.APPROVE


@cache
def calibration() -> Calibration:
    """The packaged calibration.

    Raises:
        ValueError: The knots do not rise.
    """
    raw = tomllib.loads(files("neural_hive").joinpath("calibration.toml").read_text(encoding="utf-8"))
    knots = tuple((float(risk), float(probability)) for risk, probability in raw.pop("knots"))
    if any(first[0] >= second[0] or first[1] > second[1] for first, second in pairwise(knots)):
        raise ValueError("calibration.toml: the knots must rise")
    return Calibration(knots=knots, **raw)


def fit(cases: Iterable[tuple[float, bool]], *, most: int = 12, prior: float = 2.0) -> tuple[Knot, ...]:
    """Knots fitted to (risk, did harm) pairs.

    Args:
        cases: At least one pair.
        most: At most this many knots.
        prior: Pseudo-cases added to each block, half of them harmful.

    Raises:
        ValueError: There are no cases.
    """
    ordered = sorted(cases)
    if not ordered:
        raise ValueError("nothing to fit")
    size = max(1, -(-len(ordered) // most))
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    blocks = [[sum(risk for risk, _ in group), float(sum(harm for _, harm in group)), float(len(group))] for group in groups]
    return _knots(_pooled(blocks), prior)


def _pooled(blocks: Sequence[Sequence[float]]) -> list[list[float]]:
    """Merge neighbours until the share of harm rises; a block is [sum of risks, harms, cases]."""
    merged: list[list[float]] = []
    for block in blocks:
        merged.append(list(block))
        while len(merged) > 1 and merged[-2][1] * merged[-1][2] >= merged[-1][1] * merged[-2][2]:
            last = merged.pop()
            merged[-1] = [one + other for one, other in zip(merged[-1], last, strict=True)]
    return merged


def _knots(blocks: Sequence[Sequence[float]], prior: float) -> tuple[Knot, ...]:
    inner: list[Knot] = []
    for risks, harms, count in blocks:
        risk, probability = risks / count, (harms + prior / 2) / (count + prior)
        if 0.0 < risk < 1.0 and (not inner or risk > inner[-1][0]):
            inner.append((risk, max(probability, inner[-1][1] if inner else 0.0)))
    if not inner:
        return ((0.0, 0.5), (1.0, 0.5))
    return ((0.0, inner[0][1] / 2), *inner, (1.0, (1.0 + inner[-1][1]) / 2))
