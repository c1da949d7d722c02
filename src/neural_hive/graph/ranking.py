"""In which order precedents come; every graph asks here, so that all of them agree.

First the likeness of the shapes. Among equally alike decisions those come first whose titles share
more words with the plan's, then the newest.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from neural_hive.graph.shape import Likeness
from neural_hive.types import Plan, Precedent, Verdict

Key = TypeVar("Key", int, str)

LEAST_ALIKE = 0.3  # below it a precedent tells nothing
SHAPES = 32  # how many shapes are weighed
SHAPES_PER_CLUE = 8
CLUES = 64
_EQUALS = 32  # decisions among which words choose
_TITLE = 300  # characters of a title whose words count
_WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A decision that may become a precedent."""

    decision_id: str
    created_at: str
    title: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Rank:
    """Shapes that are equally alike."""

    alike: float
    shapes: tuple[int | str, ...]


def clues(shape: Iterable[str]) -> list[str]:
    """The features by which similar shapes are looked up, the most telling first: acts, then kinds, then operations."""
    features = list(shape)
    return [feature for kind in ("act:", "kind:", "operation:") for feature in features if feature.startswith(kind)][:CLUES]


def ranks(shape: Iterable[str], candidates: Mapping[Key, Iterable[str]]) -> list[Rank]:
    """Candidates by likeness, the most alike first; those that tell nothing are left out.

    Args:
        shape: Features of the plan.
        candidates: Features by the key of a shape.
    """
    likeness = Likeness(shape)
    equals: dict[float, list[int | str]] = defaultdict(list)
    for key, features in candidates.items():
        equals[likeness.to(features)].append(key)
    return [Rank(alike, tuple(equals[alike])) for alike in sorted(equals, reverse=True) if alike >= LEAST_ALIKE]


def share(ranked: Iterable[Rank], limit: int) -> int:
    """How many decisions of each shape are looked at, the newest, when `limit` are wanted."""
    return max(limit, _EQUALS // max((len(rank.shapes) for rank in ranked), default=1))


def precedents(plan: Plan, rank: Rank, found: Iterable[Remembered]) -> list[Precedent]:
    """Decisions of one rank as precedents, in order."""
    wanted = words(title_of(plan))
    ordered = sorted(found, key=lambda one: (_overlap(wanted, one.title), one.created_at, one.decision_id), reverse=True)
    similarity = round(rank.alike, 4)
    return [Precedent(decision_id=one.decision_id, title=one.title, verdict=Verdict(one.verdict), similarity=similarity) for one in ordered]


def title_of(plan: Plan) -> str:
    """What the plan is called: its intention, or its first task."""
    return plan.title or next((task.description for task in plan.tasks), "")


def words(title: str) -> frozenset[str]:
    """Words of a title, without accents and case."""
    plain = title[:_TITLE].casefold()
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return frozenset(_WORD.findall(plain))


def _overlap(wanted: frozenset[str], title: str) -> float:
    """Share of the words that both have, in [0, 1]."""
    if not wanted:
        return 0.0
    others = words(title)
    return len(wanted & others) / len(wanted | others)
