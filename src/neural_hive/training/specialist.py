"""Train one specialist: its weights, lift and map, with figures that were measured out of fold.

The embedded reader of texts has read many of the training cases itself. It speaks in every figure alike,
before and after, so the figures compare weighings; they are no estimate for texts that nobody has seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from neural_hive import __version__
from neural_hive.errors import IntegrityError
from neural_hive.evaluation.cases import Case
from neural_hive.models.base import Artefact, Shelf
from neural_hive.models.card import Card
from neural_hive.models.rules import RULES, rules_of
from neural_hive.models.weighing import pack, unpack
from neural_hive.specialists.learned import MODEL, reader
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.specialists.trained import trained
from neural_hive.training.fitting import Recipe, fit
from neural_hive.training.samples import cases_of, digest, names_of, sampled, samples, voice_of
from neural_hive.training.trial import OWN_FIGURES, Bench, own_figures, unseen, worse

LICENCE = "Apache-2.0, as the project"
LIMITS = (
    "The figures compare weighings on labelled cases. The reader of texts may have read many of them, before and after alike, "
    "so they say nothing about texts that nobody has seen; the test part of the evals does."
)

Current = tuple[Artefact, Card] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trained artefact, its card, and why it may not take the place of what is in force.

    Attributes:
        reasons: Names of the gate's figures that got worse; empty means that the gate is met.
    """

    artefact: Artefact
    card: Card
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of a trial at a place of models.

    Attributes:
        kept: What the place calls the artefact.
        in_force: Whether it is in force there now.
    """

    kept: str
    in_force: bool


def train(name: str, data: Sequence[Path], gate: Sequence[Path], current: Current = None, recipe: Recipe | None = None) -> Trial:
    """Fit a specialist and try it.

    Args:
        name: One of the hive's own specialists.
        data: Files or folders of labelled cases to fit on.
        gate: Files or folders of labelled cases on which no verdict figure may get worse.
        current: What is in force, with its card; None means the hand-set weights.
        recipe: How to fit.

    Raises:
        InputError: No such specialist, no cases, or held-out ones.
    """
    recipe, cases = recipe or Recipe(), cases_of(data)
    voice = voice_of(name)
    bench, seen = Bench(name, cases_of(gate)), samples(voice, sampled(cases, recipe.most, recipe.seed))
    fitted, out_of_fold = fit(voice.spec, seen, recipe), unseen(voice.spec, seen, recipe)
    after = own_figures(voice.spec, seen, out_of_fold) | bench.figures(voice, out_of_fold)
    shipped = bench.figures(voice, lambda _: fitted)
    by_hand = own_figures(voice.spec, seen, lambda _: None) | bench.figures(voice, lambda _: None)
    artefact = pack(fitted)
    current = _usable(voice, current)
    force = unpack(current[0]) if current else None
    before = own_figures(voice.spec, seen, lambda _: force) | bench.figures(voice, lambda _: force)
    card = _card(artefact, cases, recipe, names_of(data))
    if current is not None and _as(current[1]) == _as(card):
        before |= {key: current[1].after[key] for key in OWN_FIGURES}  # it was fitted on these cases: out of fold against out of fold
    card = replace(card, by_hand=by_hand, before=before, after=after)
    reasons = dict.fromkeys((*worse(before, after), *worse(before, shipped)))
    return Trial(artefact=artefact, card=card, reasons=tuple(reasons))


def is_of_today(current: Current) -> bool:
    """Whether something is in force that was fitted under the rules that the specialist has today."""
    return current is not None and current[1].parameters.get(RULES) == rules_of(current[0].name)


def _usable(voice: RuleSpecialist, current: Current) -> Current:
    """What is in force, unless the specialist has other rules, factors or lines by now."""
    if not is_of_today(current):
        return None
    try:
        trained(voice.spec, current[0] if current else None)
    except IntegrityError:
        return None
    return current


def _as(card: Card) -> tuple[object, ...]:
    """What a fit was made of, and by what."""
    return card.product, card.data_sha256, card.seed, dict(card.parameters)


def in_force(shelf: Shelf, name: str) -> Current:
    """What is in force at a place; what was altered is in force nowhere, and training again is how to mend it.

    Raises:
        UnavailableError: The place cannot be reached.
    """
    try:
        return shelf.current(name)
    except IntegrityError:
        return None


def bring(trial: Trial, shelf: Shelf, known: Current) -> Brought:
    """Keep a trial's artefact, and put it in force if the gate is met and nobody put another one in force meanwhile.

    Args:
        trial: What was tried.
        shelf: Where it is brought to.
        known: What was in force there when the trial began.

    Raises:
        UnavailableError: The place cannot be reached.
    """
    kept = shelf.publish(trial.artefact, trial.card)
    if trial.reasons or in_force(shelf, trial.artefact.name) != known:
        return Brought(kept=kept, in_force=False)
    shelf.promote(trial.artefact.name, kept)
    return Brought(kept=kept, in_force=True)


def _card(artefact: Artefact, cases: Sequence[Case], recipe: Recipe, names: str) -> Card:
    counts = Counter(case.gold for case in sampled(cases, recipe.most, recipe.seed))
    told = f"{sum(counts.values())} of {len(cases)}: " + ", ".join(f"{count} {gold}" for gold, count in sorted(counts.items()))
    made = {RULES: rules_of(artefact.name), MODEL: reader().version}
    parameters = {key: value for key, value in asdict(recipe).items() if key != "seed"} | made
    return Card(
        name=artefact.name,
        version=artefact.version,
        sha256=artefact.sha256,
        product=__version__,
        data=(f"labelled intentions of {names}", told, f"read with {MODEL} {reader().version}"),
        data_sha256=digest(cases),
        seed=recipe.seed,
        parameters=parameters,
        licence=LICENCE,
        limits=LIMITS,
    )
