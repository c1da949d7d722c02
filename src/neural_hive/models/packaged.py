"""Models that travel inside the package, with the digest that their card states."""

from __future__ import annotations

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files

from neural_hive.errors import IntegrityError, NotFoundError
from neural_hive.models.base import Artefact


class PackagedModels:
    """The models in `neural_hive/models/files`: `<name>.json` with its card `<name>.toml`."""

    def load(self, name: str) -> Artefact:
        """The packaged artefact of this name; see the port."""
        return _load(name)


@cache
def _load(name: str) -> Artefact:
    folder = files("neural_hive.models").joinpath("files")
    card_file, model_file = folder.joinpath(f"{name}.toml"), folder.joinpath(f"{name}.json")
    if not card_file.is_file() or not model_file.is_file():
        raise NotFoundError("error.unknown_model", name=name)
    card = tomllib.loads(card_file.read_text(encoding="utf-8"))
    content = model_file.read_bytes()
    digest = sha256(content).hexdigest()
    if digest != card["sha256"]:
        raise IntegrityError("error.model_altered", name=name)
    return Artefact(name=name, version=card["version"], sha256=digest, content=content)
