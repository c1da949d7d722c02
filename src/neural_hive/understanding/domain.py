"""What an intention is about: a linear reading of bilingual concepts, words and actions.

The taxonomy, the concepts and the learned weights stand in `data/domain.toml`. A concept is a set of
beginnings of Portuguese and English words, so that the two versions of a text give the same
features; the operations and objects of the actions, which know no language, are features too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from math import exp
from typing import Any, NamedTuple

from neural_hive.types import Action, Domain, Intent, SourcePlan

_WORD = re.compile(r"[^\W_]+(?:-[^\W\d_]+)*")
_FLAT = str.maketrans("áàâãäéêèëíìîóòôõöúùûüçñ", "aaaaaeeeeiiiooooouuuucn")
_LONGEST_STEM, _SHORTEST_STEM, _PREFIX = 12, 3, 6
_NEIGHBOURLY = 100  # words whose neighbours are looked at
_SCANNED = 1500  # characters; what comes later says no more about the topic
_PLANNED = 4.0  # log-odds by which a plan speaks against "nothing is asked"
DOMAINS = tuple(Domain)
_Read = tuple[tuple[str, ...], str]  # a word's concepts, and its beginning
_NOTHING = DOMAINS.index(Domain.OUT_OF_SCOPE)


class _Model(NamedTuple):
    whole: dict[str, tuple[str, ...]]
    stems: dict[str, tuple[str, ...]]
    weights: dict[str, tuple[float, ...]]
    formats: dict[str, tuple[int, float]]
    common: frozenset[str]
    twins: dict[str, str]
    reading: dict[str, float]
    signs: tuple[tuple[str, re.Pattern[str]], ...]


def classify(
    text: str,
    actions: Sequence[Action] = (),
    format: str = "text",  # noqa: A002 - the name of the API field
    excerpt: str = "",
) -> dict[Domain, float]:
    """Probabilities of the domains.

    Args:
        text: The masked text; may be empty when a plan is given.
        actions: What was read in it (or in the source).
        format: "text", "tasks", or the format of the source that comes with it.
        excerpt: Words of the plan that comes with it: the beginning of its source, or its tasks.

    Returns:
        Every domain with its probability, summing to 1; nothing to read is out of scope.
    """
    model = _model()
    found = features(text, actions, excerpt)
    if len(found) == 2 and "p:" in found and format not in model.formats:
        return {domain: 0.93 if domain is Domain.OUT_OF_SCOPE else 0.01 for domain in DOMAINS}
    logits = [0.0] * len(DOMAINS)
    for name, value in found.items():
        if row := model.weights.get(name):
            for place, weight in enumerate(row):
                logits[place] += value * weight
    if format in model.formats:
        place, bonus = model.formats[format]
        logits[place] += bonus
    if excerpt or format in model.formats:
        logits[_NOTHING] -= _PLANNED
    return _softmax(logits)


def features(text: str, actions: Sequence[Action] = (), excerpt: str = "", *, every_word: bool = False) -> dict[str, float]:
    """What the model weighs.

    "c:" concepts, "w:" beginnings of words, "&" concepts side by side, "o:" objects and "p:" operations of the actions ("p:" alone
    when there is none), and "bias".

    Args:
        text: The masked text.
        actions: What was read in it.
        excerpt: Words of the plan that comes with it.
        every_word: Also words that the packaged model gives no weight, as training needs them.
    """
    model = _model()
    reading = model.reading
    found: dict[str, float] = {"bias": 1.0}
    words = _words(text)
    _add_words(found, words, (1.0, reading["late"]), model, every_word=every_word)
    _add_words(found, _words(excerpt), (reading["plan"], reading["plan"]), model, every_word=every_word)
    for name in _neighbours(words[:_NEIGHBOURLY]):
        if every_word or name in model.weights:
            found[name] = reading["pair"]
    for action in actions:
        found[f"o:{action.object}"] = found[f"p:{action.operation}"] = reading["action"]
    if not actions:
        found["p:"] = 1.0
    return found


def _words(text: str) -> list[_Read]:
    return [_read(word) for word in _WORD.findall(text[:_SCANNED].lower().translate(_FLAT))]


def _add_words(found: dict[str, float], words: Sequence[_Read], strengths: tuple[float, float], model: _Model, *, every_word: bool) -> None:
    """Concepts and beginnings of words, each with the greatest of its strengths."""
    first, value = int(model.reading["first_words"]), model.reading["word"]
    for place, (concepts, stem) in enumerate(words):
        strength = strengths[place >= first]
        for concept in concepts:
            if strength > found.get(concept, 0.0):
                found[concept] = strength
        if stem and (every_word or stem in model.weights) and strength * value > found.get(stem, 0.0):
            found[stem] = strength * value


def _neighbours(words: Sequence[_Read]) -> Iterator[str]:
    """Names of concepts that stand next to each other, words without one left out."""
    before: list[str] = []
    for concepts, _ in words:
        for concept in concepts[:2]:
            for other in before[-2:]:
                if other != concept:
                    yield f"&{min(concept, other)[2:]}+{max(concept, other)[2:]}"
        before.extend(concepts[:1])


def notation_of(intent: Intent) -> str:
    """The notation of the plan that comes with an intention, at a glance: "text", "tasks", or one of a source; "" if unclear."""
    if not isinstance(intent.plan, SourcePlan):
        return "tasks" if intent.plan else "text"
    if intent.plan.format not in {"auto", "json", "yaml"}:
        return intent.plan.format
    start = intent.plan.source[:_SCANNED]
    return next((name for name, sign in _model().signs if sign.search(start)), "")


def excerpt_of(intent: Intent) -> str:
    """The words of the plan that comes with an intention which may tell its domain; "" without one."""
    if isinstance(intent.plan, SourcePlan):
        return intent.plan.source[:_SCANNED]
    return "\n".join(task.description for task in intent.plan.tasks)[:_SCANNED] if intent.plan else ""


@lru_cache(maxsize=8192)
def _read(word: str) -> _Read:
    """The concepts of a word, and its beginning, or that of its English twin, unless it is one of the commonest."""
    model = _model()
    if len(word) < _SHORTEST_STEM or word in model.common or word.isdigit():
        return _concepts(word, model), ""
    beginning = word[:_PREFIX]
    return _concepts(word, model), f"w:{model.twins.get(beginning, beginning)}"


def _concepts(word: str, model: _Model) -> tuple[str, ...]:
    """By the whole word, else by its longest known beginning."""
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
    return {domain: share / total for domain, share in zip(DOMAINS, shares, strict=True)}


@cache
def _model() -> _Model:
    raw = tomllib.loads((files("neural_hive.understanding") / "data" / "domain.toml").read_text(encoding="utf-8"))
    whole: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    for concept, listed in raw["concepts"].items():
        for item in listed.split():
            table, key = (whole, item[:-1]) if item.endswith("$") else (stems, item)
            table[key] = (*table.get(key, ()), f"c:{concept}")
    return _Model(
        whole=whole,
        stems=stems,
        weights=_weights(raw["weights"]),
        formats={name: (DOMAINS.index(Domain(usual["domain"])), float(usual["weight"])) for name, usual in raw["formats"].items()},
        common=frozenset(raw["common"]["words"].split()),
        twins=dict(pair.split("=") for pair in raw["twins"]["pairs"].split()),
        reading={name: float(value) for name, value in raw["reading"].items()},
        signs=tuple((name, re.compile(sign, re.MULTILINE | re.IGNORECASE)) for name, sign in raw["signs"].items()),
    )


def _weights(tables: dict[str, dict[str, Any]]) -> dict[str, tuple[float, ...]]:
    rows: dict[str, list[float]] = {}
    for place, domain in enumerate(DOMAINS):
        for bucket, listed in tables.get(domain, {}).items():
            for name in listed.split():
                rows.setdefault(name, [0.0] * len(DOMAINS))[place] = int(bucket) / 10
    return {name: tuple(row) for name, row in rows.items()}
