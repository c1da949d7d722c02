"""Marks on a page, and the pieces of Markdown that all made parts share."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from neural_hive.messages import catalogue

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = {"en": ROOT / "docs" / "en", "pt": ROOT / "docs" / "pt-BR"}
LANGUAGES = tuple(FOLDERS)
_HERE = Path(__file__).resolve().parent


def part(page: str, name: str) -> str:
    """What stands between the marks of a made part.

    Raises:
        ValueError: The page has no such marks.
    """
    found = re.search(rf"(?s)<!-- {name} -->\n(.*?)<!-- /{name} -->", page)
    if found is None:
        raise ValueError(f"no part {name!r}")
    return found[1]


def with_part(page: str, name: str, content: str) -> str:
    """The page with a made part filled anew."""
    return page.replace(f"<!-- {name} -->\n{part(page, name)}<!-- /{name} -->", f"<!-- {name} -->\n{content}<!-- /{name} -->")


def names_of(page: str) -> list[str]:
    """The made parts of a page, in order."""
    return re.findall(r"(?m)^<!-- /([\w-]+) -->$", page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, with a line break at its end."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"|{'|'.join(cells)}|\n" if cells[0] == "---" else f"| {' | '.join(map(cell, cells))} |\n" for cells in lines)


def cell(words: str) -> str:
    """Words on one line that cannot end a table's cell."""
    return re.sub(r"(?<!\\)\|", r"\|", " ".join(words.split()))


def code(words: object) -> str:
    """Words as code; nothing when there are none."""
    return f"`{words}`" if str(words) else ""


def local(figure: str, language: str) -> str:
    """A figure with the decimal sign of its reader."""
    return figure.replace(".", ",") if language == "pt" else figure


def percent(share: float | None, language: str) -> str:
    """A share with one decimal, as a reader of the language writes it."""
    return "-" if share is None else local(f"{100 * share:.1f}%", language)


def number(value: float | None, language: str, digits: int = 3) -> str:
    """A figure with so many decimals, as a reader of the language writes it."""
    return "-" if value is None else local(f"{value:.{digits}f}", language)


def whole(value: int, language: str) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}".replace(",", "." if language == "pt" else ",")


@cache
def words() -> dict[str, dict[str, str]]:
    """The words of the generators by dotted key, in both languages."""
    return {f"{section}.{key}": entry for section, entries in _read("words.toml").items() for key, entry in entries.items()}


def word(key: str, language: str, **params: Any) -> str:
    """Words of a made part.

    Raises:
        KeyError: No such key.
    """
    found = words()[key][language]
    return found.format_map(params) if params else found


@cache
def portuguese() -> dict[str, str]:
    """What the code says in English only (routes, types, the wire contract), and the same in Portuguese."""
    return dict(_read("portuguese.toml"))


def said(english: str, language: str) -> str:
    """A sentence of the code in the language of the page.

    Raises:
        KeyError: Nobody has written it in Portuguese yet: `docs/made/portuguese.toml`.
    """
    plain = " ".join(english.split())
    if language == "en" or not plain:
        return plain
    return titles().get(plain) or portuguese()[plain]


@cache
def titles() -> dict[str, str]:
    """The titles of problems, which the catalogue has in both languages: English to Portuguese."""
    return {entry["en"]: entry["pt"] for key, entry in catalogue().items() if key.startswith("problem.")}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))
