"""The regression that every packaged model is trained with."""

from __future__ import annotations

from neural_hive.training.linear import Example, Recipe, Weights, fit, softmax

DATA = [
    Example({"red": 1.0, "bias": 1.0}, (1.0, 0.0)),
    Example({"blue": 1.0, "bias": 1.0}, (0.0, 1.0)),
    Example({"red": 1.0, "round": 1.0, "bias": 1.0}, (1.0, 0.0)),
    Example({"blue": 1.0, "round": 1.0, "bias": 1.0}, (0.0, 1.0)),
]


def test_separable_classes_are_learned() -> None:
    weights = fit(DATA, Recipe(epochs=40))
    assert weights["red"][0] > 1.0 > weights["red"][1]
    assert weights["blue"][1] > 1.0 > weights["blue"][0]
    assert abs(weights["round"][0]) < abs(weights["red"][0]) / 2


def test_the_same_seed_gives_the_same_weights() -> None:
    assert fit(DATA, Recipe()) == fit(DATA, Recipe())
    assert fit(DATA, Recipe(seed=1)) != fit(DATA, Recipe(seed=2))


def test_rare_features_are_left_out() -> None:
    assert "red" not in fit(DATA, Recipe(least_seen=3))


def test_a_constraint_holds_after_training() -> None:
    def never_negative(weights: Weights) -> None:
        for row in weights.values():
            row[:] = [max(0.0, weight) for weight in row]

    assert min(min(row) for row in fit(DATA, Recipe(), never_negative).values()) >= 0.0


def test_softmax_survives_large_scores() -> None:
    assert softmax([1000.0, 1000.0]) == [0.5, 0.5]
