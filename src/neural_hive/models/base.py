"""The port of the models: where trained artefacts come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from neural_hive.models.card import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A trained model as bytes.

    Attributes:
        name, version: What it is; opinions and records repeat both.
        sha256: Hex digest of `content`, checked at load.
        content: The model file.
        fallback: Why this one answers instead of the one that was asked for: "unreachable" (its place),
            "unregistered", "altered" (digest), "outdated" (fitted under other rules) or "unusable" (content);
            "" when it is that one.
    """

    name: str
    version: str
    sha256: str
    content: bytes
    fallback: str = ""


class Models(Protocol):
    """A place that trained models are loaded from."""

    def load(self, name: str) -> Artefact:
        """The current artefact of this name; the same object until there is another one.

        Never waits once the name was loaded, so it may be asked for each opinion.

        Raises:
            NotFoundError: There is none.
            IntegrityError: Its content does not match its digest, or is none.
        """
        ...


class Shelf(Models, Protocol):
    """A place that trained models are also brought to."""

    def current(self, name: str) -> tuple[Artefact, Card] | None:
        """What is in force there now with its card, read anew; None when there is nothing.

        Raises:
            UnavailableError: The place cannot be reached.
            IntegrityError: What is there was altered.
        """
        ...

    def publish(self, artefact: Artefact, card: Card) -> str:
        """Keep an artefact with its card, without putting it in force; returns what the place calls it.

        Raises:
            UnavailableError: The place cannot be reached.
        """
        ...

    def promote(self, name: str, kept: str) -> None:
        """Put what `publish` kept in force.

        Raises:
            UnavailableError: The place cannot be reached.
        """
        ...
