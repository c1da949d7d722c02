"""The catalogue: every text a user reads, in pt-BR and English side by side.

Each `*.toml` beside this file holds tables `[section.name]` with the keys `pt` and `en`; the two
have the same `{placeholders}`. Files are merged into one flat catalogue, keys are unique.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("pt", "en")


def text(key: str, language: str, **params: Any) -> str:
    """Word a message.

    Args:
        key: Dotted key, for example "error.empty_plan".
        language: "pt" or "en"; anything else is read as "en".
        **params: Values of the placeholders.

    Raises:
        KeyError: No such key.
    """
    entry = catalogue()[key]
    return entry["pt" if language == "pt" else "en"].format_map(params) if params else entry["pt" if language == "pt" else "en"]


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All messages by dotted key; read once."""
    merged: dict[str, dict[str, str]] = {}
    for source in sorted(files(__name__).iterdir(), key=lambda item: item.name):
        if source.name.endswith(".toml"):
            _flatten("", tomllib.loads(source.read_text(encoding="utf-8")), merged)
    return merged


def _flatten(prefix: str, table: dict[str, Any], into: dict[str, dict[str, str]]) -> None:
    if "pt" in table and "en" in table:
        if prefix in into:
            raise ValueError(f"message {prefix!r} stands twice in the catalogue")
        into[prefix] = table
        return
    for name, value in table.items():
        if not isinstance(value, dict):
            raise TypeError(f"message {prefix!r} needs both pt and en")
        _flatten(f"{prefix}.{name}" if prefix else name, value, into)
