"""Multinomial logistic regression over sparse features, in plain Python and the same on every machine.

AdaGrad (Duchi, Hazan, Singer, "Adaptive Subgradient Methods", 2011) on the log-loss with an L2 term.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

Weights = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Example:
    """One case as a model sees it: feature -> value, and how much of it belongs to each class (summing to 1)."""

    features: dict[str, float]
    shares: tuple[float, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to fit; `shrink` is the L2 term per step, `least_seen` drops features of fewer examples."""

    epochs: int = 12
    rate: float = 0.25
    shrink: float = 0.004
    seed: int = 20261123
    least_seen: int = 2


def fit(data: Sequence[Example], recipe: Recipe, after_epoch: Callable[[Weights], None] | None = None) -> Weights:
    """Weights by feature, in the order of the examples' classes.

    Args:
        data: The examples; all with as many classes as the first one.
        recipe: Epochs, rate, shrinkage and seed.
        after_epoch: May change the weights in place, for example to project them onto a constraint.
    """
    classes = len(data[0].shares)
    seen = Counter(name for example in data for name in example.features)
    weights: Weights = {name: [0.0] * classes for name in sorted(seen) if seen[name] >= recipe.least_seen}
    squares: Weights = {name: [1e-8] * classes for name in weights}
    order = random.Random(recipe.seed)  # noqa: S311 -- shuffling, not secrecy
    rows = [([(weights[n], squares[n], value) for n, value in example.features.items() if n in weights], example) for example in data]
    for _ in range(recipe.epochs):
        order.shuffle(rows)
        for active, example in rows:
            _step(active, example, recipe)
        if after_epoch is not None:
            after_epoch(weights)
    return weights


def _step(active: Sequence[tuple[list[float], list[float], float]], example: Example, recipe: Recipe) -> None:
    scores = [0.0] * len(example.shares)
    for weight, _, value in active:
        for index, share in enumerate(weight):
            scores[index] += share * value
    errors = [example.weight * (found - wanted) for found, wanted in zip(softmax(scores), example.shares, strict=True)]
    rate, shrink = recipe.rate, recipe.shrink
    for weight, square, value in active:
        for index, error in enumerate(errors):
            slope = error * value + shrink * weight[index]
            square[index] += slope * slope
            weight[index] -= rate * slope / sqrt(square[index])


def softmax(scores: Sequence[float]) -> list[float]:
    """Probabilities from log-odds."""
    most = max(scores)
    powers = [exp(score - most) for score in scores]
    whole = sum(powers)
    return [power / whole for power in powers]
