"""What a script says about itself: environment, what is disposable, and the only copy.

Shared by the readers of shell and SQL.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from neural_hive.types import Environment
from neural_hive.understanding.ontology import ObjectKind, ontology

_NOT_A_PLACE = re.compile(r"/dev/\w*|/usr/local\b|local/bin|\.local\b|/home/linuxbrew|(?<!\S)--?[a-z][\w-]*|\blocal[._-]?host\b(?=:)")
_WORST_FIRST = (Environment.PRODUCTION, Environment.STAGING, Environment.DEVELOPMENT)
_TOYS = re.compile(r"(?:^|[\s=:])(?:kind-[\w-]+|k3d-[\w-]+|minikube|docker-desktop|rancher-desktop|orbstack)(?=$|[\s:;,])")


@lru_cache(maxsize=4096)
def environment_named(identifier: str) -> Environment:
    """The environment that an identifier, host name, path or context names."""
    cleaned = _NOT_A_PLACE.sub(" ", identifier) if "/" in identifier or "-" in identifier or "." in identifier else identifier
    return ontology().environment_of(cleaned)


def environment_in(text: str) -> Environment:
    """The environment that a sentence or comment speaks of; the most cautious of several."""
    if not text:
        return Environment.UNKNOWN
    found = {environment_named(text)} | {environment for environment, pattern in _phrases() if pattern.search(text)}
    return next((environment for environment in _WORST_FIRST if environment in found), Environment.UNKNOWN)


def worst(*environments: Environment) -> Environment:
    """Production if any says so, else the first that is known."""
    if Environment.PRODUCTION in environments:
        return Environment.PRODUCTION
    return next((environment for environment in environments if environment is not Environment.UNKNOWN), Environment.UNKNOWN)


def is_toy(text: str) -> bool:
    """Whether a context or cluster name is that of a throwaway cluster on one's own machine."""
    return bool(_TOYS.search(text))


@lru_cache(maxsize=4096)
def kind_of(identifier: str) -> ObjectKind:
    """The kind of object that an identifier names."""
    return ontology().object_kind(identifier)


@lru_cache(maxsize=4096)
def names_disposable(identifier: str) -> bool:
    """Whether an identifier says that the thing is temporary, and does not say production."""
    return ontology().is_disposable(identifier) and environment_named(identifier) is not Environment.PRODUCTION


def only_copy_stated(text: str) -> bool:
    """Whether a comment says that this is the only copy of something."""
    return bool(_only_copy().search(text))


def emptiness_stated(text: str) -> bool:
    """Whether a comment says that a device or folder is new, empty or to be thrown away."""
    return bool(_empty().search(text)) and not only_copy_stated(text)


@cache
def _phrases() -> tuple[tuple[Environment, re.Pattern[str]], ...]:
    table = ontology().circumstances.environment
    return tuple((Environment(name), _any_of((*words.pt, *words.en))) for name, words in table.items())


@cache
def _only_copy() -> re.Pattern[str]:
    words = ontology().circumstances.qualifier["only_copy"]
    return _any_of((*words.pt, *words.en))


@cache
def _empty() -> re.Pattern[str]:
    words = ontology().circumstances.disposable
    return _any_of((*words.pt, *words.en, "new disk", "brand new", "disco novo", "arrived today", "unused", "sem uso"))


def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, ordered))})(?![\w/-])", re.IGNORECASE)
