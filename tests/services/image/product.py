"""What the image is called, where it is left, and what its labels say."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from neural_hive import __version__
from tests.services.folders import CHECKOUT

NAME = f"localhost/neural-hive-mind:{__version__}"
OUTPUT = CHECKOUT / "build"  # git ignores it
ARCHIVE = OUTPUT / f"neural-hive-mind-{__version__}.tar"
BILL = OUTPUT / f"neural-hive-mind-{__version__}.cdx.json"

BILL_INSIDE = "opt/hive/sbom.cdx.json"

DEFAULT_BASE = "python:3.12-slim-bookworm"


def facts(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Build arguments that become labels: version, revision, time of creation and source."""
    seconds = int(environment.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or time.time())
    revision = git("rev-parse", "HEAD")
    if revision and git("status", "--porcelain", "--", "src", "deploy", "Dockerfile", "pyproject.toml"):
        revision += "-modified"
    return {
        "VERSION": __version__,
        "REVISION": revision or "unknown",
        "CREATED": datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SOURCE": public(git("config", "--get", "remote.origin.url")) or "unknown",
    }


def public(url: str) -> str:
    """A repository's address when everybody may read it; a path of this machine or an address with a password is none."""
    return url if url.startswith("https://") and "@" not in url else ""


def git(*words: str) -> str:
    """What git says about this checkout; nothing where there is no git."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S607 -- the user's git
    return done.stdout.strip() if done.returncode == 0 else ""


def archive() -> Path:
    """The built image.

    Raises:
        FileNotFoundError: It has not been built.
    """
    if not ARCHIVE.exists():
        raise FileNotFoundError(f"{ARCHIVE} is not there: run `make image` first")
    return ARCHIVE
