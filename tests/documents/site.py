"""Builds the site: mkdocs in an environment of its own, made from docs/requirements.lock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from tests.documents.pages import ROOT
from tests.services.obtain import once, run

LOCK = ROOT / "docs" / "requirements.lock"
QUIET = {"NO_MKDOCS_2_WARNING": "1"}


def obtain() -> Path:
    """The folder with the programs of an environment that holds what the lock names; made once."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}-{sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    return once(f"site-{version}", install) / "bin"


def install(folder: Path) -> None:
    """Make the environment."""
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--quiet")
    run(*pip, "--no-compile", "--require-hashes", "--requirement", LOCK, cwd=folder)


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Build the site as `mkdocs.yml` says, anything doubtful being an error."""
    command = [str(obtain() / "mkdocs"), "build", "--strict", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False, timeout=300)


def main(arguments: Sequence[str]) -> int:
    """Build, or serve with `serve`; the exit code is that of mkdocs."""
    words = list(arguments) or ["build", "--strict"]
    return subprocess.run([str(obtain() / "mkdocs"), *words], cwd=ROOT, env={**os.environ, **QUIET}, check=False).returncode
