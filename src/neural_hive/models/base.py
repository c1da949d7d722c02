"""The port of the models: where trained artefacts come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A trained model as bytes.

    Attributes:
        name, version: What it is; opinions and records repeat both.
        sha256: Hex digest of `content`, checked at load.
        content: The model file.
    """

    name: str
    version: str
    sha256: str
    content: bytes


class Models(Protocol):
    """A place that trained models are loaded from."""

    def load(self, name: str) -> Artefact:
        """The current artefact of this name.

        Raises:
            NotFoundError: There is none.
            IntegrityError: Its content does not match its digest.
        """
        ...
