"""`hive`: the command line. `main` is the entry point; each command has its own file."""

from __future__ import annotations

from neural_hive.cli.entry import main

__all__ = ["main"]
