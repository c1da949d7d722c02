"""The shape of a plan: what is done to what, where, in which field; and how alike two shapes are."""

from __future__ import annotations

from collections.abc import Iterable

from neural_hive.types import Plan

# By the first letter of: act, operation, kind of object, environment, domain.
_WEIGHTS = {"a": 4.0, "o": 2.0, "k": 2.0, "e": 1.0, "d": 1.0}


def shape_of(plan: Plan) -> tuple[str, ...]:
    """Sorted features of the actions that the plan would carry out; empty when it would do nothing."""
    features: set[str] = set()
    for action in plan.actions:
        if action.carried_out:
            features.add(f"act:{action.operation}/{action.object}")
            features.add(f"operation:{action.operation}")
            features.add(f"kind:{action.object}")
            features.add(f"environment:{action.environment.value}")
    if features:
        features.add(f"domain:{plan.domain.value}")
    return tuple(sorted(features))


class Likeness:
    """Compares one shape with many: the weighted Jaccard index, in [0, 1].

    An act counts more than its parts, circumstances less.
    """

    def __init__(self, shape: Iterable[str]) -> None:
        self._weights = {feature: _weight(feature) for feature in shape}
        self._total = sum(self._weights.values())

    def to(self, other: Iterable[str]) -> float:
        """How alike the other shape is; 1.0 for an equal one, 0.0 when nothing is shared."""
        shared, beyond = 0.0, 0.0
        for feature in other:
            weight = self._weights.get(feature)
            if weight is None:
                beyond += _weight(feature)
            else:
                shared += weight
        return shared / (self._total + beyond) if shared else 0.0


def _weight(feature: str) -> float:
    return _WEIGHTS[feature[0]]
