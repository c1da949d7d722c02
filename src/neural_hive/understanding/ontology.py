"""The ontology: operations, objects, circumstances and cues, read from TOML and checked once.

A domain expert extends `data/*.toml`; everything here only loads, validates and indexes it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, TypeVar

import msgspec

from neural_hive.types import Environment, Trait
from neural_hive.understanding.tokens import fold

Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]
T = TypeVar("T")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of an operation in one language."""

    verbs: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be done: its traits, by the class of the object where that matters.

    `at_stake` caps the sensitivity of its object ("restore the backup" does not endanger the backup).
    """

    traits: tuple[Trait, ...] = ()
    on: dict[str, tuple[Trait, ...]] = {}
    safeguard: str = ""
    benign: bool = False
    at_stake: Unit = 1.0
    code: tuple[str, ...] = ()
    pt: Words = Words()
    en: Words = Words()

    def traits_on(self, object_class: str) -> tuple[Trait, ...]:
        """Traits of this operation on an object of the class."""
        return self.on.get(object_class, self.traits)


class ObjectKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What things are done to; sensitivity and blast as in `types.Action`."""

    class_: str = msgspec.field(name="class")
    sensitivity: Unit
    blast: Unit
    id: str = "unknown"
    head: Literal["opaque", "clear", ""] = ""
    pt: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Circumstance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words (and parts of identifiers) that tell one circumstance."""

    pt: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Circumstances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All circumstances by family and id."""

    environment: dict[str, Circumstance]
    disposable: Circumstance
    scope: dict[str, Circumstance]
    timing: dict[str, Circumstance]
    qualifier: dict[str, Circumstance]


UNKNOWN = ObjectKind(class_="unknown", sensitivity=0.3, blast=0.3)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


class Ontology:
    """The loaded ontology; see `ontology()`."""

    def __init__(self) -> None:
        self.operations = _load("operations", dict[str, Operation])
        kinds = _load("objects", dict[str, ObjectKind])
        self.objects = {name: msgspec.structs.replace(kind, id=name) for name, kind in kinds.items()}
        self.safeguards = _load("safeguards", dict[str, Circumstance])
        self.circumstances = _load("circumstances", Circumstances)
        self.cues = _load("cues", dict[str, Circumstance])
        self._environments = [(_names(words), Environment(name)) for name, words in self.circumstances.environment.items()]
        self._disposable = _names(self.circumstances.disposable)
        self._kinds = {name: kind for kind in sorted(self.objects.values(), key=lambda k: k.sensitivity) for name in kind.names}

    def operation(self, name: str) -> Operation:
        """The operation with this id; an empty one for "unknown"."""
        return self.operations.get(name, Operation())

    def safeguard_of(self, operation: str) -> str | None:
        """The kind of safeguard that an operation provides when it is a step of its own."""
        return self.operation(operation).safeguard or None

    def environment_of(self, text: str) -> Environment:
        """The environment named by an identifier or comment; the most cautious when several are."""
        parts = parts_of(text)
        for names, environment in self._environments:
            if not names.isdisjoint(parts):
                return environment
        return Environment.UNKNOWN

    def is_disposable(self, text: str) -> bool:
        """Whether an identifier or label says that the thing is temporary, synthetic or scratch."""
        return not self._disposable.isdisjoint(parts_of(text))

    def object_kind(self, identifier: str) -> ObjectKind:
        """The most sensitive kind that a part of the identifier names, or the unknown kind."""
        found = [self._kinds[part] for part in parts_of(identifier) if part in self._kinds]
        return max(found, key=lambda kind: kind.sensitivity, default=UNKNOWN)


def parts_of(text: str) -> list[str]:
    """Folded parts of an identifier: split at case changes, digits and punctuation."""
    return [fold(part) for part in _PARTS.findall(text if text.isascii() else fold(text))]


def _names(words: Circumstance) -> frozenset[str]:
    return frozenset(fold(name) for name in words.names)


def _load(name: str, kind: type[T]) -> T:
    raw = tomllib.loads(files(__package__).joinpath("data", f"{name}.toml").read_text(encoding="utf-8"))
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"understanding/data/{name}.toml: {error}") from error


@cache
def ontology() -> Ontology:
    """The ontology, loaded and validated on first use."""
    return Ontology()


def every(words: Iterable[str]) -> tuple[str, ...]:
    """Folded words in order, each once."""
    return tuple(dict.fromkeys(fold(word) for word in words))
