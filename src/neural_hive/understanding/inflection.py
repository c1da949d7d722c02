"""Inflected forms of Portuguese and English words, generated from their dictionary form.

A dictionary-based lemmatiser (simplemma) was measured at 1.1 s of start-up and 106 MB for
Portuguese; generating the forms of the ontology's own words costs milliseconds, knows new verbs
("dropar", "deployar") and, unlike a lemma, keeps the mood: "apagou" happened, "apague" is asked.
All forms are folded (lower case, no accents), as `tokens.fold` makes them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from neural_hive.understanding.tokens import fold

Mood = Literal["base", "present", "gerund", "participle", "past", "future", "noun"]

_PT_RAISING = ("erir", "etir", "ertir", "estir", "ervir", "eguir", "entir")


class _Portuguese(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    irregular: dict[str, dict[Mood, str]]
    families: dict[str, str]
    participles: dict[str, str]


class _English(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    irregular: dict[str, str]


class _Doubling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    english: frozenset[str]


class _Irregular(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    portuguese: _Portuguese
    english: _English
    doubling: _Doubling


@cache
def _irregular() -> _Irregular:
    raw = files(__package__).joinpath("data", "inflection.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(raw), _Irregular)


def portuguese_verb(infinitive: str) -> dict[str, Mood]:
    """Folded forms of a Portuguese verb with the mood of each; a form of two moods keeps the least final one."""
    verb = fold(infinitive)
    forms: dict[str, Mood] = {}
    irregular = _irregular_portuguese(verb)
    if irregular:
        _add(forms, "base", verb, f"{verb}em", f"{verb}mos")
        for mood, words in irregular.items():
            _add(forms, mood, *words.split())
        return forms
    stem, vowel = verb[:-2], verb[-2]
    soft = _softened(stem, vowel)
    _add(forms, "base", verb, f"{verb}em", f"{verb}mos")
    _add(forms, "present", *_present(stem, soft, vowel))
    _add(forms, "gerund", stem + {"a": "ando", "e": "endo", "i": "indo"}[vowel])
    participle = _irregular().portuguese.participles.get(verb)
    _add(forms, "participle", *(participle[:-1] + end for end in ("o", "a", "os", "as")) if participle else ())
    _add(forms, "participle", *(stem + ("ad" if vowel == "a" else "id") + end for end in ("o", "a", "os", "as")))
    _add(forms, "past", *_past(stem, soft, vowel))
    _add(forms, "future", *(verb + end for end in ("ei", "a", "emos", "ao", "ia", "iam")))
    return forms


def _add(forms: dict[str, Mood], mood: Mood, *words: str) -> None:
    for word in words:
        forms.setdefault(word, mood)


def _irregular_portuguese(verb: str) -> dict[Mood, str] | None:
    known = _irregular().portuguese
    if verb in known.irregular:
        return known.irregular[verb]
    for ending, model in known.families.items():
        if verb.endswith(ending) and len(verb) > len(ending) + 1 and not verb.endswith(_REGULAR):
            prefix = verb[: -len(ending)]
            return {mood: " ".join(prefix + word for word in words.split()) for mood, words in known.irregular[model].items()}
    return None


_REGULAR = ("meter", "bater", "verter", "lever", "crever", "volver", "mover", "dever", "viver", "aver")


def _softened(stem: str, vowel: str) -> str:
    """The stem as it is spelled before the other vowel: apag-ar -> apagu-e, proteg-er -> protej-a, conferir -> confir-a."""
    if vowel == "a":
        if stem.endswith("e"):
            return stem + "i"
        return stem + "u" if stem.endswith("g") else stem[:-1] + "qu" if stem.endswith("c") else stem
    if vowel == "i" and (stem + "ir").endswith(_PT_RAISING):
        cut = stem.rfind("e")
        stem = stem[:cut] + "i" + stem[cut + 1 :]
    if stem.endswith("gu"):
        return stem[:-1]
    return stem[:-1] + "j" if stem.endswith("g") else stem


def _present(stem: str, soft: str, vowel: str) -> tuple[str, ...]:
    if vowel == "a":
        third = stem + "i" if stem.endswith("e") else stem
        return (soft + "e", soft + "em", soft + "emos", third + "a", third + "am", stem + "amos", third + "o")
    if stem.endswith("uz"):
        return (soft + "a", soft + "am", soft + "amos", stem, stem + "em", stem + "imos", stem + "o")
    own = ("i", "em") if vowel == "i" and stem.endswith(("u", "a")) else ("e", "em")
    return (soft + "a", soft + "am", soft + "amos", stem + own[0], stem + own[1], stem + vowel + "mos", soft + "o")


def _past(stem: str, soft: str, vowel: str) -> tuple[str, ...]:
    if vowel == "a":
        return (stem + "ou", stem + "aram", soft.removesuffix("i") + "ei", stem + "ava", stem + "avam")
    return (stem + ("eu" if vowel == "e" else "iu"), stem + vowel + "ram", stem + "i", stem + "ia", stem + "iam")


def english_verb(base: str) -> dict[str, Mood]:
    """Folded forms of an English verb with the mood of each."""
    verb = fold(base)
    stem = verb + verb[-1] if verb in _irregular().doubling.english else verb
    silent = verb.endswith("e") and not verb.endswith(("ee", "oe", "ye"))
    consonant_y = verb.endswith("y") and verb[-2:-1] not in ("a", "e", "o", "u", "")
    forms: dict[str, Mood] = {verb: "base"}
    if verb.endswith("ie"):
        _add(forms, "gerund", verb[:-2] + "ying")
    _add(forms, "present", verb[:-1] + "ies" if consonant_y else verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else "s"))
    _add(forms, "gerund", (verb[:-1] if silent else stem) + "ing")
    irregular = _irregular().english.irregular.get(verb)
    if irregular:
        past, participle = irregular.split()
        _add(forms, "participle", participle)
        _add(forms, "past", past)
    else:
        _add(forms, "past", verb + "d" if verb.endswith("e") else verb[:-1] + "ied" if consonant_y else stem + "ed")
    return forms


def portuguese_plural(noun: str) -> tuple[str, ...]:
    """A Portuguese noun phrase and its plurals (first word, and all words), folded."""
    words = fold(noun).split()
    first = _pt_plural(words[0])
    every = " ".join(word if word in _PT_SMALL else _pt_plural(word) for word in words)
    return tuple(dict.fromkeys((" ".join(words), " ".join([first, *words[1:]]), every)))


_PT_SMALL = frozenset(["de", "do", "da", "dos", "das", "em", "no", "na", "a", "o", "e", "por", "para", "com", "sem"])


def _pt_plural(word: str) -> str:
    if word.endswith("ao"):
        return word[:-2] + "oes"
    if word.endswith("m"):
        return word[:-1] + "ns"
    if word.endswith("l") and len(word) > 3 and not word.endswith(("mail", "ool", "url", "ell", "ull")):
        return word[:-2] + "is" if word.endswith("il") else word[:-1] + "is"
    if word.endswith(("r", "z")):
        return word + "es"
    return word if word.endswith(("s", "x")) else word + "s"


def english_plural(noun: str) -> tuple[str, ...]:
    """An English noun phrase and its plural (of the last word), folded."""
    words = fold(noun).split()
    last = words[-1]
    if last.endswith("y") and last[-2:-1] not in ("a", "e", "o", "u", ""):
        plural = last[:-1] + "ies"
    else:
        plural = last + ("es" if last.endswith(("s", "x", "ch", "sh")) else "s")
    return (" ".join(words), " ".join([*words[:-1], plural]))
