"""A linear model over named features: three logits, one look-up per feature, no dependencies."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

import msgspec

from neural_hive.models.base import Artefact

Logits = tuple[float, float, float]


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    classes: tuple[str, str, str]
    features: dict[str, Logits]


class LinearModel:
    """Multinomial logistic regression with the classes harmless, cautious, dangerous."""

    def __init__(self, artefact: Artefact) -> None:
        self.name = artefact.name
        self.version = artefact.version
        self._weights = msgspec.json.decode(artefact.content, type=_Content).features

    def known(self, features: Iterable[str]) -> int:
        """How many of the features the model has weights for."""
        return sum(feature in self._weights for feature in features)

    def logits(self, features: Iterable[str], scale: float = 1.0) -> Logits:
        """Sum of the features' weights times `scale`; unknown features weigh nothing."""
        harmless = cautious = dangerous = 0.0
        weights = self._weights
        for feature in features:
            weight = weights.get(feature)
            if weight is not None:
                harmless += weight[0]
                cautious += weight[1]
                dangerous += weight[2]
        return (harmless * scale, cautious * scale, dangerous * scale)


def softmax(*parts: Logits) -> Logits:
    """Probabilities from added logits; they sum to 1."""
    total = [sum(part[index] for part in parts) for index in range(3)]
    most = max(total)
    powers = [exp(value - most) for value in total]
    whole = sum(powers)
    return (powers[0] / whole, powers[1] / whole, powers[2] / whole)
