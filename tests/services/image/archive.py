"""An image's archive, read without a container engine."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True)
class Image:
    """What an archive says of an image; `size` is the sum of its layers in bytes, uncompressed."""

    names: tuple[str, ...]
    config: dict[str, Any]
    history: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes of all layers together."""
        return sum(self.sizes)


def inspect(archive: Path) -> Image:
    """Read an archive's description and the sizes of its layers."""
    with tarfile.open(archive) as outer:
        manifest = member_json(outer, "manifest.json")[0]
        described = member_json(outer, manifest["Config"])
    with layers(archive) as found:
        sizes = tuple(sum(512 + -(-entry.size // 512) * 512 for entry in layer) for layer in found)
    history = tuple(str(step.get("created_by", "")) for step in described.get("history", ()))
    return Image(tuple(manifest["RepoTags"] or ()), described["config"], history, sizes)


def member_json(outer: tarfile.TarFile, name: str) -> Any:
    """A JSON file of an archive."""
    return json.load(opened(outer, name))


def opened(outer: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of an archive; a link is followed.

    Raises:
        ValueError: The archive has no such file.
    """
    file = outer.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file of the archive")
    return file


@contextmanager
def layers(archive: Path) -> Iterator[Iterator[tarfile.TarFile]]:
    """The layers of an image, the lowest first, each while it is open."""
    with tarfile.open(archive) as outer:

        def each() -> Iterator[tarfile.TarFile]:
            for name in member_json(outer, "manifest.json")[0]["Layers"]:
                with tarfile.open(fileobj=opened(outer, name)) as layer:
                    yield layer

        yield each()


def content(archive: Path, path: str) -> bytes:
    """A file of an image, as the highest layer has it.

    Raises:
        FileNotFoundError: The image has no such file.
    """
    found: bytes | None = None
    with layers(archive) as all_layers:
        for layer in all_layers:
            entry = next((entry for entry in layer if entry.name.removeprefix("./") == path), None)
            file = layer.extractfile(entry) if entry else None
            found = file.read() if file else found
    if found is None:
        raise FileNotFoundError(f"{path} is not in the image")
    return found


def unpack(archive: Path, root: Path) -> None:
    """Lay an image's files out below a folder, with owners and permissions: root's work."""
    root.mkdir(parents=True)
    with layers(archive) as all_layers:
        for layer in all_layers:
            for entry in layer:
                name = Path(entry.name).name
                if name.startswith(WHITEOUT):
                    remove(root / Path(entry.name).with_name(name.removeprefix(WHITEOUT)))
                else:
                    layer.extract(entry, root, numeric_owner=True, filter="tar")


def remove(path: Path) -> None:
    """Take away what a higher layer has taken away."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
