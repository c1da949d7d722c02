"""The Terraform data file, loaded and indexed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from neural_hive.planning.knowledge import Effect, Entry, Share, globs, load


class Flag(StrEnum):
    """What the loss of a resource means; explained in data/terraform.toml."""

    DATA = "data"
    SERVING = "serving"
    CONTROL = "control"
    ACCESS = "access"
    KEYS = "keys"
    COPIES = "copies"
    TRIVIAL = "trivial"


class Resource(Entry, frozen=True, kw_only=True):
    """What is known of a family of resource types."""

    object: str
    types: tuple[str, ...]
    flags: frozenset[Flag]
    sensitivity: Share
    blast: Share


class Attribute(Effect, frozen=True, kw_only=True):
    """An attribute whose value decides how much is protected."""

    names: tuple[str, ...]
    bad: frozenset[str] = frozenset()
    fewer: bool = False
    created: bool = False


class Names(Entry, frozen=True, kw_only=True):
    """Which attributes name a thing, tell its environment, or hold a secret."""

    identity: frozenset[str]
    environment_tags: frozenset[str]
    secret: tuple[str, ...]


class Exposure(Entry, frozen=True, kw_only=True):
    """Ports for everybody, and names of very wide and of looking-only rights."""

    public_ports: frozenset[int]
    admin: tuple[str, ...]
    reading: tuple[str, ...]


class Knowledge(Entry, frozen=True, kw_only=True):
    """The whole file."""

    resource: tuple[Resource, ...]
    attribute: tuple[Attribute, ...]
    scaling: frozenset[str]
    capacity: frozenset[str]
    names: Names
    exposure: Exposure


@dataclass(frozen=True, slots=True)
class Lookup:
    """The file with what is derived from it once."""

    knowledge: Knowledge
    families: tuple[tuple[re.Pattern[str], Resource], ...]
    attributes: dict[str, tuple[tuple[tuple[str, ...], Attribute], ...]]
    admin: re.Pattern[str]
    reading: re.Pattern[str]
    secret: re.Pattern[str]


@cache
def lookup() -> Lookup:
    """Everything known, indexed by the last part of an attribute's name."""
    knowledge = load("terraform", Knowledge)
    index: dict[str, list[tuple[tuple[str, ...], Attribute]]] = {}
    for rule in knowledge.attribute:
        for name in rule.names:
            path = tuple(part for part in name.split(".") if not part.isdigit())
            index.setdefault(path[-1], []).append((path, rule))
    return Lookup(
        knowledge,
        tuple((globs(entry.types), entry) for entry in knowledge.resource),
        {name: tuple(rules) for name, rules in index.items()},
        globs(knowledge.exposure.admin),
        globs(knowledge.exposure.reading),
        re.compile("|".join(map(re.escape, knowledge.names.secret)), re.IGNORECASE),
    )


@lru_cache(maxsize=1_000)
def resource_of(kind: str) -> Resource:
    """What is known of a resource type; the last entry of the file fits every type."""
    return next(entry for pattern, entry in lookup().families if pattern.match(kind.lower()))
