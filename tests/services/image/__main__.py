"""`python -m tests.services.image build | import | check`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.services.image import checking, giving, making
from tests.services.image.buildah import BuildError
from tests.services.obtain import UnobtainableError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 when it cannot be done, or when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.services.image", description="The container image.")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build it")
    build.add_argument("--base", metavar="IMAGE", default="", help="base image; unset means the Dockerfile's, or one of Debian's packages")
    build.add_argument("--spacy", choices=["", "0", "1"], default="0", help="1 adds spaCy and its models")
    build.add_argument("options", nargs="*", metavar="OPTION", help="further options of the builder, after --")
    commands.add_parser("import", help="give it to containerd, for Kubernetes")
    commands.add_parser("check", help="run it and measure it")
    asked = parser.parse_args(arguments)
    try:
        return act(asked)
    except (BuildError, UnobtainableError, FileNotFoundError, TimeoutError) as error:
        sys.stderr.write(f"image: {error}\n")
        return 1


def act(asked: argparse.Namespace) -> int:
    """Carry one command out."""
    if asked.command == "build":
        making.make(asked.base or None, spacy=asked.spacy == "1", options=asked.options)
        return 0
    if asked.command == "import":
        giving.give()
        return 0
    return checking.check()


if __name__ == "__main__":
    sys.exit(main())
