"""How hazardous each action is, dimension by dimension, before and after what governs it.

The four specialists read the same hazards and weigh them by their own concern. A hazard is a sum
of weights of evidence in log-odds (Good, "Probability and the Weighing of Evidence", 1950) over
circumstances; every weight stands in `hazard.toml`, and `load` checks the signs that keep the
sum monotone: naming production, everything, a denied protection or secrecy never lowers it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from math import exp
from typing import Any

from neural_hive.specialists.changes import amend
from neural_hive.specialists.memo import once_for
from neural_hive.types import Action, Change, Environment, Plan, Safeguard, Scope, Trait

Pair = tuple[float, float]

_BOUNDED = (Scope.ONE, Scope.SOME)
_LESSER = (Environment.STAGING, Environment.DEVELOPMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One way of doing harm, and the weights of the circumstances that bear on it."""

    name: str
    triggers: Mapping[str, float]
    base: float
    sensitivity: Pair
    blast: Pair
    environment: Mapping[str, float]
    scope: Mapping[str, float]
    timing: Mapping[str, float]
    traits: Mapping[str, float]
    qualifiers: Mapping[str, float]
    operations: Mapping[str, float]
    denied: Mapping[str, float]
    govern: Mapping[str, Pair]
    disposable: float
    unknown_object: float
    floor: float
    matters_from: float
    cap: float = 1.0
    most: float = 1.0
    veto: float = 2.0
    floor_staging: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazards:
    """The dimensions and the few numbers that concern them all."""

    dimensions: tuple[Dimension, ...]
    triggers: Mapping[str, tuple[tuple[Dimension, float], ...]]
    families: Mapping[str, str]
    veto_certainty: float
    least_left: float
    certain_sensitivity: float
    precious_from: float
    precious_excuse: float
    replaceable: frozenset[str]
    replacing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """An action with its hazards in [0, 1].

    Attributes:
        inherent: By dimension, ungoverned; only dimensions that the action is in.
        residual: By dimension, as governed.
        worst: The largest residual hazard, 0 when there is none.
        variants: The reading after a change, filled as they are asked for.
    """

    action: Action
    family: str
    inherent: Mapping[str, float]
    residual: Mapping[str, float]
    worst: float
    variants: dict[Change, Reading | None] = field(default_factory=dict, compare=False, repr=False)


@cache
def load() -> Hazards:
    """The packaged weights, checked once.

    Raises:
        ValueError: A weight has a sign or range that would break monotonicity.
    """
    raw = tomllib.loads(files("neural_hive.specialists").joinpath("hazard.toml").read_text(encoding="utf-8"))
    dimensions = tuple(_dimension(name, table, raw["common"]) for name, table in raw["dimension"].items())
    for dimension in dimensions:
        _check(dimension)
    return Hazards(
        dimensions=dimensions,
        triggers=_triggers(dimensions),
        families={word: family for family, words in raw["families"].items() for word in words},
        veto_certainty=raw["veto_certainty"],
        least_left=raw["least_left"],
        certain_sensitivity=raw["certain_sensitivity"],
        precious_from=raw["precious_from"],
        precious_excuse=raw["precious_excuse"],
        replaceable=frozenset(raw["replacement"]["families"]),
        replacing=frozenset(raw["replacement"]["operations"]),
    )


def _dimension(name: str, table: dict[str, Any], common: dict[str, Any]) -> Dimension:
    merged = {"operations": {}, **common, **table}
    for key in ("qualifiers", "timing"):
        merged[key] = {**common[key], **table.get(key, {})}
    merged["govern"] = {kind: (pair[0], pair[1]) for kind, pair in {**common["govern"], **table.get("govern", {})}.items()}
    merged["sensitivity"] = tuple(merged["sensitivity"])
    merged["blast"] = tuple(merged["blast"])
    return Dimension(name=name, **merged)


def _triggers(dimensions: Iterable[Dimension]) -> dict[str, tuple[tuple[Dimension, float], ...]]:
    found: dict[str, tuple[tuple[Dimension, float], ...]] = {}
    for dimension in dimensions:
        for mark, offset in dimension.triggers.items():
            found[mark] = (*found.get(mark, ()), (dimension, offset))
    return found


def _check(dimension: Dimension) -> None:
    where, scope = dimension.environment, dimension.scope
    rising = (
        where["production"] >= where["unknown"] >= where["staging"] >= where["development"],
        scope["all"] == scope["wildcard"] >= max(scope["unknown"], scope["some"], scope["one"]),
        all(points >= 0 for points in (*dimension.denied.values(), *dimension.timing.values())),
        dimension.sensitivity[0] >= 0,
        dimension.blast[0] >= 0,
        dimension.qualifiers.get("covert", 0.0) >= 0,
        all(0 <= stated <= verified < 1 for stated, verified in dimension.govern.values()),
    )
    if not all(rising):
        raise ValueError(f"hazard.toml: the weights of {dimension.name!r} are not monotone")


@lru_cache(maxsize=2048)
def family_of(object_kind: str) -> str:
    """The family of an object kind: data, people, secret, control, ...; "unknown" when none fits."""
    known = load().families
    if object_kind in known:
        return known[object_kind]
    words = object_kind.split("_")
    return next((known[word] for word in (*words, *(word.rstrip("s") for word in words)) if word in known), "unknown")


@once_for
def readings(plan: Plan) -> tuple[Reading, ...]:
    """The hazards of every action that the plan would carry out, in the order in which they run."""
    actions = [action for action in plan.actions if action.carried_out]
    if len(actions) > 1:
        actions = list(_with_replacements(actions))
    return tuple(measure(action) for action in actions)


def variant(reading: Reading, change: Change) -> Reading | None:
    """The reading after a change of its action; None when the change leaves the action out."""
    if change not in reading.variants:
        changed = amend(reading.action, change)
        reading.variants[change] = measure(changed) if changed is not None else None
    return reading.variants[change]


def measure(action: Action) -> Reading:
    """The hazards of one action; none when it is not carried out."""
    inherent: dict[str, float] = {}
    residual: dict[str, float] = {}
    worst = 0.0
    if action.carried_out:
        hazards = load()
        for dimension, offset in _entered(action, hazards).values():
            value = _inherent(dimension, action, offset, hazards)
            inherent[dimension.name] = value
            left = residual[dimension.name] = _residual(dimension, action, value, hazards)
            worst = max(worst, left)
    return Reading(action, family_of(action.object), inherent, residual, worst)


def vetoing(reading: Reading, concerns: Mapping[str, float], least: float) -> bool:
    """Whether a certain, ungoverned hazard of this action reaches its veto line within `concerns` of at least `least`."""
    hazards = load()
    if reading.action.certainty < hazards.veto_certainty:
        return False
    residual = reading.residual
    return any(concerns.get(item.name, 0.0) >= least and residual.get(item.name, 0.0) >= item.veto for item in hazards.dimensions)


def _entered(action: Action, hazards: Hazards) -> dict[str, tuple[Dimension, float]]:
    """The dimensions that the action is in, each with the largest offset of what put it there."""
    unread = ("unread",) if action.operation == "unknown" else ()
    entered: dict[str, tuple[Dimension, float]] = {}
    for mark in (*action.traits, *action.qualifiers, *unread):
        for dimension, offset in hazards.triggers.get(mark, ()):
            known = entered.get(dimension.name)
            if known is None or offset > known[1]:
                entered[dimension.name] = (dimension, offset)
    return entered


def _inherent(dimension: Dimension, action: Action, offset: float, hazards: Hazards) -> float:
    points = dimension.base + offset + _circumstances(dimension, action, hazards)
    traits, qualifiers = dimension.traits, dimension.qualifiers
    for trait in action.traits:
        points += traits.get(trait, 0.0)
    for qualifier in action.qualifiers:
        points += qualifiers.get(qualifier, 0.0)
    if action.denied:
        points += _denied(dimension, action)
    if action.object == "unknown":
        points += dimension.unknown_object
    if action.disposable:
        points += dimension.disposable
    value = 1.0 / (1.0 + exp(-points))
    if value > dimension.cap and not _decided(dimension, action, hazards):
        value = dimension.cap
    return min(value, dimension.most)


def _circumstances(dimension: Dimension, action: Action, hazards: Hazards) -> float:
    slope, centre = dimension.sensitivity
    reach, middle = dimension.blast
    where = dimension.environment[action.environment]
    if where < 0 and action.sensitivity > hazards.precious_from:
        share = min(1.0, (action.sensitivity - hazards.precious_from) / 0.15)
        where *= 1.0 - (1.0 - hazards.precious_excuse) * share
    return (
        slope * (action.sensitivity - centre)
        + reach * (action.blast - middle)
        + where
        + dimension.scope[action.scope]
        + dimension.timing.get(action.timing, 0.0)
        + dimension.operations.get(action.operation, 0.0)
    )


def _denied(dimension: Dimension, action: Action) -> float:
    weights = dimension.denied
    default = weights.get("default", 0.0)
    return sum(weights.get(kind, default) for kind in sorted({item.kind for item in action.denied}))


def _decided(dimension: Dimension, action: Action, hazards: Hazards) -> bool:
    """Whether the fact that decides is stated: production, something precious and not a bounded part of it, or an aggravation."""
    if action.environment is Environment.PRODUCTION or action.denied:
        return True
    if action.sensitivity >= hazards.certain_sensitivity and action.scope not in _BOUNDED:
        return True
    return any(dimension.qualifiers.get(qualifier, 0.0) > 0 for qualifier in action.qualifiers)


def _residual(dimension: Dimension, action: Action, value: float, hazards: Hazards) -> float:
    if action.safeguards:
        value *= _left(dimension, action, hazards)
    if matters(action, dimension):
        return max(value, dimension.floor)
    if dimension.floor_staging and value < dimension.floor_staging and _gone_in_staging(action, dimension):
        return dimension.floor_staging
    return value


def _left(dimension: Dimension, action: Action, hazards: Hazards) -> float:
    denied = {item.kind for item in action.denied}
    strengths: dict[str, float] = {}
    for item in action.safeguards:
        if item.kind not in denied:
            pair = dimension.govern.get(item.kind) or dimension.govern["default"]
            strengths[item.kind] = max(strengths.get(item.kind, 0.0), pair[item.verified])
    left = 1.0
    for kind in sorted(strengths):
        left *= 1.0 - strengths[kind]
    return max(left, hazards.least_left)


def matters(action: Action, dimension: Dimension) -> bool:
    """Whether an action is one that stays at least conditional in this dimension."""
    if action.disposable or action.environment in _LESSER or "personal_own" in action.qualifiers:
        return False
    if dimension.name == "mutation" and action.has(Trait.PROTECTIVE, Trait.COSMETIC):
        return False
    if action.environment is Environment.PRODUCTION:
        return True
    return action.sensitivity >= dimension.matters_from and not (dimension.name == "mutation" and Trait.MUTATING not in action.traits)


def _gone_in_staging(action: Action, dimension: Dimension) -> bool:
    if action.environment is not Environment.STAGING or action.disposable or "personal_own" in action.qualifiers:
        return False
    return Trait.IRREVERSIBLE in action.traits and action.sensitivity >= dimension.matters_from


def _with_replacements(actions: list[Action]) -> Iterable[Action]:
    """Link the taking away of a thing with the step that puts its successor in place.

    A successor in place before counts as a protection; one that comes afterwards, or only in part, as one denied.
    """
    hazards = load()
    for index, action in enumerate(actions):
        if not _taken_away(action, hazards):
            yield action
            continue
        before = [_complete(other, action) for other in actions[:index] if _replaces(other, action, hazards)]
        after = any(_replaces(other, action, hazards) for other in actions[index + 1 :])
        successor = Safeguard(kind="replacement")
        if before and all(before):
            yield replace(action, safeguards=(*action.safeguards, successor))
        elif before or after:
            yield replace(action, denied=(*action.denied, successor))
        else:
            yield action


def _taken_away(action: Action, hazards: Hazards) -> bool:
    """Whether the act takes away a thing of which a successor could be in place, and none is stated yet."""
    if action.object == "unknown" or family_of(action.object) not in hazards.replaceable:
        return False
    stated = any(item.kind == "replacement" for item in action.safeguards)
    return not stated and action.has(Trait.INTERRUPTING, Trait.LOCKS_OUT, Trait.DESTRUCTIVE)


def _replaces(other: Action, action: Action, hazards: Hazards) -> bool:
    return other.object == action.object and other.operation in hazards.replacing


def _complete(other: Action, action: Action) -> bool:
    """Whether the successor is in place wherever the old thing is taken away."""
    partial = other.scope in _BOUNDED or "partial_rollout" in other.qualifiers
    return not partial or action.scope in _BOUNDED
