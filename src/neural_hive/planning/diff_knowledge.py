"""The data file of the diff reader, loaded and compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from neural_hive.planning.knowledge import Effect, Entry, load


class Role(Effect, frozen=True, kw_only=True):
    """What an ordinary change of a file with such a path means."""

    name: str
    paths: str
    but: str = ""
    quiet: bool = False


class LineRule(Effect, frozen=True, kw_only=True):
    """A line that protects (`guards`) or endangers."""

    name: str
    match: str
    guards: bool = False
    in_tests: bool = False
    in_prose: bool = False
    only: str = ""


class SecretRule(Effect, frozen=True, kw_only=True):
    """What a secret written into a file looks like."""

    names: str
    known: str
    placeholder: str


class Knowledge(Entry, frozen=True, kw_only=True):
    """The whole file."""

    role: tuple[Role, ...]
    line: tuple[LineRule, ...]
    secret: SecretRule


@dataclass(frozen=True, slots=True)
class Lookup:
    """The file with its expressions compiled."""

    roles: tuple[tuple[re.Pattern[str], re.Pattern[str] | None, Role], ...]
    guards: tuple[tuple[re.Pattern[str], LineRule], ...]
    dangers: tuple[tuple[re.Pattern[str], LineRule], ...]
    secret: SecretRule
    assigned: re.Pattern[str]
    known: re.Pattern[str]
    placeholder: re.Pattern[str]


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@cache
def lookup() -> Lookup:
    """Everything known about files and lines."""
    knowledge = load("diff", Knowledge)
    rules = [(_compiled(rule.match), rule) for rule in knowledge.line]
    secret = knowledge.secret
    return Lookup(
        tuple((_compiled(role.paths), _compiled(role.but) if role.but else None, role) for role in knowledge.role),
        tuple(item for item in rules if item[1].guards),
        tuple(item for item in rules if not item[1].guards),
        secret,
        re.compile(
            rf"(?<![\w.])[\w.-]*?{secret.names}[\w-]*[\"']?\s*(?:=|:|=>|:=)\s*(?P<quote>[\"']?)(?P<value>[^\s\"'#,;)]{{6,}})", re.IGNORECASE
        ),
        re.compile(secret.known),
        _compiled(secret.placeholder),
    )


@lru_cache(maxsize=1_000)
def role_of(path: str) -> Role:
    """The role of a file; the last role fits every path."""
    for pattern, exception, role in lookup().roles:
        if pattern.search(path) and not (exception and exception.search(path)):
            return role
    raise LookupError(path)
