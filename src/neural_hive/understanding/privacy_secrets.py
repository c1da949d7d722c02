"""Secrets: keys and tokens by their shape, passwords by their label, credentials in addresses."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from neural_hive.understanding.privacy_numbers import Found, words

_LONG = re.compile(r"(?<![\w\-.+/=~])[\w\-.+/=~]{16,}+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,20}://")
_USERINFO = re.compile(r"[^\s/@:'\"<>]{0,128}:([^\s/@'\"<>\x00]{1,256})@|([^\s/@:'\"<>\x00]{16,256})@")
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s{1,3}([0-9A-Za-z_\-.+/=~]{8,4000})")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_VALUE = r"(?:\"(?P<double>[^\"\n\x00]{1,200})\"|'(?P<single>[^'\n\x00]{1,200})'|(?P<bare>[^\s\"'`,;<>\x00(){}\[\]]{1,256}+))(?![(\[])"
_AMOUNT = re.compile(r"(?i)[0-9]{1,4}(?:h|d|m|s|x|dias|days|min|am|pm|gb|mb|kb|%)|[0-9]+(?:\.[0-9]+){1,3}")
_EXPRESSION = re.compile(r"[A-Za-z_]+\.[A-Za-z_.]+")
_IDENTIFIER = re.compile(r"[a-z]+[0-9]*(?:[\-_./][a-z0-9]+)+")


class _Rules(NamedTuple):
    tokens: re.Pattern[str]
    labelled: tuple[re.Pattern[str], ...]
    stems: tuple[str, ...]
    near: re.Pattern[str]
    hash: re.Pattern[str]
    weak: frozenset[str]
    not_secret: frozenset[str]


def secrets(text: str) -> list[Found]:
    """Spans and kinds of the secrets to mask; may overlap."""
    rules = _rules()
    found: list[Found] = []
    for chunk in _LONG.finditer(text):
        found += _long_token(text, chunk.start(), chunk.end(), rules)
    if "://" in text:
        for scheme in _SCHEME.finditer(text):
            if match := _USERINFO.match(text, scheme.end()):
                found.append((*match.span(1 if match[1] else 2), "token"))
    if "PRIVATE KEY" in text:
        found += _private_keys(text)
    lowered = text.lower()
    if any(stem in lowered for stem in rules.stems):
        found += [hit for pattern in rules.labelled for match in pattern.finditer(text) if (hit := _labelled(match, rules))]
        found += [(*match.span(1), "token") for match in _BEARER.finditer(text) if any(not char.isalpha() for char in match[1])]
    return found


def _long_token(text: str, start: int, end: int, rules: _Rules) -> list[Found]:
    shaped = [(*match.span(), "token") for match in rules.tokens.finditer(text, start, end)]
    if shaped:
        return shaped
    token = text[start:end].rstrip(".=")
    before = text[max(0, start - 40) : start]
    if end - start > 512 or rules.hash.search(before) or not _random_looking(token):
        return []
    long_enough = len(token) >= 40 and "." not in token and "/" not in token[1:-1]
    return [(start, end, "token")] if long_enough or rules.near.search(before) else []


def _random_looking(token: str) -> bool:
    """Mixed case and digits, or long hexadecimal; names and paths made of words are neither."""
    digits = sum(char.isdigit() for char in token)
    if digits < 2 or token.startswith(("/", "./", "-")):
        return False
    if len(token) >= 32 and all(char in "0123456789abcdefABCDEF" for char in token):
        return True
    lower = any(char.islower() for char in token)
    upper = sum(char.isupper() for char in token)
    return len(token) >= 20 and lower and upper > 2 and len(set(token)) >= 12


def _private_keys(text: str) -> list[Found]:
    found: list[Found] = []
    at = 0
    while begin := _PEM.search(text, at):
        close = _PEM_END.search(text, begin.end())
        at = close.end() if close else len(text)
        found.append((begin.start(), at, "private_key"))
    return found


def _labelled(match: re.Match[str], rules: _Rules) -> Found | None:
    group = match.lastgroup or "bare"
    value, (start, end) = match[group], match.span(group)
    bare = value if group != "bare" else value.rstrip(".!?:")
    end -= len(value) - len(bare)
    if bare.lower() in rules.weak and (group != "bare" or bare[-1:].isdigit()):
        return start, end, "weak_password"
    if not bare or bare.lower() in rules.not_secret or bare[0] in "$%\\/*-" or " " in bare or len(bare) < 4:
        return None
    return (start, end, "token") if _secret_like(bare, match["sign"].lower(), quoted=group != "bare") else None


def _secret_like(value: str, sign: str, *, quoted: bool) -> bool:
    """Whether a value beside a label is the secret itself, not a word of the sentence or an expression."""
    letters = any(char.isalpha() for char in value)
    digits = any(char.isdigit() for char in value)
    if _AMOUNT.fullmatch(value) or (_EXPRESSION.fullmatch(value) and not quoted):
        return False
    if letters and digits:
        return sign not in ("", "to", "para", "pra", "as", "como") or quoted or not _IDENTIFIER.fullmatch(value)
    if digits or quoted:
        return True
    if any(char in "!@#$%&*+^~" for char in value):
        return True
    mixed = any(char.isupper() for char in value[1:]) and any(char.islower() for char in value)
    return value.isalpha() and ("=" in sign or (sign == ":" and mixed))


@cache
def _rules() -> _Rules:
    raw = tomllib.loads((files("neural_hive.understanding") / "data" / "privacy.toml").read_text(encoding="utf-8"))
    labels, lists = raw["labels"], raw["lists"]
    return _Rules(
        tokens=re.compile(rf"\b(?:{'|'.join(raw['tokens'].values())})"),
        labelled=_labels(_any_of(labels["secret"]), _any_of(labels["password"])),
        stems=tuple(sorted({word[:5] for word in (labels["secret"] + " " + labels["password"]).split()} | {"beare", "basic"})),
        near=words(labels["near"]),
        hash=words(labels["hash"]),
        weak=frozenset(lists["weak"].split()),
        not_secret=frozenset(lists["not_secret"].split()),
    )


def _any_of(listed: str) -> str:
    return "|".join(re.escape(word) for word in listed.split())


def _labels(secret: str, password: str) -> tuple[re.Pattern[str], ...]:
    """How a label meets its value: `x=v`, `x: v`, "x is v", "change the password to v", "password v"."""
    name = rf"(?<![a-z])(?:{secret}|{password})"
    compound = r"(?:[_\-][a-z0-9]{1,20}){0,2}"
    gap = r"\b[^\n\0.:=]{0,40}?\s"
    return (
        re.compile(rf"(?i){name}{compound}[\"']?\s{{0,3}}(?P<sign>=>|:=|==?|:)\s{{0,3}}{_VALUE}"),
        re.compile(rf"(?i){name}{gap}(?P<sign>is|é|eh|será|vale)\s{{1,2}}{_VALUE}"),
        re.compile(rf"(?i)(?<![a-z])(?:{password}){gap}(?P<sign>to|para|pra|as|como)\s{{1,2}}{_VALUE}"),
        re.compile(rf"(?i){name}(?P<sign>)\s{{1,2}}{_VALUE}"),
    )
