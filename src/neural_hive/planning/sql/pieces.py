"""Cuts SQL source into statements without parsing it: strings, comments and dollar quotes are known."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<line>--[^\n]*)|(?P<block>/\*.*?(?:\*/|\Z))|(?P<string>[NEeB]?'(?:[^'\\]|''|\\.)*(?:'|\Z))"
    r"|(?P<quoted>\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z))"
    r"|(?P<dollar2>\$\$.*?(?:\$\$|\Z))|(?P<dollar>\$(?P<tag>[A-Za-z_]\w*)\$.*?(?:\$(?P=tag)\$|\Z))|(?P<end>;)"
    r"|(?P<go>^[ \t]*GO[ \t]*(?:\d+[ \t]*)?$)|(?P<meta>^[ \t]*\\[^\n]*)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"\s*(?:CREATE|ALTER)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:FUNCTION|PROCEDURE|PROC|TRIGGER|PACKAGE|EVENT)\b",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"\bBEGIN\b", re.IGNORECASE)
_BLOCK_END = re.compile(r"\s*END\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    r"""One statement.

    Attributes:
        start, end: Its characters in the source, without leading comments.
        text: The source without comments.
        bare: The same with the content of strings and dollar quotes removed, in upper case.
        bodies: The contents of its dollar quotes.
        literals: The contents of its strings.
        meta: It is a client's own command, such as `\connect`.
    """

    start: int
    end: int
    text: str
    bare: str
    bodies: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    meta: bool = False


@dataclass(slots=True)
class _Open:
    start: int
    text: list[str]
    bare: list[str]
    bodies: list[str]
    literals: list[str]
    first: int = -1  # where its first word stands

    @classmethod
    def at(cls, start: int) -> _Open:
        return cls(start, [], [], [], [])


def cut(source: str) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """The statements of a source and its comments, in order."""
    pieces: list[Piece] = []
    comments: list[str] = []
    current, at = _Open.at(0), 0
    for found in _TOKEN.finditer(source):
        _plain(current, source[at : found.start()], at)
        at = found.end()
        kind = found.lastgroup if found.lastgroup != "tag" else "dollar"
        if kind in ("line", "block"):
            comments.append(found.group().strip("-/* \n"))
            _plain(current, " ", -1)
        elif kind in ("end", "go"):
            _close(pieces, current, source, found.start())
            current = _Open.at(at)
        elif kind == "meta":
            _close(pieces, current, source, found.start())
            _close(pieces, _meta(found), source, found.end(), meta=True)
            current = _Open.at(at)
        else:
            _quoted(current, kind or "", found.group(), found.start())
    _plain(current, source[at:], at)
    _close(pieces, current, source, len(source))
    return _definitions(pieces), tuple(comments)


def _plain(current: _Open, text: str, at: int) -> None:
    if current.first < 0 and (stripped := text.lstrip()):
        current.first = at + len(text) - len(stripped)
    current.text.append(text)
    current.bare.append(text)


def _quoted(current: _Open, kind: str, text: str, at: int) -> None:
    current.first = at if current.first < 0 else current.first
    current.text.append(text)
    if kind == "quoted":
        current.bare.append(text.strip('"`') or " ")
        return
    current.bare.append("''")
    if kind.startswith("dollar"):
        tag = text[: text.index("$", 1) + 1]
        current.bodies.append(text.removeprefix(tag).removesuffix(tag))
    else:
        current.literals.append(text[text.index("'") + 1 :].removesuffix("'").replace("''", "'"))


def _meta(found: re.Match[str]) -> _Open:
    opened = _Open.at(found.start())
    _plain(opened, found.group(), found.start())
    return opened


def _close(pieces: list[Piece], current: _Open, source: str, end: int, *, meta: bool = False) -> None:
    text = "".join(current.text).strip()
    if not text:
        return
    stop = end
    while stop > current.first and source[stop - 1].isspace():
        stop -= 1
    bare = " ".join("".join(current.bare).split()).upper()
    pieces.append(Piece(max(current.first, 0), stop, text, bare, tuple(current.bodies), tuple(current.literals), meta))


def _definitions(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Joins the pieces of a procedure whose body is not quoted: what it would do runs later, not now."""
    joined: list[Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if _DEFINITION.match(piece.text) and not piece.bodies and _BLOCK.search(piece.bare):
            stop = next((i for i in range(at + 1, len(pieces)) if _BLOCK_END.match(pieces[i].text)), at)
            joined.append(Piece(piece.start, pieces[stop].end, piece.text, piece.bare))
            at = stop + 1
            continue
        joined.append(piece)
        at += 1
    return tuple(joined)
