"""What is trained of a specialist: its factors' weights, its lift, and the map of its risks.

Whatever the numbers, the rules of the design (section 4, rules 1 to 4) hold: weights and lift are
not negative, so a risk never falls while a factor's score rises, and the map never falls. What the
specialists' lines mean stays, because the map leaves those lines where they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from math import isfinite

import msgspec

from neural_hive.errors import IntegrityError
from neural_hive.models.base import Artefact

Knot = tuple[float, float]

SCHEMA = "specialist/v1"
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Curve:
    """A piecewise linear map: from each knot's risk on, its height and the slope up to the next."""

    risks: tuple[float, ...]
    heights: tuple[float, ...]
    slopes: tuple[float, ...]

    def at(self, risk: float) -> float:
        """The calibrated risk of a risk in [0, 1]."""
        index = bisect_right(self.risks, risk) - 1
        return self.heights[index] + self.slopes[index] * (risk - self.risks[index])


class Weighing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of a specialist's artefact.

    Attributes:
        specialist: Whose it is.
        weights: Share of each factor in the risk, in the specialist's order; not negative, summing to 1.
        lift: Share of the factors' weighted scores that is added to the strongest one, in [0, 1].
        lines: Risks that mean something (from conditional, from review, reject); the map leaves them alone.
        knots: (risk, risk) of the map from (0, 0) to (1, 1); the first ones rise, the second ones never fall.
    """

    specialist: str
    weights: dict[str, float]
    lift: float
    lines: tuple[float, ...]
    knots: tuple[Knot, ...]
    schema: str = SCHEMA

    def mapped(self, risk: float) -> float:
        """The calibrated risk of a risk in [0, 1]; never falls while it rises."""
        return self.curve().at(risk)

    def curve(self) -> Curve:
        """The map, ready to be asked often."""
        slopes = [(high - low) / (right - left) for (left, low), (right, high) in pairwise(self.knots)]
        risks, heights = zip(*self.knots, strict=True)
        return Curve(risks, heights, (*slopes, 0.0))

    @property
    def is_mapped(self) -> bool:
        """Whether the map changes any risk."""
        return any(risk != calibrated for risk, calibrated in self.knots)

    def content(self) -> bytes:
        """The model file; equal numbers give equal bytes."""
        return msgspec.json.encode(self) + b"\n"


def pack(weighing: Weighing) -> Artefact:
    """The artefact of a weighing; its version is the beginning of its digest."""
    content = weighing.content()
    digest = sha256(content).hexdigest()
    return Artefact(name=weighing.specialist, version=digest[:8], sha256=digest, content=content)


def unpack(artefact: Artefact) -> Weighing:
    """The weighing in an artefact.

    Raises:
        IntegrityError: It holds none, or one whose numbers break the promises above.
    """
    try:
        found = msgspec.json.decode(artefact.content, type=Weighing)
    except msgspec.MsgspecError as error:
        raise IntegrityError("error.model_unusable", name=artefact.name) from error
    if found.schema != SCHEMA or found.specialist != artefact.name or not is_sound(found):
        raise IntegrityError("error.model_unusable", name=artefact.name)
    return found


def is_sound(weighing: Weighing) -> bool:
    """Whether the weights are shares, the lift is one, and the map rises and keeps the lines."""
    weights, knots = weighing.weights.values(), weighing.knots
    if not _shares((*weights, weighing.lift)) or abs(sum(weights) - 1.0) > _CLOSE:
        return False
    if len(knots) < 2 or knots[0] != (0.0, 0.0) or knots[-1] != (1.0, 1.0) or not _shares(each for knot in knots for each in knot):
        return False
    if any(first[0] >= second[0] or first[1] > second[1] for first, second in pairwise(knots)):
        return False
    return all(_keeps(weighing, line) for line in weighing.lines)


def _keeps(weighing: Weighing, line: float) -> bool:
    """Whether a risk is below the line after the map just when it was so before."""
    return weighing.mapped(line) == line and all(calibrated < line for risk, calibrated in weighing.knots if risk < line)


def is_like(one: Weighing, other: Weighing) -> bool:
    """Whether both are of one specialist with the same factors and lines, so that one can stand in for the other."""
    return one.specialist == other.specialist and one.weights.keys() == other.weights.keys() and one.lines == other.lines


def _shares(numbers: Iterable[float]) -> bool:
    return all(isfinite(number) and 0.0 <= number <= 1.0 for number in numbers)
