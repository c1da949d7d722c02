"""What a specialist's trained numbers were fitted under: its factors, the shared numbers and the hazards.

Weights that were fitted under other rules say nothing about these, whatever their shape. Only the files are
read here: the specialists themselves stand beside the models and take their weights from them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files

import msgspec

RULES = "rules"
"""The parameter of a card, and the tag of a registered version, that holds the digest."""

_DIGITS = 16
_SHARED = ("common.toml", "hazard.toml")


@cache
def rules_of(name: str) -> str:
    """The digest of what a specialist of the package is made of today, 16 hexadecimal digits; "" when it is none of them.

    Comments, spaces and the order of names do not change it.
    """
    folder = files("neural_hive.specialists")
    own = folder.joinpath(name, "factors.toml")
    if not own.is_file():
        return ""
    read = [tomllib.loads(file.read_text(encoding="utf-8")) for file in (own, *map(folder.joinpath, _SHARED))]
    return sha256(msgspec.json.encode(read, order="sorted")).hexdigest()[:_DIGITS]
