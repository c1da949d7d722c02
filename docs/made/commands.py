"""The help of every command, as it is printed, in both languages.

A command words its options while it is imported, so each language is asked in a process of its own:
`python -m docs.made.commands` prints the helps of the language in `HIVE_LANGUAGE` as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from docs.made.parts import ROOT

_WIDTH = 100


def commands(language: str) -> str:
    """A section for each command, subcommands included."""
    return "\n".join(f"### {name}\n\n```text\n{shown}\n```\n" for name, shown in helps(language).items())


@cache
def helps(language: str) -> dict[str, str]:
    """What `--help` says, by the words of the command, in the order of `hive --help`."""
    environment = {**os.environ, "HIVE_LANGUAGE": language, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    call = [sys.executable, "-m", "docs.made.commands"]
    done = subprocess.run(call, env=environment, cwd=ROOT, capture_output=True, encoding="utf-8", check=True, timeout=120)  # noqa: S603 -- this file itself
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _printed() -> Iterator[tuple[str, str]]:
    import typer
    from typer.main import get_command

    from neural_hive.cli import terminal

    terminal.prepare()
    from neural_hive.cli.app import app

    root = get_command(app)
    waiting: list[tuple[str, Any, typer.Context | None]] = [("hive", root, None)]
    while waiting:
        name, command, above = waiting.pop(0)
        settings = {"terminal_width": _WIDTH, "max_content_width": _WIDTH, **command.context_settings}
        context = typer.Context(command, info_name=name.rpartition(" ")[2], parent=above, **settings)
        lines = command.get_help(context).splitlines()
        yield name, "\n".join(line.rstrip() for line in lines)
        below = getattr(command, "commands", {})
        waiting[:0] = [(f"{name} {each}", found, context) for each, found in below.items() if not found.hidden]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dict(_printed()), ensure_ascii=False))
