"""`make image`: builds the image with what there is, and leaves it and its bill of materials below build/."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter
from types import ModuleType

from tests.services.folders import locked
from tests.services.image import base, buildah, docker
from tests.services.image.archive import content
from tests.services.image.product import ARCHIVE, BILL, BILL_INSIDE, DEFAULT_BASE, NAME, OUTPUT, facts
from tests.services.image.secrets import secrets


def make(base_image: str | None, *, spacy: bool, options: Sequence[str] = ()) -> None:
    """Build the image and write its archive.

    Args:
        base_image: Where Python is taken from; None takes the Dockerfile's, or Debian's where that cannot be pulled.
        spacy: Whether spaCy and its models are wanted.
        options: Further words for the builder, such as `--no-cache`.

    Raises:
        BuildError: A step of the Dockerfile failed.
        UnobtainableError: There is no builder, or no base image.
    """
    began = perf_counter()
    builder = docker if docker.engine() else buildah
    with locked("image"), secrets() as files:
        arguments = {"BASE_IMAGE": base_image or based(builder), "WITH_SPACY_MODELS": str(int(spacy)), **facts()}
        say(f"building {NAME} with {builder.__name__.rpartition('.')[2]} from {arguments['BASE_IMAGE']}")
        builder.build(NAME, arguments, files, options)
        OUTPUT.mkdir(exist_ok=True)
        ARCHIVE.unlink(missing_ok=True)
        builder.save(NAME, ARCHIVE)
    BILL.write_bytes(content(ARCHIVE, BILL_INSIDE))
    say(f"{ARCHIVE.relative_to(OUTPUT.parent)} and {BILL.name}: {perf_counter() - began:.1f} s")


def based(builder: ModuleType) -> str:
    """A base image that the builder has: the Dockerfile's own where it can be pulled, else one made of Debian's packages."""
    if builder.pull(DEFAULT_BASE):
        return DEFAULT_BASE
    say(f"{DEFAULT_BASE} cannot be pulled: Python comes from this machine's Debian mirror (two minutes, once)")
    name, files = base.obtain()
    if not builder.has(name):
        builder.load_base(name, files)
    return name


def say(text: str) -> None:
    """One line on the way."""
    sys.stdout.write(f"image: {text}\n")
    sys.stdout.flush()
