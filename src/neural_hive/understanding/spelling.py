"""Mistyped verbs: "intala", "mesure". Tried only when a text has no known operation at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from neural_hive.types import Language
from neural_hive.understanding.lexicon import lexicon
from neural_hive.understanding.tokens import Token

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST = 5
_FIRST_WORDS = 6


def respelled(tokens: list[Token], language: Language) -> list[Token]:
    """The tokens with the first mistyped verb among the leading words put right, if one letter does it."""
    known = lexicon("en" if language == "en" else "pt")
    for place, token in enumerate(tokens[:_FIRST_WORDS]):
        if len(token.form) >= _SHORTEST and token.form.isalpha() and token.form not in known:
            verb = next((form for form in _neighbours(token.form) if known.is_verb(form)), None)
            if verb:
                return [*tokens[:place], replace(token, form=verb), *tokens[place + 1 :]]
    return tokens


def _neighbours(word: str) -> Iterator[str]:
    """Words one edit away (Damerau), insertions first: a dropped letter is the commonest slip."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    yield from (left + letter + right for left, right in cuts for letter in _LETTERS)
    yield from (left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1)
    yield from (left + right[1:] for left, right in cuts if right)
    yield from (left + letter + right[1:] for left, right in cuts if right for letter in _LETTERS)
