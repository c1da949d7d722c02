"""A fit on trial: its figures out of fold beside what was in force, and whether it may take its place.

The gate is met when the specialist's log loss and Brier score are not worse, and no verdict figure of
the whole hive on the gate's cases is: dangerous intentions let go, harmless ones blocked, verdicts
accepted. A case is judged by a fit that has not seen its scenario; for the gate's cases the artefact
itself is tried as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from neural_hive import models
from neural_hive.consensus import conclude
from neural_hive.errors import IntegrityError
from neural_hive.evaluation.answers import Answer
from neural_hive.evaluation.cases import Case
from neural_hive.evaluation.figures import Outcome, verdict_figures
from neural_hive.models.weighing import Weighing
from neural_hive.specialists.factors import Spec
from neural_hive.specialists.registry import OWN
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.specialists.trained import trained
from neural_hive.training.fitting import Recipe, fit, log_loss
from neural_hive.training.samples import Sample, planned, scenario, voice_of
from neural_hive.types import Opinion, Plan

Figures = dict[str, float]
Weighings = Callable[[str], Weighing | None]
"""From a scenario to the weighing that judges its cases; None means the hand-set one."""

_CLOSE = 1e-6
_HIGHER_IS_BETTER = ("accepted",)
OWN_FIGURES = ("log_loss", "brier")
GATED = (*OWN_FIGURES, "let_go", "blocked", "accepted")


def fold_of(name: str, recipe: Recipe) -> int:
    """The part that a scenario is in."""
    return int(sha256(f"{recipe.seed}:{name}".encode()).hexdigest(), 16) % recipe.folds


def unseen(spec: Spec, data: Sequence[Sample], recipe: Recipe) -> Weighings:
    """For each scenario, a fit on the parts that it is not in."""
    parts = [fold_of(sample.scenario, recipe) for sample in data]
    fits = [fit(spec, [sample for sample, part in zip(data, parts, strict=True) if part != out], recipe) for out in range(recipe.folds)]
    return lambda name: fits[fold_of(name, recipe)]


def own_figures(spec: Spec, data: Sequence[Sample], weighings: Weighings) -> Figures:
    """Log loss in nats and Brier score of the specialist alone, each case counting as it does in training; both fall to 0."""
    loss = error = 0.0
    by_scenario: dict[str, list[Sample]] = {}
    for sample in data:
        by_scenario.setdefault(sample.scenario, []).append(sample)
    made = {id(weighing): trained(spec, weighing) for weighing in map(weighings, by_scenario)}
    for name, group in by_scenario.items():
        now = made[id(weighings(name))]
        for sample in group:
            risk = sample.risk(now)
            loss += log_loss(risk, sample)
            error += sample.weight * (risk - sample.harm) ** 2
    whole = sum(sample.weight for sample in data) or 1.0
    return {"log_loss": round(loss / whole, 6), "brier": round(error / whole, 6)}


@dataclass(frozen=True)
class Bench:
    """The gate's cases, with what the others of the panel say of them."""

    name: str
    cases: Sequence[Case]
    heard: list[tuple[Case, Plan, list[Opinion]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        others = [_other(name) for name in OWN if name != self.name]
        for case, plan in planned(self.cases):
            self.heard.append((case, plan, [voice.judge(plan) for voice in others]))

    def figures(self, voice: RuleSpecialist, weighings: Weighings) -> Figures:
        """The whole hive's verdicts with the specialist weighing like this: counts of cases and shares in [0, 1]."""
        outcomes = []
        for case, plan, opinions in self.heard:
            voice.weigh(weighings(scenario(case)))
            conclusion = conclude(plan, [*opinions, voice.judge(plan)], worded=False)
            outcomes.append(Outcome(case, Answer(verdict=conclusion.verdict, harm_probability=conclusion.harm_probability)))
        found = verdict_figures(outcomes)
        names = {"let_go": "let_go", "blocked": "blocked", "accepted": "accuracy", "hive_brier": "brier"}
        return {name: round(float(found[key] or 0.0), 6) for name, key in names.items()}


def _other(name: str) -> RuleSpecialist:
    """Another of the panel with its packaged artefact, or by hand where that one does not fit it any more."""
    voice = voice_of(name)
    with suppress(IntegrityError):
        voice.follow(models)
    return voice


def worse(before: Figures, after: Figures) -> tuple[str, ...]:
    """The names of the gate's figures that got worse; one that was not measured before is no reason."""
    return tuple(name for name in GATED if name in before and name in after and _is_worse(name, before[name], after[name]))


def _is_worse(name: str, before: float, after: float) -> bool:
    return (before - after if name in _HIGHER_IS_BETTER else after - before) > _CLOSE
