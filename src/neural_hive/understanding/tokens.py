"""Words with their places in a text, folded so that spelling habits do not matter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"\.?[^\W_][\w]*(?:[-./'’:@&%+][\w]+)*[%+]?|--?[a-z][\w-]*|[$][\w]*|\|", re.UNICODE)
_ASCII = re.compile(r"^[\x00-\x7f]*$")
_CLITIC = re.compile(r"^(.+?)-(?:l[oa]s?|n[oa]s?|se|me|lhes?|te|os?|as?)$")


def fold(text: str) -> str:
    """Lower case without accents; length may change only for characters outside Latin."""
    if _ASCII.match(text):
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its folded form, its span, and the strongest punctuation in front of it.

    `gap` is 0 for a space, 1 for a comma, bracket or dash, 2 for a colon, 3 for the end of a sentence.
    """

    form: str
    start: int
    end: int
    gap: int


def tokenize(text: str) -> list[Token]:
    """Split a text into words. Linear in its length; never raises."""
    tokens: list[Token] = []
    previous = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        gap = _gap(text, previous, start)
        tokens.append(Token(_form(match.group()), start, end, gap if tokens else 3))
        previous = end
    return tokens


_ACCENTED = {"dá": "dar", "dê": "dar", "pôr": "poe", "põe": "poe"}
"""Forms that without their accent are prepositions."""


def _form(word: str) -> str:
    if not word.isascii() and word.lower() in _ACCENTED:
        return _ACCENTED[word.lower()]
    form = fold(word).replace("’", "'")
    if form.endswith("'s") and form != "let's":
        return form[:-2]
    if "-" in form:
        clitic = _CLITIC.match(form)
        if clitic:
            return _with_infinitive(clitic.group(1), form)
    return form


def _with_infinitive(base: str, form: str) -> str:
    """As in "apaga-los" hides the infinitive "apagar"; "desfazer-se" shows it."""
    if base[-1:] in ("a", "e", "i") and form[len(base) :].startswith("-l"):
        return base + "r"
    return base


def _gap(text: str, start: int, end: int) -> int:
    strength = 0
    for character in text[start:end]:
        if character in ".!?;\n\r…":
            return 3
        if character == ":":
            strength = max(strength, 2)
        elif character in ",()[]{}—–•\t":
            strength = max(strength, 1)
    return strength
