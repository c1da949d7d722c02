"""Train the text reader: the packaged linear model over words and actions.

    python -m neural_hive.training.reader --data FILE_OR_DIR [--data ...] [--described DIR] [--leave-out FILE] --out DIR

`--described` names a folder with real descriptions of commands and attack steps (`DESCRIBED`), of which
only the half that developers may see is used.

Deterministic for the same data and seed (`training.linear`); after each epoch the weights of features that
may only raise or lower the score are projected onto that order (`specialists.features.direction`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from neural_hive.errors import InputError
from neural_hive.evaluation.cases import CLASSES, Case, load_cases, seen_half
from neural_hive.planning import plan
from neural_hive.specialists.features import action_features, direction, words_of
from neural_hive.specialists.learned import ACTION_SCALE, MODEL, WORD_SCALE
from neural_hive.specialists.parts import readings_of
from neural_hive.training import linear
from neural_hive.training.linear import Weights
from neural_hive.training.samples import names_of, refuse_held_out
from neural_hive.types import Domain, SourcePlan
from neural_hive.understanding import understand

EPOCHS = 12
RATE = 0.05
SHRINK = 0.004
SEED = 20261123
LICENCE = "Apache-2.0, as the project"
LEAST_SEEN = 2
DECIMALS = 3

DESCRIBED = (("commands_en_train.jsonl", "page"), ("atomic_red_team_train.jsonl", "attack"))
SOURCES = (
    "tldr-pages contributors, tldr-pages at 08e345f426, CC-BY-4.0: half of its command descriptions, by page",
    "Red Canary, Atomic Red Team at 9f85cf3e5, MIT: half of its test descriptions, by technique",
)
MEANING = {"destructive": "cautious", "read_only": "harmless", "reject": "dangerous"}


@dataclass(frozen=True, slots=True)
class Example:
    """One case as the model sees it: feature -> value, and the index of its class."""

    features: dict[str, float]
    label: int


def examples(cases: Sequence[Case]) -> list[Example]:
    """Features of the cases stated in natural language; machine sources are judged by parsers alone."""
    found = []
    for case in cases:
        if (gold := _gold(case)) and not isinstance(case.intent.plan, SourcePlan):
            made = plan(understand(case.intent), case.intent)
            whole = readings_of(made)[0]
            features = dict.fromkeys(words_of(whole.texts, made.language), WORD_SCALE)
            features.update(dict.fromkeys(action_features(whole.actions), ACTION_SCALE))
            features["bias"] = 1.0
            found.append(Example(features, CLASSES.index(gold)))
    return found


def _gold(case: Case) -> str:
    """The case's class; what asks for nothing is harmless."""
    return case.gold or ("harmless" if case.domains == (Domain.OUT_OF_SCOPE,) else "")


def described(folder: Path) -> list[Case]:
    """Descriptions of commands and attack steps, with the class that their label stands for."""
    found = (case for name, key in DESCRIBED for case in seen_half(folder / name, key))
    return [replace(case, gold=MEANING[case.gold]) for case in found if case.gold in MEANING]


def fit(data: Sequence[Example], seed: int = SEED) -> Weights:
    """Weights by feature, in the order of `CLASSES`."""
    shares = [tuple(float(index == example.label) for index in range(len(CLASSES))) for example in data]
    rows = [linear.Example(example.features, share) for example, share in zip(data, shares, strict=True)]
    return linear.fit(rows, linear.Recipe(epochs=EPOCHS, rate=RATE, shrink=SHRINK, seed=seed, least_seen=LEAST_SEEN), _project)


def _project(weights: Weights) -> None:
    """Isotonic projection: harmless <= cautious <= dangerous for raising features, the reverse for lowering ones."""
    for name, weight in weights.items():
        sign = direction(name)
        if sign:
            ordered = weight if sign > 0 else weight[::-1]
            ordered = _pooled(ordered)
            weight[:] = ordered if sign > 0 else ordered[::-1]


def _pooled(values: Sequence[float]) -> list[float]:
    """Pool adjacent violators (Ayer et al., 1955) on three values."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([value])
        while len(blocks) > 1 and sum(blocks[-2]) / len(blocks[-2]) > sum(blocks[-1]) / len(blocks[-1]):
            last = blocks.pop()
            blocks[-1].extend(last)
    return [sum(block) / len(block) for block in blocks for _ in block]


def content(weights: Weights) -> bytes:
    """The model file: features whose weights round to nothing are left out."""
    rounded = {name: [round(value, DECIMALS) for value in weight] for name, weight in sorted(weights.items())}
    kept = {name: weight for name, weight in rounded.items() if max(weight) - min(weight) >= 0.02}  # less moves no verdict
    return (json.dumps({"classes": CLASSES, "features": kept}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def main(arguments: list[str] | None = None) -> int:
    """Train and write the model with its card; held-out cases are wrong use, exit 2."""
    given = _given(arguments)
    kept_out = {case.group for path in given.leave_out for case in load_cases(path)}
    cases = [case for path in given.data for case in load_cases(path) if case.group not in kept_out]
    if given.described:
        cases += described(given.described)
    data = examples(cases)
    file = content(fit(data))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"{MODEL}.json").write_bytes(file)
    (given.out / f"{MODEL}.toml").write_text(_card(file, given.version, data, _sources(given)), encoding="utf-8")
    sys.stdout.write(f"{len(data)} examples, {len(file)} bytes, sha256 {sha256(file).hexdigest()}\n")
    return 0


def _given(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m neural_hive.training.reader")
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--described", type=Path)
    parser.add_argument("--leave-out", type=Path, action="append", default=[], help="files of cases whose groups are not trained on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="1")
    given = parser.parse_args(arguments)
    try:
        for path in (*given.data, *([given.described] if given.described else ())):
            refuse_held_out(path)
    except InputError as error:
        parser.error(str(error))
    return given


def _sources(given: argparse.Namespace) -> list[str]:
    """What was read, for the card."""
    left_out = [f"without the groups of {names_of(given.leave_out)}"] if given.leave_out else []
    return [f"labelled intentions of {names_of(given.data)}", *left_out, *(SOURCES if given.described else ())]


def _card(file: bytes, version: str, data: Sequence[Example], sources: Sequence[str]) -> str:
    counts = Counter(example.label for example in data)
    licence = f"{LICENCE}; attribution as above" if SOURCES[0] in sources else LICENCE
    listed = ",\n        ".join(json.dumps(source, ensure_ascii=False) for source in sources)
    return "\n".join(
        [
            '# Card of the text reader. Written by "python -m neural_hive.training.reader"; scores: docs and `make eval`.',
            f'name = "{MODEL}"',
            f"version = {json.dumps(version, ensure_ascii=False)}",
            f'sha256 = "{sha256(file).hexdigest()}"',
            'kind = "multinomial logistic regression over words and actions; harmless, cautious, dangerous"',
            f"data = [{listed}]",
            f'licence = "{licence}"',
            f"seed = {SEED}",
            f"examples = {{ harmless = {counts[0]}, cautious = {counts[1]}, dangerous = {counts[2]} }}",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
