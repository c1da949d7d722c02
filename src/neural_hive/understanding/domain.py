"""What an intention is about: a linear reading of bilingual concepts, words and actions.

The taxonomy, the concepts and the learned weights stand in `data/domain.toml`. A concept is a set of
beginnings of Portuguese and English words, so that the two versions of a text give the same
features; the operations and objects of the actions, which know no language, are features too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from math import exp
from typing import Any, NamedTuple

from neural_hive.types import Action, Domain

_WORD = re.compile(r"[^\W_]+(?:-[^\W\d_]+)*")
_FLAT = str.maketrans("áàâãäéêèëíìîóòôõöúùûüçñ", "aaaaaeeeeiiiooooouuuucn")
_LONGEST_STEM, _SHORTEST_STEM, _PREFIX = 12, 3, 6
_SCANNED = 1500  # characters; what comes later says no more about the topic
_FORMAT_BONUS, _FORMAT_ALONE = 1.0, 3.0
_DOMAINS = tuple(Domain)


class _Model(NamedTuple):
    whole: dict[str, tuple[str, ...]]
    stems: dict[str, tuple[str, ...]]
    weights: dict[str, tuple[float, ...]]
    bias: tuple[float, ...]
    formats: dict[str, int]
    first_words: int
    late: float
    word: float
    action: float


def classify(text: str, actions: Sequence[Action] = (), format: str = "text") -> dict[Domain, float]:  # noqa: A002 - the name of the API field
    """Probabilities of the domains.

    Args:
        text: The masked text; may be empty when a machine source is given.
        actions: What was read in it (or in the source).
        format: "text", "tasks", or the format of the source that comes with it.

    Returns:
        Every domain with its probability, summing to 1; nothing to read is out of scope.
    """
    model = _model()
    features = _features(text[:_SCANNED], actions, model)
    if not features and format not in model.formats:
        return {domain: 0.93 if domain is Domain.OUT_OF_SCOPE else 0.01 for domain in _DOMAINS}
    logits = list(model.bias)
    for name, value in features.items():
        if row := model.weights.get(name):
            for place, weight in enumerate(row):
                logits[place] += value * weight
    if format in model.formats:
        logits[model.formats[format]] += _FORMAT_BONUS if text.strip() else _FORMAT_ALONE
    return _softmax(logits)


def _features(text: str, actions: Sequence[Action], model: _Model) -> dict[str, float]:
    features: dict[str, float] = {}
    for place, word in enumerate(_WORD.findall(text.lower().translate(_FLAT))):
        strength = 1.0 if place < model.first_words else model.late
        for concept in _concepts(word):
            features[concept] = max(features.get(concept, 0.0), strength)
        stem = f"w:{word[:_PREFIX]}"
        if stem in model.weights:
            features[stem] = max(features.get(stem, 0.0), strength * model.word)
    for action in actions:
        features[f"o:{action.object}"] = features[f"p:{action.operation}"] = model.action
    return features


@lru_cache(maxsize=8192)
def _concepts(word: str) -> tuple[str, ...]:
    """The concepts of a word: by the whole word, else by its longest known beginning."""
    model = _model()
    if concepts := model.whole.get(word):
        return concepts
    for length in range(min(len(word), _LONGEST_STEM), _SHORTEST_STEM - 1, -1):
        concepts = model.stems.get(word[:length])
        if concepts and (length > _SHORTEST_STEM or len(word) - length <= 2):
            return concepts
    return ()


def _softmax(logits: Sequence[float]) -> dict[Domain, float]:
    top = max(logits)
    shares = [exp(logit - top) for logit in logits]
    total = sum(shares)
    return {domain: share / total for domain, share in zip(_DOMAINS, shares, strict=True)}


@cache
def _model() -> _Model:
    raw = tomllib.loads((files("neural_hive.understanding") / "data" / "domain.toml").read_text(encoding="utf-8"))
    whole: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    for concept, listed in raw["concepts"].items():
        for item in listed.split():
            table, key = (whole, item[:-1]) if item.endswith("$") else (stems, item)
            table[key] = (*table.get(key, ()), f"c:{concept}")
    reading = raw["reading"]
    return _Model(
        whole=whole,
        stems=stems,
        weights=_weights(raw["weights"]),
        bias=tuple(float(raw["bias"][domain]) for domain in _DOMAINS),
        formats={name: _DOMAINS.index(Domain(domain)) for name, domain in raw["formats"].items()},
        first_words=int(reading["first_words"]),
        late=float(reading["late"]),
        word=float(reading["word"]),
        action=float(reading["action"]),
    )


def _weights(tables: dict[str, dict[str, Any]]) -> dict[str, tuple[float, ...]]:
    rows: dict[str, list[float]] = {}
    for place, domain in enumerate(_DOMAINS):
        for bucket, listed in tables[domain].items():
            for name in listed.split():
                rows.setdefault(name, [0.0] * len(_DOMAINS))[place] = int(bucket) / 10
    return {name: tuple(row) for name, row in rows.items()}
