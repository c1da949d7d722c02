"""Programs that are had without an installation: each is built or unpacked once, into a folder of the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.folders import CACHE, locked

PATIENCE = 1200.0  # seconds that one download or build may take


class UnobtainableError(RuntimeError):
    """A server's program cannot be had here; the text says what to install."""


@dataclass(frozen=True)
class Program:
    """A command line and what it needs in its environment beside the caller's."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    def given(self, *arguments: str | Path) -> Program:
        """The same program with further arguments."""
        return Program((*self.argv, *map(str, arguments)), self.env)


def once(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, filled by `build` when no earlier run has completed it."""
    folder = CACHE / name
    with locked(name):
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            build(folder)
            (folder / ".complete").touch()
    return folder


def tool(name: str, advice: str) -> str:
    """Path of a program that has to be installed already.

    Raises:
        UnobtainableError: It is not on the PATH.
    """
    found = shutil.which(name)
    if found is None:
        raise UnobtainableError(f"`{name}` is not on the PATH; {advice}")
    return found


def run(*argv: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command printed.

    Raises:
        UnobtainableError: It failed or took too long; the end of its output is quoted.
    """
    line = [str(word) for word in argv]
    try:
        done = subprocess.run(
            line, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as late:
        raise UnobtainableError(f"`{' '.join(line[:4])}` took more than {PATIENCE:.0f} s") from late
    if done.returncode:
        raise UnobtainableError(f"`{' '.join(line[:4])}` failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
