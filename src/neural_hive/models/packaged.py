"""Models that travel inside the package, with the digest that their card states; and folders of the same shape."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from neural_hive.errors import IntegrityError, NotFoundError
from neural_hive.models import card as cards
from neural_hive.models.base import Artefact
from neural_hive.models.card import Card


class PackagedModels:
    """The models in `neural_hive/models/files`: `<name>.json` with its card `<name>.toml`."""

    def load(self, name: str) -> Artefact:
        """The packaged artefact of this name; see the port."""
        return _load(name)


class FolderModels:
    """Models in a folder of the same shape, where new ones can be put.

    Args:
        folder: Made when something is published.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, tuple[Artefact, Card]] = {}
        self._loaded: dict[str, Artefact] = {}

    def load(self, name: str) -> Artefact:
        """The artefact of this name, read anew; see the port."""
        found = _read(self._folder, name)
        if found != self._loaded.get(name):
            self._loaded[name] = found
        return self._loaded[name]

    def current(self, name: str) -> tuple[Artefact, Card] | None:
        """What is in force; see the port."""
        if not (self._folder / f"{name}.toml").is_file():
            return None
        return _read(self._folder, name), cards.read((self._folder / f"{name}.toml").read_text(encoding="utf-8"))

    def publish(self, artefact: Artefact, card: Card) -> str:
        """Keep until `promote`; a folder holds nothing that is not in force."""
        self._kept[artefact.version] = (artefact, card)
        return artefact.version

    def promote(self, name: str, kept: str) -> None:
        """Write the artefact and then its card: a half-written pair does not match and is refused at load."""
        artefact, card = self._kept[kept]
        self._folder.mkdir(parents=True, exist_ok=True)
        for file, content in ((f"{name}.json", artefact.content), (f"{name}.toml", card.render().encode())):
            fresh = self._folder / f"{file}.new"
            fresh.write_bytes(content)
            fresh.replace(self._folder / file)


@asynccontextmanager
async def open_packaged_models(_url: str, *, names: Sequence[str] = ()) -> AsyncIterator[PackagedModels]:
    """The models of the package, for `packaged:`; `names` are loaded when they are asked for."""
    del names
    yield PackagedModels()


@cache
def _load(name: str) -> Artefact:
    return _read(files("neural_hive.models").joinpath("files"), name)


def _read(folder: Traversable, name: str) -> Artefact:
    card_file, model_file = folder.joinpath(f"{name}.toml"), folder.joinpath(f"{name}.json")
    if not card_file.is_file() or not model_file.is_file():
        raise NotFoundError("error.unknown_model", name=name)
    card = tomllib.loads(card_file.read_text(encoding="utf-8"))
    content = model_file.read_bytes()
    digest = sha256(content).hexdigest()
    if digest != card["sha256"]:
        raise IntegrityError("error.model_altered", name=name)
    return Artefact(name=name, version=card["version"], sha256=digest, content=content)
