"""What the lines of a changed file gain and lose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from neural_hive.planning.diff_knowledge import LineRule, Role, lookup
from neural_hive.planning.knowledge import Effect
from neural_hive.types import Polarity, Trait

_COMMENT = re.compile(r"\s*(?:#(?!\[|include|define|if|else|endif|!)|//|/\*|\*(?:\s|/|$)|<!--|;;|--\s|\"\"\"|'''|rem\s)", re.IGNORECASE)
_PROSE = re.compile(r"([\"'])(?:(?!\1)[^\\]|\\.)*?\w+[ ,]+\w+[ ,]+(?:(?!\1)[^\\]|\\.)*?\1")
_DECORATOR = re.compile(r"\s*(?:@\w|#\[|\[\w)")
_KEY = re.compile(r"\s*[-{]?\s*[\"']?([A-Za-z_][\w.-]*)[\"']?\s*[=:]")
_DOWN = re.compile(
    r"\bdef\s+down(?:grade)?\b|exports\.down|\bfunction\s+down\b|\basync\s+down\b|goose\s+Down|migrate:down|\bdown\s*[(:=]", re.IGNORECASE
)
_UP = re.compile(r"\bdef\s+\w+|exports\.up|\bfunction\s+\w+|\basync\s+up\b|goose\s+Up|migrate:up|\bup\s*[(:=]", re.IGNORECASE)
_ANY_KEY = frozenset({"run", "script", "uses", "name", "if", "command", "args", "type", "kind", "path", "return"})
_MAX_WIDTH = 400


class Line(NamedTuple):
    """A changed line.

    Attributes:
        sign: "+" or "-".
        code: Without quoted sentences.
        hunk: Number of its hunk.
        anchor: The next line on its side that is no decorator, stripped.
        anchor_changed: That line is itself added or removed.
        backward: It stands in the part of a migration that goes back.
    """

    sign: str
    text: str
    code: str
    hunk: int
    anchor: str = ""
    anchor_changed: bool = False
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A changed line and what it means."""

    line: Line
    effect: Effect
    polarity: Polarity = Polarity.AFFIRMED


def is_comment(text: str) -> bool:
    """Whether a line holds nothing that runs: blank or only a comment."""
    return not text.strip() or bool(_COMMENT.match(text))


def changed_lines(hunks: Sequence[Sequence[tuple[str, str]]], headers: Sequence[str]) -> list[Line]:
    """The changed lines of all hunks that are code; a hunk is a list of (sign, text)."""
    found: list[Line] = []
    for number, (hunk, header) in enumerate(zip(hunks, headers, strict=True)):
        for sign in "-+":
            side = [(mark, text[:_MAX_WIDTH]) for mark, text in hunk if mark in {" ", sign} and not is_comment(text)]
            found += _of_side(side, sign, number, header)
    return found


def _of_side(side: list[tuple[str, str]], sign: str, number: int, header: str) -> Iterator[Line]:
    anchors: list[tuple[str, bool]] = [("", False)] * (len(side) + 1)
    for index in range(len(side) - 1, -1, -1):
        mark, text = side[index]
        anchors[index] = anchors[index + 1] if _DECORATOR.match(text) else (text.strip(), mark == sign)
    backward = bool(_DOWN.search(header))
    for index, (mark, text) in enumerate(side):
        backward = bool(_DOWN.search(text)) or (backward and not _UP.search(text))
        if mark == sign:
            anchor, changed = anchors[index + 1]
            yield Line(sign, text, _PROSE.sub('""', text), number, anchor, changed, backward)


def findings(lines: Sequence[Line], role: Role, *, new_file: bool) -> list[Finding]:
    """What the changed lines mean, in the order of the file."""
    found: list[Finding] = []
    if not new_file:
        for pattern, rule in lookup().guards:
            if _applies(rule, role):
                found += _guards(pattern, rule, lines)
    for pattern, rule in lookup().dangers:
        if _applies(rule, role):
            found += _dangers(pattern, rule, lines)
    found += _secrets(lines, role)
    order = {id(line): place for place, line in enumerate(lines)}
    return sorted(found, key=lambda finding: (finding.line.hunk, order[id(finding.line)]))


def _applies(rule: LineRule, role: Role) -> bool:
    return (not role.quiet or (rule.in_tests and role.name == "test")) and rule.only in {"", role.name}


def _matching(pattern: re.Pattern[str], rule: LineRule, lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    hits = [line for line in lines if pattern.search(line.text if rule.in_prose else line.code)]
    return [line for line in hits if line.sign == "-"], [line for line in hits if line.sign == "+"]


def _guards(pattern: re.Pattern[str], rule: LineRule, lines: Sequence[Line]) -> Iterator[Finding]:
    removed, added = _matching(pattern, rule, lines)
    free = list(added)
    for line in removed:
        partner = next((other for other in free if _same_place(line, other)), None)
        if partner is not None:
            free.remove(partner)
            if partner.text.strip() != line.text.strip():
                yield Finding(partner, msgspec.structs.replace(rule, operation="update", traits=(Trait.MUTATING,)))
        elif not _replaced(line, lines):
            yield Finding(line, rule)
    for line in free:
        yield Finding(line, msgspec.structs.replace(rule, operation="protect", traits=(Trait.PROTECTIVE,)))


def _same_place(one: Line, other: Line) -> bool:
    """Whether an added guard takes the place of a removed one: it protects the same thing."""
    if one.anchor == other.anchor and one.anchor:
        return True
    if one.hunk != other.hunk:
        return False
    decorators = bool(_DECORATOR.match(one.text)) and bool(_DECORATOR.match(other.text))
    return not decorators or (one.anchor_changed and other.anchor_changed)


def _replaced(line: Line, lines: Sequence[Line]) -> bool:
    """Whether the same key is given another value that no rule knows as a danger."""
    key = _KEY.match(line.text)
    if not key or key[1].lower() in _ANY_KEY:
        return False
    for other in lines:
        match = _KEY.match(other.text) if other.sign == "+" and other.hunk == line.hunk else None
        if match and match[1] == key[1]:
            return not any(pattern.search(other.code) for pattern, _ in lookup().dangers)
    return False


def _dangers(pattern: re.Pattern[str], rule: LineRule, lines: Sequence[Line]) -> Iterator[Finding]:
    removed, added = _matching(pattern, rule, lines)
    known = {line.text.strip() for line in removed}
    fresh = [line for line in added if line.text.strip() not in known]
    kept = {line.text.strip() for line in added}
    for line in fresh:
        polarity = Polarity.HYPOTHETICAL if line.backward else Polarity.AFFIRMED
        yield Finding(line, rule, polarity)
    if not fresh and Trait.DESTRUCTIVE not in rule.traits:
        for line in removed:
            if line.text.strip() not in kept:
                yield Finding(line, msgspec.structs.replace(rule, operation="protect", traits=(Trait.PROTECTIVE,)))


def _secrets(lines: Sequence[Line], role: Role) -> Iterator[Finding]:
    known = lookup()
    old = {line.text.strip() for line in lines if line.sign == "-"}
    for line in lines:
        if line.sign != "+" or line.text.strip() in old:
            continue
        shown = known.known.search(line.text)
        if shown and "example" not in shown[0].lower():
            yield Finding(line, known.secret)
        elif not role.quiet:
            match = known.assigned.search(line.text)
            if match and _literal(match, line.text) and not known.placeholder.search(match["value"]):
                yield Finding(line, known.secret)


def _literal(match: re.Match[str], text: str) -> bool:
    """A quoted value, or an unquoted one in a file of settings (no call, no attribute)."""
    value = match["value"]
    if match["quote"]:
        return not value.startswith(("/", "$", "{"))
    return bool(re.search(r"\d", value)) and not re.search(r"[().\[\]{}$<>/]", value) and "(" not in text
