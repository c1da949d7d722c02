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
from neural_hive.models.weighing import pack, unpack
from neural_hive.specialists.learned import MODEL, reader
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.specialists.trained import trained
from neural_hive.training.fitting import Recipe, fit
from neural_hive.training.samples import cases_of, digest, sampled, samples, voice_of
from neural_hive.training.trial import OWN_FIGURES, Bench, own_figures, unseen, worse

LICENCE = "Apache-2.0, as the project"
LIMITS = (
    "The figures compare weighings on the project's own cases. The packaged reader of texts has read many of them, before and after "
    "alike, so they say nothing about texts that nobody has seen; the test part of the evals does."
)

Current = tuple[Artefact, Card] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trained artefact, its card, and why it may not take the place of what is in force.

    Attributes:
        reasons: Names of the gate's figures that got worse; empty means that the gate is met.
        unchanged: It is what is in force already.
    """

    artefact: Artefact
    card: Card
    reasons: tuple[str, ...] = ()
    unchanged: bool = False


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
    artefact, data_sha256 = pack(fitted), digest(cases)
    current = _usable(voice, current)
    force = unpack(current[0]) if current else None
    before = own_figures(voice.spec, seen, lambda _: force) | bench.figures(voice, lambda _: force)
    card = _card(artefact, cases, data_sha256, recipe)
    if current is not None and _as(current[1]) == _as(card):
        before |= {key: current[1].after[key] for key in OWN_FIGURES}  # it was fitted on these cases: out of fold against out of fold
    card = replace(card, by_hand=by_hand, before=before, after=after)
    reasons = dict.fromkeys((*worse(before, after), *worse(before, shipped)))
    return Trial(artefact=artefact, card=card, reasons=tuple(reasons), unchanged=bool(current and current[0].sha256 == artefact.sha256))


def _usable(voice: RuleSpecialist, current: Current) -> Current:
    """What is in force, unless the specialist has other factors or lines by now."""
    try:
        trained(voice.spec, current[0] if current else None)
    except IntegrityError:
        return None
    return current


def _as(card: Card) -> tuple[object, ...]:
    """What a fit was made of."""
    return card.data_sha256, card.seed, dict(card.parameters), card.data


def bring(trial: Trial, shelf: Shelf) -> str:
    """Keep a trial's artefact and, if the gate is met, put it in force; returns what the place calls it.

    Raises:
        UnavailableError: The place cannot be reached.
    """
    kept = shelf.publish(trial.artefact, trial.card)
    if not trial.reasons:
        shelf.promote(trial.artefact.name, kept)
    return kept


def _card(artefact: Artefact, cases: Sequence[Case], data_sha256: str, recipe: Recipe) -> Card:
    counts = Counter(case.gold for case in sampled(cases, recipe.most, recipe.seed))
    told = ", ".join(f"{count} {gold}" for gold, count in sorted(counts.items()))
    parameters = {key: value for key, value in asdict(recipe).items() if key != "seed"}
    return Card(
        name=artefact.name,
        version=artefact.version,
        sha256=artefact.sha256,
        product=__version__,
        data=("the project's own labelled intentions, pt-BR and en, no test case", told, f"read with {MODEL} {reader().version}"),
        data_sha256=data_sha256,
        seed=recipe.seed,
        parameters=parameters,
        licence=LICENCE,
        limits=LIMITS,
    )
