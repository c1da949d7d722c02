"""A Docker engine, where one answers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.services.folders import CHECKOUT
from tests.services.image.buildah import PULL, BuildError, finished
from tests.services.image.secrets import proxies
from tests.services.obtain import Program, run

ANSWER = 10.0  # seconds


def engine() -> bool:
    """Whether a Docker engine answers."""
    return shutil.which("docker") is not None and finished(docker("version", "--format", "{{.Server.Version}}"), ANSWER)


def docker(*words: str | Path) -> Program:
    """A command line for the engine; mounted secrets need its newer builder."""
    return Program(("docker",), {"DOCKER_BUILDKIT": "1"}).given(*words)


def told(*words: str | Path) -> str:
    """What docker printed."""
    return run(*docker(*words).argv, cwd=CHECKOUT).strip()


def has(image: str) -> bool:
    """Whether the engine has an image."""
    return finished(docker("image", "inspect", image))


def pull(image: str) -> bool:
    """Whether the engine has an image, or its registry gives it."""
    return has(image) or finished(docker("pull", "--quiet", image), PULL)


def load_base(image: str, files: Path) -> None:
    """Make an image of one layer from an archive of files."""
    told("import", files, image)


def build(name: str, arguments: Mapping[str, str], secrets: Mapping[str, Path], options: Iterable[str] = ()) -> None:
    """Build the Dockerfile of this checkout.

    Raises:
        BuildError: A step failed.
    """
    words = ["build", "--tag", name, *(f"--build-arg={key}={value}" for key, value in arguments.items())]
    words += [f"--build-arg={key}" for key in proxies()]
    words += [f"--secret=id={key},src={path}" for key, path in secrets.items()]
    program = docker(*words, *options, CHECKOUT)
    if subprocess.run(program.argv, env={**os.environ, **program.env}, check=False).returncode:
        raise BuildError("docker could not build the image; its last lines say why")


def save(name: str, archive: Path) -> None:
    """Write an image as an archive that docker, podman and containerd load."""
    told("save", "--output", archive, name)
