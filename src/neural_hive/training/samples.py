"""Labelled cases as a specialist sees them, ready to be judged again with other weights.

The target is harm in the specialist's concern. The labels say how bad an intention is as a whole, not
whose concern it is: harm is "dangerous", and a case counts by how much the specialist listens to its
domain (`listens` of its `factors.toml`), so that its own field decides and others still have a say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import msgspec

from neural_hive.errors import InputError, NotFoundError
from neural_hive.evaluation.cases import Case, load_cases
from neural_hive.models.base import Artefact
from neural_hive.planning import plan
from neural_hive.specialists.hazard import Reading
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.specialists.trained import Ground, Trained
from neural_hive.types import Plan
from neural_hive.understanding import understand

HELD_OUT = frozenset({"test", "tests"})


class _Nothing:
    """A place without models, for specialists as they were set by hand."""

    def load(self, name: str) -> Artefact:
        raise NotFoundError("error.unknown_model", name=name)


def voice_of(name: str) -> RuleSpecialist:
    """One of the hive's own specialists as it was set by hand.

    Raises:
        InputError: It is none of them.
    """
    voice = open_local(name, _Nothing()) if name in OWN else None
    if not isinstance(voice, RuleSpecialist):
        raise InputError("error.unknown_specialist", name=name, known=", ".join(OWN))
    return voice


@dataclass(frozen=True, slots=True)
class Sample:
    """One case: what a risk of it rests on, whether it did harm, how much it counts, and its scenario."""

    ground: Ground
    harm: bool
    weight: float
    scenario: str

    def risk(self, now: Trained) -> float:
        """The specialist's risk with these weights, in [0, 1]."""
        return self.ground.judged(now)[0]


def cases_of(paths: Sequence[Path]) -> list[Case]:
    """The labelled cases in files or folders, each once, in an order that does not depend on the paths'.

    Raises:
        InputError: A path is one of held-out cases, two different cases have one id, or there are no labelled cases.
    """
    found: dict[str, Case] = {}
    for path in paths:
        if not path.exists():
            raise InputError("error.no_cases", path=str(path))
        refuse_held_out(path)
        for case in load_cases(path):
            if case.gold and found.setdefault(case.id, case) != case:
                raise InputError("error.cases_differ", name=case.id)
    if not found:
        raise InputError("error.no_cases", path=" ".join(map(str, paths)))
    return [found[name] for name in sorted(found)]


def refuse_held_out(path: Path) -> None:
    """Nothing learns from what it will be measured on: no file is called so, nor one of the two folders above it, links followed.

    "test" and "tests" are the words. What stands further up is only where somebody put the project.

    Raises:
        InputError: The path is such a one, or holds one.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else []
    near = {part.lower() for file in files or [path] for known in (file.absolute(), file.resolve()) for part in known.parts[-3:]}
    if any(HELD_OUT.intersection(re.split(r"[^a-z]+", part)) for part in near):
        raise InputError("error.train_on_test", path=str(path))


def names_of(paths: Iterable[Path]) -> str:
    """What a card calls the cases in these files and folders: their names, without the way to them."""
    return ", ".join(dict.fromkeys(path.resolve().name for path in paths))


def digest(cases: Iterable[Case]) -> str:
    """Hex digest of everything that training looks at."""
    rows = [(case.id, scenario(case), case.gold, case.domains, case.intent.text, case.intent.plan) for case in cases]
    return sha256(msgspec.json.encode(rows)).hexdigest()


def scenario(case: Case) -> str:
    """What twins, variants and pairs share: they stay on one side of every split."""
    return case.pair or case.group


def sampled(cases: Sequence[Case], most: int, seed: int) -> list[Case]:
    """At most about `most` cases, whole scenarios drawn by the seed, in the given order."""
    drawn: set[str] = set()
    count = 0
    sizes = Counter(map(scenario, cases))
    for name in sorted(sizes, key=lambda name: sha256(f"{seed}:draw:{name}".encode()).digest()):
        if count >= most:
            break
        drawn.add(name)
        count += sizes[name]
    return [case for case in cases if scenario(case) in drawn]


def samples(specialist: RuleSpecialist, cases: Iterable[Case]) -> list[Sample]:
    """What the specialist sees of the cases; one that cannot be read is left out, for nobody judges it."""
    return [_sample(specialist, case, made) for case, made in planned(cases)]


def planned(cases: Iterable[Case]) -> Iterator[tuple[Case, Plan]]:
    """Cases with their plans; those that the hive refuses to read are left out."""
    for case in cases:
        try:
            yield case, plan(understand(case.intent), case.intent)
        except InputError:
            continue


def _sample(specialist: RuleSpecialist, case: Case, made: Plan) -> Sample:
    ground = specialist.ground(made)
    domain = case.domains[0] if case.domains else made.domain
    listens = specialist.spec.listens
    weight = listens.get(domain, listens["default"])
    return Sample(replace(ground, alone=_remembered(ground)), case.gold == "dangerous", weight, scenario(case))


def _remembered(ground: Ground) -> Callable[[Reading], Sequence[float]]:
    """The scores of each act alone, worked out once: fitting asks for them thousands of times."""
    known = {id(reading): ground.alone(reading) for reading in ground.found}
    return lambda reading: known[id(reading)]
