"""The card of a trained specialist: what it was made of, how, and how good it is."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Figures = Mapping[str, float]
Parameters = Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model file does not say about itself.

    Attributes:
        name, version, sha256: Of the artefact.
        product: Version of the product that trained it.
        data: What it was trained on, in words.
        data_sha256: Hex digest of the cases' texts, plans and labels.
        seed: Of the folds.
        parameters: How it was fitted, with what and under which rules (`models.rules`).
        by_hand: Figures of the hand-set weights on the same cases.
        before: Figures of what was in force.
        after: Figures of this one; each case is judged by a fit that has not seen its scenario.
        licence: Of the artefact.
        limits: What the figures do not say.
    """

    name: str
    version: str
    sha256: str
    product: str
    data: tuple[str, ...]
    data_sha256: str
    seed: int
    parameters: Parameters = field(default_factory=dict)
    by_hand: Figures = field(default_factory=dict)
    before: Figures = field(default_factory=dict)
    after: Figures = field(default_factory=dict)
    licence: str = ""
    limits: str = ""

    def render(self) -> str:
        """The card as TOML."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        tables = {name: getattr(self, name) for name in _TABLES}
        lines = [f'# Card of a trained specialist. Written by "hive train {self.name}"; do not edit.']
        lines += [f"{name} = {_value(value)}" for name, value in plain.items()]
        for name, table in tables.items():
            lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
        return "\n".join(lines) + "\n"


def read(text: str) -> Card:
    """The card in a TOML text.

    Raises:
        ValueError: It is no TOML.
        TypeError: Something is missing or unknown.
    """
    raw: dict[str, Any] = tomllib.loads(text)
    return Card(**{**raw, "data": tuple(raw.get("data", ()))})


_PLAIN = ("name", "version", "sha256", "product", "data", "data_sha256", "seed", "licence", "limits")
_TABLES = ("parameters", "by_hand", "before", "after")


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
