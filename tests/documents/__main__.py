"""`python -m tests.documents site [ARGUMENTS]` builds the site; `... run PAGE [en|pt] [--servers]` shows how a page's commands go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.documents import site
from tests.documents.given import commands, places, prepare
from tests.documents.pages import RUN, SERVERS, blocks
from tests.documents.session import Session, agrees


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; 1 when something is not as a page says."""
    if arguments[:1] == ["site"]:
        return site.main(arguments[1:])
    words = [word for word in arguments if word != "--servers"]
    if words[:1] == ["run"] and len(words) in (2, 3):
        return show(*words[1:], servers="--servers" in arguments)
    sys.stderr.write(f"{__doc__}\n")
    return 64


def show(page: str, language: str = "en", *, servers: bool = False) -> int:
    """Run a page and print every command with what came of it; those that differ from the page are marked."""
    wrong = 0
    with TemporaryDirectory() as name:
        prepare(Path(name))
        session = Session(Path(name), language, places() if servers else {}, commands=commands() if servers else {})
        for block, shown, given in session.run(blocks(page, language), (RUN, *SERVERS) if servers else (RUN,)):
            same = agrees(shown, given)
            wrong += not same
            if not same:
                sys.stdout.write(f"!!! {block.place}\n")
            sys.stdout.write(given.text())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
