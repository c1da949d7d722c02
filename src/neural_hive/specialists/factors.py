"""The factors of a rule specialist as data: what each listens to, and how loudly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRule:
    """One factor of one specialist.

    Attributes:
        weight: Its share in the specialist's risk; the weights of a specialist sum to 1.
        reads: Hazard dimension -> how much this factor listens to it.
        family: Object family -> multiplier; "default" for the others.
        operations: Operation -> multiplier that replaces the family's when it is larger.
        traits: If given, actions without any of them are heard at `otherwise`.
        denied: Protection left out -> share of the action's worst hazard that this factor makes its own.
        eased: Protection in force -> multiplier of the score.
        touch: Trait -> small score of an act that is harmless but in this factor's field.
        signals: Kind of signal about the text -> least score.
    """

    name: str
    weight: float
    reads: Mapping[str, float]
    family: Mapping[str, float]
    operations: Mapping[str, float]
    traits: frozenset[str]
    otherwise: float
    denied: Mapping[str, float]
    eased: Mapping[str, float]
    touch: Mapping[str, float]
    touch_families: frozenset[str]
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A specialist's data.

    Attributes:
        lift: Share of the other factors' weighted scores that is added to the strongest one.
        offers: Hazard dimension -> protections it would propose, the best first.
        concerns: Hazard dimension -> how much any factor listens to it; vetoes need `veto_concern`.
        listens: Domain -> share of the learned reading's risk that this specialist makes its own;
            "default" for the others.
    """

    name: str
    version: str
    factors: tuple[FactorRule, ...]
    lift: float
    offers: Mapping[str, tuple[str, ...]]
    veto_concern: float
    concerns: Mapping[str, float]
    listens: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The numbers that all rule specialists share; see `common.toml`."""

    conditional: float
    review: float
    reject: float
    unread_prior: float
    unknown_operation: float
    unknown_object: float
    evidence_from: float
    signals: Mapping[str, float]
    reader_even: float
    reader_slope: float
    reader_trust: float
    reader_doubt: float
    talk_from: float
    sure_from: float
    sure_to: float
    familiar_from: float
    familiar_to: float
    precious_unread: float


def load_spec(package: str) -> Spec:
    """A specialist's data from `factors.toml` in its package.

    Raises:
        ValueError: The weights of its factors do not sum to 1.
    """
    raw = tomllib.loads(files(package).joinpath("factors.toml").read_text(encoding="utf-8"))
    rules = tuple(_factor(name, table) for name, table in raw["factor"].items())
    if abs(sum(rule.weight for rule in rules) - 1.0) > 1e-9:
        raise ValueError(f"{package}: the factors' weights sum to {sum(rule.weight for rule in rules)}, not 1")
    concerns: dict[str, float] = {}
    for rule in rules:
        for dimension, share in rule.reads.items():
            concerns[dimension] = max(concerns.get(dimension, 0.0), share)
    return Spec(
        name=raw["name"],
        version=raw["version"],
        factors=rules,
        lift=raw["lift"],
        offers={dimension: tuple(kinds) for dimension, kinds in raw["offers"].items()},
        veto_concern=raw["veto_concern"],
        concerns=concerns,
        listens=raw.get("listens", {"default": 0.0}),
    )


def _factor(name: str, table: dict[str, Any]) -> FactorRule:
    return FactorRule(
        name=name,
        weight=table["weight"],
        reads=table.get("reads", {}),
        family={"default": 1.0, **table.get("family", {})},
        operations=table.get("operations", {}),
        traits=frozenset(table.get("traits", ())),
        otherwise=table.get("otherwise", 0.0),
        denied=table.get("denied", {}),
        eased=table.get("eased", {}),
        touch=table.get("touch", {}),
        touch_families=frozenset(table.get("touch_families", ())),
        signals=table.get("signals", {}),
    )


@cache
def load_common() -> Common:
    """The shared numbers from `common.toml`."""
    raw = tomllib.loads(files("neural_hive.specialists").joinpath("common.toml").read_text(encoding="utf-8"))
    return Common(**raw)
