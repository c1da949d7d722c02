"""Personal data and secrets, masked before a text is stored, logged, cached or shown to a specialist.

A number is masked when its check digits hold (CPF, CNPJ, cards by Luhn, IBAN by ISO 7064) or when
its label says what it is; so amounts, dates, orders, hashes and resource UUIDs stay readable.
Networks (`0.0.0.0/0`, `::/0`, any prefix up to /24) and loopback stay readable because they decide how
far a change exposes; host addresses go. Shapes and labels stand in `data/privacy.toml`.

Every expression is linear, so adversarial text costs no more than plain text; most text is let
through by a few substring tests.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from neural_hive.types import PiiFinding
from neural_hive.understanding.privacy_numbers import Found, numbers
from neural_hive.understanding.privacy_secrets import secrets

Names = Callable[[str], Iterable[tuple[int, int]]]

_PASSES = 6
_BARRIER = re.compile(r"<[A-Z][A-Z_]{1,24}>|\bMASKED_[A-Z_]{2,24}\b")
_STRANGE = re.compile(r"[\u00ad\u00b2\u00b3\u00b9\u034f-\u200f\u202a-\u20ab\u20ad-\u218f\u2460-\U0010ffff]")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)

_LOCAL = re.compile(r"[\w.+%\-]{1,64}")
_AT = re.compile(r"[ \t]?@[ \t]?|\s{0,2}[\[({]\s?(?:at|arroba)\s?[\])}]\s{0,2}|\s+arroba\s+|%40", re.IGNORECASE)
_DOT = r"(?:\.|\s{0,2}[\[({]\s?(?:dot|ponto)\s?[\])}]\s{0,2}|\s+(?:dot|ponto)\s+)"
_HOST = re.compile(rf"(?:[\w\-]{{1,63}}{_DOT}){{1,5}}[^\W\d_]{{2,24}}", re.IGNORECASE)
_LOOSE_HOST = re.compile(
    rf"(?:[\w\-]{{1,63}}{_DOT}){{1,4}}(?:com|net|org|br|io|gov|edu|dev|app|info|biz|me|co|pt|uk|de|us)\b", re.IGNORECASE
)


class Masked(NamedTuple):
    """A text without personal data, and what was taken out (spans in the original text)."""

    text: str
    findings: tuple[PiiFinding, ...]


def mask(text: str, names: Names | None = None) -> Masked:
    """Replace personal data and secrets by placeholders such as `<EMAIL>`.

    Args:
        text: Any text.
        names: Optional finder of people's names: takes the text, gives character spans.

    Returns:
        The masked text, which masks to itself, and one finding per replacement, kinds in lower case.
    """
    return _masked(text, names, _placeholder)


def mask_source(source: str, format: str = "auto", names: Names | None = None) -> Masked:  # noqa: A002 - the name of the API field
    """Mask machine text so that it still parses.

    Digits become 1s in place (no leading zero in a JSON number, no new token in SQL), everything
    else an identifier such as `MASKED_EMAIL`; lines are kept, so that a diff's hunks still count.

    Args:
        source: SQL, shell, YAML, JSON, a diff.
        format: "text" masks as `mask` does; every other format keeps the syntax.
        names: As for `mask`.
    """
    return mask(source, names) if format == "text" else _masked(source, names, _in_place)


def _placeholder(_piece: str, kind: str) -> str:
    return f"<{kind.upper()}>"


def _in_place(piece: str, kind: str) -> str:
    if kind != "ip" and not any(char.isalpha() for char in piece):
        return "".join("1" if char.isdigit() else char for char in piece)
    token = f"MASKED_{kind.upper()}"
    if "\n" not in piece:
        return token
    return re.sub(r"(?m)^([+\- ]?\s*)\S.*$", lambda line: line[1] + token, piece)


def _masked(text: str, names: Names | None, replacement: Callable[[str, str], str]) -> Masked:
    spans: list[Found] = [(start, end, "name") for start, end in names(text)] if names else []
    current, origins = text, [(0, 0)]
    if spans:
        spans = _merged(spans)
        current, origins = _replaced(text, spans, replacement)
    for _ in range(_PASSES):
        found = _find(current)
        if not found:
            break
        spans = _merged(spans + [_to_original(item, origins) for item in found])
        masked, origins = _replaced(text, spans, replacement)
        if masked == current:
            break
        current = masked
    return Masked(current, tuple(PiiFinding(kind=kind, start=start, end=end) for start, end, kind in spans))


def _merged(spans: list[Found]) -> list[Found]:
    """Spans in order; overlapping ones become one, of the kind that covers more."""
    result: list[Found] = []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if result and start < result[-1][1]:
            first, last, held = result[-1]
            result[-1] = (first, max(last, end), held if last - first >= end - start else kind)
        elif start < end:
            result.append((start, end, kind))
    return result


def _replaced(text: str, spans: list[Found], replacement: Callable[[str, str], str]) -> tuple[str, list[tuple[int, int]]]:
    """The text with the spans replaced, and (offset in it, offset in `text`) where verbatim stretches begin."""
    pieces: list[str] = []
    origins = [(0, 0)]
    at = length = 0
    for start, end, kind in spans:
        put = replacement(text[start:end], kind)
        pieces += (text[at:start], put)
        length += start - at + len(put)
        origins.append((length, end))
        at = end
    pieces.append(text[at:])
    return "".join(pieces), origins


def _to_original(found: Found, origins: list[tuple[int, int]]) -> Found:
    return _origin(found[0], origins), _origin(found[1] - 1, origins) + 1, found[2]


def _origin(offset: int, origins: list[tuple[int, int]]) -> int:
    here, there = origins[bisect_right(origins, (offset, 1 << 62)) - 1]
    return there + offset - here


def _find(text: str) -> list[Found]:
    view, offsets = _view(text)
    hidden = secrets(view)
    mails = [mail for mail in _mails(view) if not any(mail[0] < end and start < mail[1] for start, end, _ in hidden)]
    found = hidden + mails + numbers(view)
    if offsets is None:
        return found
    return [(offsets[start], offsets[end - 1] + 1, kind) for start, end, kind in found]


def _view(text: str) -> tuple[str, list[int] | None]:
    """The text as detectors see it: placeholders opaque, look-alike digits plain, invisible characters gone."""
    view = _BARRIER.sub(lambda match: "\0" * len(match[0]), text) if "<" in text or "MASKED_" in text else text
    if view.isascii() or not _STRANGE.search(view):
        return view, None
    view = _STRANGE.sub(lambda match: _plain(match[0]), view)
    hidden = [match.start() for match in _INVISIBLE.finditer(view)]
    if not hidden:
        return view, None
    gone = set(hidden)
    return _INVISIBLE.sub("", view), [at for at in range(len(view)) if at not in gone]


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


def _mails(text: str) -> list[Found]:
    if (
        "@" not in text
        and "%40" not in text
        and "arroba" not in (lowered := text.lower())
        and "at)" not in lowered
        and "at]" not in lowered
    ):
        return []
    found: list[Found] = []
    for sign in _AT.finditer(text):
        local = _LOCAL.match(text[max(0, sign.start() - 64) : sign.start()][::-1])
        host = (_HOST if sign[0] == "@" else _LOOSE_HOST).match(text, sign.end())
        if (
            local is None
            or host is None
            or not any(map(str.isalnum, local[0]))
            or (local[0] == "tig" and text[host.end() : host.end() + 1] in ":/")
        ):
            continue
        found.append((sign.start() - local.end(), host.end(), "email"))
    return found
