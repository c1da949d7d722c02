"""Cards of the packaged models: what each is made of, how good it is, what it is for, and how to make it again."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from docs.made.figures import kept_figures
from docs.made.parts import ROOT, code, number, percent, said, table, whole, word
from neural_hive.models import card as cards
from neural_hive.specialists.factors import load_spec
from neural_hive.specialists.registry import OWN

FILES = files("neural_hive.models").joinpath("files")
_SPOKEN = "neural_hive.specialists"
_COUNTS = ("let_go", "blocked")
_READER = "python -m neural_hive.training.reader --data evals/train --described DIR --out src/neural_hive/models/files"
_DOMAIN_FILE = "src/neural_hive/understanding/data/domain.toml"
_DOMAIN = f"python -m neural_hive.training.domain --data evals/train --folds 4 --out {_DOMAIN_FILE}"


def overview(language: str) -> str:
    """One line for each packaged model."""
    head = [word(f"model.{key}", language) for key in ("model", "does", "version", "size", "licence")]
    return table(head, [*(_line(name, language) for name in (*OWN, "reader")), _domain_line(language)])


def _line(name: str, language: str) -> list[str]:
    card = _toml(name)
    name_, does = word(f"name.{name}", language), word(f"does.{name}", language)
    return [name_, does, code(card["version"]), _size(name, language), said(card["licence"], language)]


def _domain_line(language: str) -> list[str]:
    licence = said("Apache-2.0, as the project", language)
    return [word("name.domain", language), word("does.domain", language), "-", _domain_size(language), licence]


def model_cards(language: str) -> str:
    """A section for each model."""
    sections = [*(_specialist(name, language) for name in OWN), _reader(language), _domain(language)]
    return "\n".join(sections)


def _specialist(name: str, language: str) -> str:
    card, model = cards.read(_text(name)), _model(name)
    facts = [
        ("file", code(f"src/neural_hive/models/files/{name}.json")),
        ("size", _size(name, language)),
        ("version", code(card.version)),
        ("digest", code(card.sha256)),
        ("kind", word("kind.specialist", language)),
        ("data", "; ".join(said(line, language) for line in card.data)),
        ("data_digest", code(card.data_sha256)),
        ("seed", code(card.seed)),
        ("parameters", _parameters(card, language)),
        ("lift", number(model["lift"], language, 4)),
        ("map", _map(model, language)),
        ("licence", said(card.licence, language)),
        ("use", word("use.specialist", language)),
        ("not_for", word("not_for.specialist", language)),
        ("limits", said(card.limits, language)),
        ("retrain", code(f"hive train {name} --data evals/dev --data evals/train --out src/neural_hive/models/files")),
    ]
    return "\n".join([_heading(name, language), _facts(facts, language), _weights(name, model, language), _measured(card, language)])


def _parameters(card: cards.Card, language: str) -> str:
    return "; ".join(f"{word(f'parameter.{name}', language)}: `{value}`" for name, value in card.parameters.items())


def _map(model: dict[str, Any], language: str) -> str:
    return ", ".join(f"{number(risk, language)} → {number(height, language)}" for risk, height in model["knots"])


def _weights(name: str, model: dict[str, Any], language: str) -> str:
    by_hand = {rule.name: rule.weight for rule in load_spec(f"{_SPOKEN}.{name}").factors}
    head = [word(f"model.{key}", language) for key in ("factor", "asks", "hand", "fitted")]
    rows = (
        (code(factor), word(f"factor.{factor}", language), number(by_hand[factor], language, 2), number(weight, language, 4))
        for factor, weight in model["weights"].items()
    )
    return table(head, rows)


def _measured(card: cards.Card, language: str) -> str:
    head = [word(f"model.{key}", language) for key in ("figure", "hand", "before", "after")]
    rows = ([word(f"figure.{name}", language), *(_figure(name, held[name], language) for held in _held(card))] for name in card.after)
    return table(head, rows)


def _held(card: cards.Card) -> Iterator[cards.Figures]:
    yield from (card.by_hand, card.before, card.after)


def _figure(name: str, value: float, language: str) -> str:
    if name in _COUNTS:
        return whole(round(value), language)
    return percent(value, language) if name == "accepted" else number(value, language, 4)


def _reader(language: str) -> str:
    card = _toml("reader")
    counts = {name: whole(count, language) for name, count in card["examples"].items()}
    facts = [
        ("file", code("src/neural_hive/models/files/reader.json")),
        ("size", _size("reader", language)),
        ("version", code(card["version"])),
        ("digest", code(card["sha256"])),
        ("kind", said(card["kind"], language)),
        ("data", "; ".join(said(line, language) for line in card["data"])),
        ("examples", word("model.counted", language, **counts)),
        ("seed", code(card["seed"])),
        ("licence", said(card["licence"], language)),
        ("use", word("use.reader", language)),
        ("not_for", word("not_for.reader", language)),
        ("limits", word("limits.reader", language)),
        ("retrain", code(_READER)),
    ]
    return "\n".join([_heading("reader", language), _facts(facts, language), _reader_figures(language)])


def _reader_figures(language: str) -> str:
    texts, share = reader_on_dev()
    head = [word(f"model.{key}", language) for key in ("set", "texts", "told_apart")]
    return table(head, [(word("model.kept_set", language, name="`evals/dev`"), str(texts), number(share, language))])


@cache
def reader_on_dev() -> tuple[int, float]:
    """The dangerous and harmless intentions of `evals/dev` that the reader reads, and how well it alone tells them apart."""
    from neural_hive.evaluation.cases import load_cases
    from neural_hive.evaluation.metrics import auc
    from neural_hive.planning import plan
    from neural_hive.specialists.learned import heard
    from neural_hive.understanding import understand

    risks: dict[str, list[float]] = {"dangerous": [], "harmless": []}
    for case in load_cases(ROOT / "evals" / "dev"):
        if case.gold in risks and (found := heard(plan(understand(case.intent), case.intent))):
            risks[case.gold].append(found[0].risk)
    share = auc(risks["dangerous"], risks["harmless"])
    return sum(map(len, risks.values())), share if share is not None else 0.5


def _domain(language: str) -> str:
    content = (ROOT / _DOMAIN_FILE).read_bytes()
    facts = [
        ("file", code(_DOMAIN_FILE)),
        ("size", _domain_size(language)),
        ("digest", code(sha256(content).hexdigest())),
        ("kind", word("kind.domain", language, count=len(_domain_weights()))),
        ("data", word("data.domain", language)),
        ("licence", said("Apache-2.0, as the project", language)),
        ("use", word("use.domain", language)),
        ("not_for", word("not_for.domain", language)),
        ("limits", word("limits.domain", language, confusions=_confused(language))),
        ("retrain", code(_DOMAIN)),
    ]
    head = [word(f"model.{key}", language) for key in ("set", "texts", "right")]
    kept = {name: found["panel"] for name, found in (kept_figures() or {}).items()}
    rows = [
        (word("model.kept_set", language, name=f"`evals/{name}`"), str(row["cases"]), percent(row["domain"], language))
        for name, row in kept.items()
    ]
    return "\n".join([_heading("domain", language), _facts(facts, language), table(head, rows)])


def _confused(language: str) -> str:
    rows = (word("model.confused", language, best=best, read=read, count=count) for best, read, count in confusions_on_dev())
    return ", ".join(rows)


@cache
def confusions_on_dev(most: int = 3) -> tuple[tuple[str, str, int], ...]:
    """The commonest wrong domains on `evals/dev`: the best label, what was read instead, and how often."""
    from neural_hive.evaluation.cases import load_cases
    from neural_hive.understanding import understand

    read = ((case.domains, understand(case.intent).domain.value) for case in load_cases(ROOT / "evals" / "dev") if case.domains)
    wrong = Counter((domains[0], found) for domains, found in read if found not in domains)
    ranked = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
    return tuple((best, found, count) for (best, found), count in ranked[:most])


def _heading(name: str, language: str) -> str:
    return f"### {word(f'name.{name}', language)}\n"


def _facts(facts: list[tuple[str, str]], language: str) -> str:
    head = [word(f"model.{key}", language) for key in ("fact", "value")]
    return table(head, ((word(f"model.{key}", language), value) for key, value in facts))


def _size(name: str, language: str) -> str:
    model, key = _model(name), "features" if name == "reader" else "weights"
    return word(f"model.{key}", language, count=whole(len(model[key]), language), bytes=whole(len(_content(name)), language))


def _domain_size(language: str) -> str:
    features = {feature for row in _domain_weights().values() for listed in row.values() for feature in listed.split()}
    size = (ROOT / _DOMAIN_FILE).stat().st_size
    return word("model.features", language, count=whole(len(features), language), bytes=whole(size, language))


@cache
def _domain_weights() -> dict[str, dict[str, str]]:
    weights: dict[str, dict[str, str]] = tomllib.loads((ROOT / _DOMAIN_FILE).read_text(encoding="utf-8"))["weights"]
    return weights


def _content(name: str) -> bytes:
    return FILES.joinpath(f"{name}.json").read_bytes()


@cache
def _model(name: str) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(_content(name))
    return model


def _text(name: str) -> str:
    return FILES.joinpath(f"{name}.toml").read_text(encoding="utf-8")


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(_text(name))


def sentences() -> Iterator[str]:
    """Every English sentence that the pages show of the cards."""
    for name in (*OWN, "reader"):
        card = _toml(name)
        yield from (*card["data"], card["licence"], card.get("limits", ""), card.get("kind", ""))
    yield "Apache-2.0, as the project"
