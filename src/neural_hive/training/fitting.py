"""Fitting a specialist's weights, lift and map to labelled cases: small steps away from what was set by hand.

Weights and lift are fitted as shares of the lift, `lift * weight`, on a logarithmic scale: so they stay
positive. Their prior is normal around the hand-set ones, and worth a stated share of the cases.

The map is piecewise linear through the specialists' lines, which it leaves where they are because a veto
and a recommendation mean them, and through one knot between each two, which may move between its
neighbours: so it never falls. The prior of such a knot is a stated share of the cases, in which harm was
as frequent as the risk says. All is plain arithmetic in a fixed order: the same cases give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

import msgspec

from neural_hive.models.weighing import Knot, Weighing
from neural_hive.specialists.factors import Spec
from neural_hive.specialists.trained import by_hand, trained
from neural_hive.training.samples import Sample

_STEP = 0.1  # of a logarithm, to feel the slope
_FURTHEST = 1.0  # of a logarithm in all: nearly three times the hand-set share
_LEAST = 1e-3  # no probability is nearer to 0 or 1, so that no single case decides
_DECIMALS = 4
_HALVINGS = 40
_MARGIN = 0.02  # of the way between two lines: what was below a line stays below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to fit.

    Attributes:
        hold_map: What the prior is worth for each knot, as a share of all cases; large values keep the risks as they were.
        hold_weights: The same for each weight; these move a risk by `lift` at most, so cases have little to say about them.
        passes: How often every weight is looked at.
        most: Fit on at most about so many cases; whole scenarios are left out, by the seed.
        folds: Parts of the cases for figures out of fold.
        seed: What the scenarios' parts depend on.
    """

    hold_map: float = 0.2
    hold_weights: float = 0.005
    passes: int = 2
    most: int = 6000
    folds: int = 5
    seed: int = 20261123


def fit(spec: Spec, data: Sequence[Sample], recipe: Recipe) -> Weighing:
    """The weighing that the cases and the prior agree on; the hand-set one when there are no cases."""
    hand = by_hand(spec)
    if not data:
        return hand
    weighed = _weighed(spec, hand, data, recipe.hold_weights * len(data), recipe.passes)
    now = trained(spec, weighed)
    knots = _knots(hand.lines, [(sample.risk(now), sample) for sample in data], recipe.hold_map * len(data))
    return msgspec.structs.replace(weighed, knots=knots)


def log_loss(risk: float, sample: Sample) -> float:
    """What a risk costs on a case, in nats, times what the case counts."""
    chance = min(max(risk, _LEAST), 1.0 - _LEAST)
    return -sample.weight * log(chance if sample.harm else 1.0 - chance)


def _weighed(spec: Spec, hand: Weighing, data: Sequence[Sample], hold: float, passes: int) -> Weighing:
    """Coordinate-wise Newton steps on the cases' log loss and the prior."""
    moves = dict.fromkeys(hand.weights, 0.0)

    def cost(changed: dict[str, float]) -> float:
        now = trained(spec, _moved(hand, changed))
        prior = sum(move * move for move in changed.values()) / 2
        return sum(log_loss(sample.risk(now), sample) for sample in data) + hold * prior

    for _ in range(passes):
        here = cost(moves)
        for name in moves:
            here, moves = _stepped(cost, here, moves, name)
    return _rounded(_moved(hand, moves))


def _stepped(cost: Callable[[dict[str, float]], float], here: float, moves: dict[str, float], name: str) -> tuple[float, dict[str, float]]:
    """One step along one weight, where it helps."""
    up, down = (cost({**moves, name: moves[name] + sign * _STEP}) for sign in (1.0, -1.0))
    slope, bend = (up - down) / (2 * _STEP), (up - 2 * here + down) / _STEP**2
    if bend <= 0.0:
        return here, moves
    changed = {**moves, name: min(_FURTHEST, max(-_FURTHEST, moves[name] - slope / bend))}
    there = cost(changed)
    return (there, changed) if there < here else (here, moves)


def _moved(hand: Weighing, moves: dict[str, float]) -> Weighing:
    shares = {name: hand.lift * weight * exp(moves[name]) for name, weight in hand.weights.items()}
    lift = sum(shares.values())
    return msgspec.structs.replace(hand, weights={name: share / lift for name, share in shares.items()}, lift=min(1.0, lift))


def _rounded(weighing: Weighing) -> Weighing:
    """Weights to four places that still sum to 1: the largest one takes the rest."""
    weights = {name: round(weight, _DECIMALS) for name, weight in weighing.weights.items()}
    largest = max(weights, key=lambda name: weights[name])
    weights[largest] = round(weights[largest] + 1.0 - sum(weights.values()), _DECIMALS)
    return msgspec.structs.replace(weighing, weights=weights, lift=round(weighing.lift, _DECIMALS))


def _knots(lines: Sequence[float], risks: Sequence[tuple[float, Sample]], hold: float) -> tuple[Knot, ...]:
    ends = (0.0, *lines, 1.0)
    knots: list[Knot] = [(0.0, 0.0)]
    for low, high in pairwise(ends):
        inside = [(risk, sample) for risk, sample in risks if low < risk < high]
        middle = (low + high) / 2
        knots += [(round(middle, _DECIMALS), round(_height(low, high, inside, hold), _DECIMALS)), (high, high)]
    return tuple(knots)


def _height(low: float, high: float, inside: Sequence[tuple[float, Sample]], hold: float) -> float:
    """Where the middle between two lines goes: the log loss is convex in it, so its slope is halved until it is flat."""
    middle, margin = (low + high) / 2, _MARGIN * (high - low)
    bottom, top = low + margin, high - margin
    for _ in range(_HALVINGS):
        height = (bottom + top) / 2
        slope = hold * (1.0 - middle) / (1.0 - height) - hold * middle / height
        for risk, sample in inside:
            share = (risk - low) / (middle - low) if risk <= middle else (high - risk) / (high - middle)
            base = low if risk <= middle else high
            chance = min(max(base + (height - base) * share, _LEAST), 1.0 - _LEAST)
            slope += sample.weight * share * ((0.0 if sample.harm else 1.0) / (1.0 - chance) - (1.0 if sample.harm else 0.0) / chance)
        bottom, top = (bottom, height) if slope > 0.0 else (height, top)
    return (bottom + top) / 2
