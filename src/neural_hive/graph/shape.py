"""The shape of a plan: what is done to what, where, in which field; and how alike two shapes are."""

from __future__ import annotations

from collections.abc import Collection

from neural_hive.types import Plan

_WEIGHTS = {"act": 4.0, "operation": 2.0, "object": 2.0, "environment": 1.0, "domain": 1.0}


def shape_of(plan: Plan) -> tuple[str, ...]:
    """Sorted features of the actions that the plan would carry out; empty when it would do nothing."""
    features: set[str] = set()
    for action in plan.actions:
        if action.carried_out:
            features.add(f"act:{action.operation}/{action.object}")
            features.add(f"operation:{action.operation}")
            features.add(f"object:{action.object}")
            features.add(f"environment:{action.environment.value}")
    if features:
        features.add(f"domain:{plan.domain.value}")
    return tuple(sorted(features))


def weight(features: Collection[str]) -> float:
    """Sum of the features' weights; an act counts more than its parts, circumstances less."""
    return sum(_WEIGHTS[feature.partition(":")[0]] for feature in features)


def similarity(one: Collection[str], other: Collection[str]) -> float:
    """Weighted Jaccard index of two shapes, in [0, 1]."""
    shared = weight(set(one) & set(other))
    total = weight(one) + weight(other) - shared
    return shared / total if total else 0.0
