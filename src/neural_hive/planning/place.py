"""Where something is and whether it is meant to be thrown away, read from names and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from neural_hive.planning.knowledge import most_cautious
from neural_hive.planning.reading import Circumstances
from neural_hive.types import Environment
from neural_hive.understanding.ontology import ontology

# Parts of names that say who uses a thing, or for what, rather than where it is.
_WHO = re.compile(r"(?<![a-z])(?:ci|local|kind|lab|qa|preview|sandbox)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Environment of a thing, and whether its own names say that it is disposable."""

    environment: Environment = Environment.UNKNOWN
    disposable: bool = False


def place_of(own: Iterable[str], around: Environment, circumstances: Circumstances, *, hints: Iterable[str] = ()) -> Place:
    """Decide where a thing is.

    Its own names and labels come first, then what the source says as a whole, then the
    circumstances; among equals the more cautious wins. Something in production is never
    disposable by name.

    Args:
        own: Names, labels and addresses of the thing that are believed.
        around: What the source says as a whole.
        circumstances: What was known before the source was read.
        hints: Names that may tell the environment but never that the thing is disposable: a right
            called "ci" or "test" reaches as far as any other.
    """
    names, knowledge = [name for name in own if name], ontology()
    told = [*names, *(_WHO.sub(" ", hint) for hint in hints)]
    stated = most_cautious([knowledge.environment_of(name) for name in told if name])
    environment = next((found for found in (stated, around, circumstances.environment) if found is not Environment.UNKNOWN), stated)
    thrown_away = any(knowledge.is_disposable(name) for name in names) or circumstances.disposable
    return Place(environment, thrown_away and environment is not Environment.PRODUCTION)
