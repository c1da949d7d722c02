"""Named things in a text: systems, tables, files, hosts, dates and times, quantities, money, versions, branches.

One pass over the text with one expression; what an identifier names is told from its spelling and
from the word before it. Nothing is judged here: entities help search, explanations and charts.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from neural_hive.types import Entity

_TIME = r"\b(?:[01]?[0-9]|2[0-3])(?::[0-5][0-9](?::[0-5][0-9])?(?:\s?[ap]\.?m\b\.?)?|h(?:[0-5][0-9])?\b|\s?[ap]\.?m\b\.?)"
_DATE = r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b|\b[0-3]?[0-9]/[01]?[0-9](?:/[0-9]{2,4})?\b"
_NUMBER = r"(?<![0-9.,])[0-9]++(?:[.,][0-9]++)*+"
_AMOUNT = rf"{_NUMBER}(?:\s?(?:mil|mi|k|m|milh[õo]es|million|bilh[õo]es)\b)?"
_URL = r"\b[a-z][a-z0-9+.\-]{1,20}://[^\s\"'<>)]+"
_VERSION = r"\bv?[0-9]+\.[0-9]+\.[0-9]+(?:[\-+][\w.]+)?\b|\bv[0-9]+(?:\.[0-9]+)?\b"
_NAME = r"(?<![\w.\-/~@])[~\w./*\-]++"
_PLAIN = r"\s+|[^\W\d_]+(?=[\s,;:!?)]|\.(?:\s|$)|$)(?!://)"
_QUOTED = r"\"([^\"\n]{1,80})\"|(?<!\w)'([^'\n]{1,80})'(?!\w)|`([^`\n]{1,80})`|“([^”\n]{1,80})”"

_LONGEST = 256  # characters of a name


class _Words(NamedTuple):
    pattern: re.Pattern[str]
    labels: dict[str, str]
    days: frozenset[str]
    extensions: frozenset[str]


def find(text: str) -> tuple[Entity, ...]:
    """The entities of a (masked) text, in order, not overlapping.

    Kinds: url, path, file, host, table, branch, system, quoted, version, date, time, money,
    percentage, quantity.
    """
    words = _words()
    found: list[Entity] = []
    for match in words.pattern.finditer(text):
        kind, quote, start = match.lastgroup or "", match[0], match.start()
        if kind in ("plain", "name"):
            quote = quote.rstrip(".-*") if kind == "name" else quote
            kind = _name_kind(quote, text, start, words)
        if kind:
            found.append(Entity(kind=kind, text=quote, start=start, end=start + len(quote)))
    return tuple(found)


def _name_kind(name: str, text: str, start: int, words: _Words) -> str:
    """What an identifier names; "" for an ordinary word."""
    if name.lower() in words.days:
        return "date"
    if not name.strip() or name[0] == "-" or len(name) > _LONGEST or _is_plain(name):
        return ""
    if name.rpartition(".")[2].lower() in words.extensions and "." in name[:-1]:
        return "file"
    if "/" in name:
        return "path" if name[0] in "/~." and any(map(str.isalnum, name)) else ""
    if not _shaped(name):
        return words.labels.get(_word_before(text, start), "") if "-" in name else ""
    return words.labels.get(_word_before(text, start)) or ("host" if _is_host(name) else "system")


def _is_plain(name: str) -> bool:
    return name.isalpha() and (name.islower() or name[1:].islower() or name.isupper())


def _word_before(text: str, start: int) -> str:
    before = text[max(0, start - 24) : start].rstrip(" \t\"'`").lower()
    return before[max(before.rfind(" "), before.rfind("\n"), before.rfind("(")) + 1 :]


def _shaped(name: str) -> bool:
    """snake_case, dotted, kebab with a digit, CamelCase."""
    if "_" in name.strip("_") or ("." in name and not name.endswith(".")):
        return True
    digits = any(char.isdigit() for char in name)
    if "-" in name:
        return digits
    inner = name[1:]
    return (digits and not name.isupper() and len(name) > 3) or (any(c.isupper() for c in inner) and any(c.islower() for c in name))


def _is_host(name: str) -> bool:
    return name.count(".") > 1 and "_" not in name and name.rpartition(".")[2].isalpha() and name.islower()


@cache
def _words() -> _Words:
    raw = tomllib.loads((files("neural_hive.understanding") / "data" / "entities.toml").read_text(encoding="utf-8"))
    either = {key: "|".join(sorted(map(re.escape, raw[key].split()), key=len, reverse=True)) for key in ("units", "currencies", "days")}
    groups = {
        "plain": _PLAIN,
        "url": _URL,
        "quoted": _QUOTED.replace("(", "(?:").replace("(?:?", "(?"),
        "money": rf"(?:R\$|US\$|\$|€|£)\s?{_AMOUNT}|{_NUMBER}\s(?i:{either['currencies']})\b",
        "percentage": rf"{_NUMBER}\s?%|{_NUMBER} (?:por cento|percent)\b",
        "date": _DATE,
        "time": _TIME,
        "quantity": rf"(?i:{_NUMBER}\s?(?:{either['units']})\b)",
        "version": _VERSION,
        "name": rf"(?i:\b(?:{either['days']})\b)|{_NAME}",
    }
    labels = {word: kind for kind, listed in raw["labels"].items() for word in listed.split()}
    pattern = re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in groups.items()))
    return _Words(pattern=pattern, labels=labels, days=frozenset(raw["days"].split()), extensions=frozenset(raw["extensions"].split()))
