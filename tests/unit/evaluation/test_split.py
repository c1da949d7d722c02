"""No text that a model was trained on stands, nearly the same, among the held-out ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from neural_hive.evaluation.cases import Case, load_cases
from neural_hive.types import GivenPlan

EVALS = Path(__file__).parents[3] / "evals"
NEARLY = 0.6  # shared words among all words of two texts
SHORT = 3  # words; fewer are alike by chance


def words(case: Case) -> frozenset[str]:
    plan = case.intent.plan
    tasks = [task.description for task in plan.tasks] if isinstance(plan, GivenPlan) else []
    return frozenset(re.findall(r"\w+", " ".join([case.intent.text, *tasks]).lower()))


@pytest.mark.parametrize("held_out", ["dev", "test"])
def test_training_texts_are_not_held_out_ones(held_out: str) -> None:
    kept = [words(case) for case in load_cases(EVALS / held_out) if case.gold]
    places: dict[str, list[int]] = defaultdict(list)
    for place, found in enumerate(kept):
        for word in found:
            places[word].append(place)
    alike = []
    for case in load_cases(EVALS / "train"):
        said = words(case)
        shared = Counter(place for word in said for place in places.get(word, ()))
        if len(said) >= SHORT and any(count / len(said | kept[place]) >= NEARLY for place, count in shared.most_common(3)):
            alike.append(case.id)
    assert alike == []
