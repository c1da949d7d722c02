"""kube-linter, built from the module beside this file."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from tests.services.obtain import Program, once, run, tool

_SOURCE = Path(__file__).parent
_PACKAGE = "golang.stackrox.io/kube-linter/cmd/kube-linter"


def obtain() -> Program:
    """The program, built into the cache on first use.

    Raises:
        UnobtainableError: Go is missing, or the module cannot be had or built.
    """
    digest = sha256((_SOURCE / "go.mod").read_bytes() + (_SOURCE / "go.sum").read_bytes()).hexdigest()[:8]
    return Program((str(once(f"kube-linter-{digest}", _build) / "kube-linter"),))


def _build(folder: Path) -> None:
    go = tool("go", "install Go 1.25 or newer: kube-linter is built from source")
    run(go, "build", "-trimpath", "-ldflags=-s -w", "-o", folder / "kube-linter", _PACKAGE, cwd=_SOURCE)
