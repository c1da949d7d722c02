"""Where trained models come from: the ones that travel in the package."""

from __future__ import annotations

from importlib.resources import as_file, files

from neural_hive.models.base import Artefact
from neural_hive.models.packaged import FolderModels, PackagedModels

__all__ = ["Artefact", "FolderModels", "PackagedModels", "load", "packaged_shelf"]


def load(name: str) -> Artefact:
    """The artefact that answers by this name now; errors as in the port."""
    return PackagedModels().load(name)


def packaged_shelf() -> FolderModels:
    """The package's own models with their cards."""
    with as_file(files("neural_hive.models").joinpath("files")) as folder:
        return FolderModels(folder)
