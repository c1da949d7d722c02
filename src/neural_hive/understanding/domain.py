from __future__ import annotations
from collections.abc import Sequence
from neural_hive.types import Action, Domain


def classify(text: str, actions: Sequence[Action] = (), format: str = "text") -> dict[Domain, float]:
    return {d: 1 / len(Domain) for d in Domain}
