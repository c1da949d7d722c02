"""What the readers know of resources, kept as data beside the code and checked when it is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from importlib.resources import files
from typing import Annotated, TypeVar

import msgspec

from neural_hive.types import Environment, Scope, Trait

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
S = TypeVar("S", bound=msgspec.Struct)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records in the data files: a misspelt field stops the load."""


class Effect(Entry, frozen=True, kw_only=True):
    """What a finding means: the fields of the action it becomes."""

    operation: str
    object: str = ""
    traits: tuple[Trait, ...]
    sensitivity: Share = 0.3
    blast: Share = 0.5
    scope: Scope = Scope.ONE


def load(name: str, kind: type[S]) -> S:
    """Read and check `data/<name>.toml`.

    Raises:
        msgspec.ValidationError: A record does not have the expected shape.
    """
    return msgspec.toml.decode(files("neural_hive.planning").joinpath(f"data/{name}.toml").read_bytes(), type=kind)


def globs(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression that matches a lower-case name by any of the patterns; `*` is anything."""
    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")


_CAUTION = (Environment.UNKNOWN, Environment.DEVELOPMENT, Environment.STAGING, Environment.PRODUCTION)


def most_cautious(environments: Sequence[Environment]) -> Environment:
    """The environment that asks for most care among those that are stated; UNKNOWN when none is."""
    return max(environments, key=_CAUTION.index, default=Environment.UNKNOWN)
