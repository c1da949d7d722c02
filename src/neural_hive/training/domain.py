"""Train the reader of domains: what an intention is about.

    python -m neural_hive.training.domain --data evals/train [--folds 5] [--out src/neural_hive/understanding/data/domain.toml]

The taxonomy, the concepts and the settings at the head of the file are written by hand and kept; everything
after the mark is replaced by the learned weights. Both languages of a text count as one group when folds are made.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from neural_hive.errors import InputError
from neural_hive.evaluation.cases import Case, load_cases
from neural_hive.training.linear import Example, Recipe, Weights, fit
from neural_hive.training.samples import refuse_held_out
from neural_hive.types import Domain, Language
from neural_hive.understanding import actions, privacy
from neural_hive.understanding.domain import DOMAINS, excerpt_of, features

MARK = "# Learned from here on"
RECIPE = Recipe(epochs=14, rate=0.1, shrink=0.005, least_seen=3)
BEST = 0.7
LEAST_SCENARIOS = {"&": 8}  # scenarios that must show a feature; by the first letter of its name, else:
LEAST_OTHERWISE = 4
LEAST_TENTHS = {"&": 2, "w": 2}  # smaller weights of these are left out of the file
TENTHS = 10
SPOKEN: dict[str, Language] = {"pt": "pt", "en": "en"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A labelled text and what the model sees in it."""

    case: Case
    example: Example


def readings(cases: Sequence[Case]) -> list[Reading]:
    """What the model sees in the labelled cases."""
    found = [(case, _features(case)) for case in cases if case.domains]
    scenarios: dict[str, set[str]] = defaultdict(set)
    for case, names in found:
        for name in names:
            scenarios[name].add(case.pair or case.group)
    return [
        Reading(case, Example({name: value for name, value in names.items() if len(scenarios[name]) >= _least(name)}, _shares(case)))
        for case, names in found
    ]


def _least(name: str) -> int:
    return LEAST_SCENARIOS.get(name[0], LEAST_OTHERWISE)


def _features(case: Case) -> dict[str, float]:
    text = privacy.mask(case.intent.text).text
    return features(text, actions.read(text, SPOKEN.get(case.lang, "und")).actions, excerpt_of(case.intent), every_word=True)


def _shares(case: Case) -> tuple[float, ...]:
    """Most to the best label, the rest to the other accepted ones."""
    others = [domain for domain in case.domains[1:] if domain != case.domains[0]]
    best = BEST if others else 1.0
    shares = {Domain(domain): (1.0 - best) / len(others) for domain in others} if others else {}
    shares[Domain(case.domains[0])] = best
    return tuple(shares.get(domain, 0.0) for domain in DOMAINS)


def predicted(weights: Weights, found: dict[str, float]) -> Domain:
    """The likeliest domain."""
    scores = [0.0] * len(DOMAINS)
    for name, value in found.items():
        for place, weight in enumerate(weights.get(name, ())):
            scores[place] += value * weight
    return DOMAINS[max(range(len(DOMAINS)), key=lambda place: scores[place])]


def folds(data: Sequence[Reading], count: int) -> list[list[int]]:
    """Indexes by fold; texts of one group, and groups of one pair, stay together."""
    parts: list[list[int]] = [[] for _ in range(count)]
    for index, reading in enumerate(data):
        key = reading.case.pair or reading.case.group
        parts[int(sha256(key.encode()).hexdigest(), 16) % count].append(index)
    return parts


def cross_validate(data: Sequence[Reading], count: int, recipe: Recipe = RECIPE) -> list[tuple[Case, Domain]]:
    """Every case with the domain that a model gives it which has not seen its group."""
    answers = []
    for part in folds(data, count):
        out = set(part)
        weights = fit([reading.example for index, reading in enumerate(data) if index not in out], recipe)
        answers += [(data[index].case, predicted(weights, data[index].example.features)) for index in part]
    return answers


def report(answers: Sequence[tuple[Case, Domain]]) -> str:
    """Accuracy by language and domain, agreement of twins, and the commonest confusions."""
    accepted: dict[str, list[bool]] = defaultdict(list)
    twins: dict[str, set[Domain]] = defaultdict(set)
    wrong: Counter[str] = Counter()
    for case, domain in answers:
        right = domain in case.domains
        for name in ("all", case.lang, case.domains[0]):
            accepted[name].append(right)
        accepted["best"].append(domain == case.domains[0])
        twins[case.group].add(domain)
        if not right:
            wrong[f"{case.domains[0]} read as {domain}"] += 1
    lines = [f"{name:15} {sum(found) / len(found):6.1%} of {len(found)}" for name, found in sorted(accepted.items())]
    lines.append(f"{'twins agree':15} {sum(len(found) == 1 for found in twins.values()) / max(1, len(twins)):6.1%}")
    return "\n".join([*lines, *(f"  {count:3} {name}" for name, count in wrong.most_common(12))]) + "\n"


def content(head: str, weights: Weights) -> str:
    """The data file: the hand-written head, then the weights in tenths, zeros left out."""
    parts = [
        head.split(MARK, maxsplit=1)[0].rstrip(),
        "",
        f"{MARK} by `python -m neural_hive.training.domain`; do not edit.",
        "# Log-odds in tenths, by domain.",
    ]
    for place, domain in enumerate(DOMAINS):
        buckets: dict[int, list[str]] = defaultdict(list)
        for name, row in weights.items():
            tenths = round(row[place] * TENTHS)
            if abs(tenths) >= LEAST_TENTHS.get(name[0], 1):
                buckets[tenths].append(name)
        parts += ["", f"[weights.{domain}]"]
        parts += [
            f'"{tenths}" = """\n{textwrap.fill(" ".join(sorted(names)), 138, break_on_hyphens=False)}\n"""'
            for tenths, names in sorted(buckets.items())
        ]
    return "\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Cross-validate, train on everything and write the data file; held-out cases are wrong use, exit 2."""
    parser = argparse.ArgumentParser(prog="python -m neural_hive.training.domain")
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--folds", type=int, default=0, help="cross-validate with so many parts first")
    parser.add_argument("--out", type=Path, help="the data file whose weights are replaced")
    given = parser.parse_args(arguments)
    try:
        for path in given.data:
            refuse_held_out(path)
    except InputError as error:
        parser.error(str(error))
    data = readings([case for path in given.data for case in load_cases(path)])
    if given.folds:
        sys.stdout.write(report(cross_validate(data, given.folds)))
    if given.out:
        text = content(given.out.read_text(encoding="utf-8"), fit([reading.example for reading in data], RECIPE))
        given.out.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{len(data)} texts, {len(text.encode())} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
