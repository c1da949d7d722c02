"""A specialist's weights as they are in force: from its artefact, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, log
from operator import mul

from neural_hive.errors import IntegrityError, NotFoundError
from neural_hive.models.base import Artefact, Models
from neural_hive.models.weighing import Curve, Weighing, unpack
from neural_hive.specialists.factors import Common, Spec, load_common
from neural_hive.specialists.hazard import Reading
from neural_hive.specialists.learned import MODEL, Hearing, Held, Lift, lifted, reader
from neural_hive.types import ModelInfo


@dataclass(frozen=True, slots=True)
class Trained:
    """Everything that training decides, and who answers with it; one opinion is made with one of these wholly.

    Attributes:
        weights: Of the factors, in the order of the specification.
        source: The artefact that it was made of; None for the hand-set weights.
        curve: The artefact's map; None when it leaves every risk as it is.
    """

    weighing: Weighing
    weights: tuple[float, ...]
    model: ModelInfo
    source: Artefact | None = None
    curve: Curve | None = None

    def risk(self, values: Sequence[float], points: Sequence[float] = (), least: float = 0.0) -> float:
        """The specialist's own risk: never falls while a factor's score or any argument rises.

        Args:
            values: The factors' scores in [0, 1].
            points: Log-odds that signals about the text add, each at least 0.
            least: The risk is not below this.
        """
        most = max(values)
        shared: float = sum(map(mul, self.weights, values))
        risk = most + (1.0 - most) * self.weighing.lift * shared
        for more in points:
            if more and 0.0 < risk < 1.0:
                risk = 1.0 / (1.0 + exp(-(log(risk / (1.0 - risk)) + more)))
        return min(1.0, max(risk, least))

    def calibrated(self, risk: float) -> float:
        """The risk after the artefact's map."""
        return self.curve.at(risk) if self.curve is not None else risk


@dataclass(slots=True, kw_only=True)  # not frozen, as that would double the time of making one for each opinion
class Ground:
    """What a specialist's risk of one plan rests on, whatever the weights; nobody changes it.

    Attributes:
        values: The factors' scores in [0, 1].
        points: Log-odds that signals about the text add.
        least: The own risk is not below this: too little was read.
        said: What was heard of the learned reading.
        alone: The factors' scores on one act by itself.
        floor: The calibrated risk is not below this: nobody could read what is done to something that matters.
    """

    found: Sequence[Reading]
    values: Sequence[float]
    points: Sequence[float]
    least: float
    said: Hearing | None
    alone: Callable[[Reading], Sequence[float]]
    floor: float

    def judged(self, now: Trained, confidence: float = 1.0) -> tuple[float, float, Lift | None]:
        """Risk and confidence after the learned reading was heard, and what it said; the risk is monotone in the factors' scores."""
        risk, lift = now.risk(self.values, self.points, self.least), None
        if self.said is not None:
            lift = lifted(self.found, Held(risk, confidence, partial(self._alone, now)), self.said)
            risk, confidence = lift.risk, lift.confidence
        return max(now.calibrated(risk), self.floor), confidence, lift

    def _alone(self, now: Trained, reading: Reading) -> float:
        return now.risk(self.alone(reading), self.points, self.least)


def lines(common: Common) -> tuple[float, float, float]:
    """The risks that mean something to whoever reads an opinion."""
    return common.conditional, common.review, common.reject


def by_hand(spec: Spec) -> Weighing:
    """The weights of `factors.toml`, and no map: what training starts from, and what answers where nothing was trained."""
    weights = {rule.name: rule.weight for rule in spec.factors}
    return Weighing(specialist=spec.name, weights=weights, lift=spec.lift, lines=lines(load_common()), knots=((0.0, 0.0), (1.0, 1.0)))


def trained(spec: Spec, found: Artefact | Weighing | None) -> Trained:
    """What an artefact, a weighing or (None) the hand-set weights make of a specialist.

    Raises:
        IntegrityError: It is of other factors or lines than this specialist has.
    """
    hand = by_hand(spec)
    weighing = unpack(found) if isinstance(found, Artefact) else found or hand
    if weighing.specialist != hand.specialist or weighing.weights.keys() != hand.weights.keys() or weighing.lines != hand.lines:
        raise IntegrityError("error.model_unusable", name=spec.name)
    own = f"{spec.version}.{found.version}" if isinstance(found, Artefact) else spec.version
    fallback = found.fallback if isinstance(found, Artefact) else ""
    return Trained(
        weighing=weighing,
        weights=tuple(weighing.weights[rule.name] for rule in spec.factors),
        model=ModelInfo(name=f"{spec.name}-rules", version=f"{own}+{MODEL}.{reader().version}", source="learned", fallback=fallback),
        source=found if isinstance(found, Artefact) else None,
        curve=weighing.curve() if weighing.is_mapped else None,
    )


def artefact_of(name: str, place: Models) -> Artefact | None:
    """What a place of models has for a specialist; None when it has nothing.

    Raises:
        IntegrityError: What it has was altered.
    """
    try:
        return place.load(name)
    except NotFoundError:
        return None
