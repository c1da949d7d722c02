"""Numbers that are personal data: documents and cards by their check digits, phones, addresses of hosts."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from ipaddress import IPv6Address
from typing import NamedTuple

Found = tuple[int, int, str]

_SEP = r"[\s.\-\u2010-\u2015]"
_RUN = re.compile(r"\+?\(?[0-9](?:[\s.()/\-\u2010-\u2015]{0,3}+[0-9]){7,}+")
_CPF = re.compile(
    rf"(?<![0-9])(?=([0-9]{{3}}{_SEP}{{0,3}}[0-9]{{3}}{_SEP}{{0,3}}[0-9]{{3}}[\s.\-/\u2010-\u2015]{{0,3}}[0-9]{{2}})(?![0-9]))"
)
_CNPJ = re.compile(
    rf"(?<![0-9])(?=([0-9]{{2}}{_SEP}{{0,3}}[0-9]{{3}}{_SEP}{{0,3}}[0-9]{{3}}[\s.\-/]{{0,3}}[0-9]{{4}}{_SEP}{{0,3}}[0-9]{{2}})(?![0-9]))"
)
_CNPJ_LETTERS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}(?![0-9A-Za-z])")
_CARD = re.compile(
    rf"(?<![0-9])(?=([3-6][0-9]{{3}}(?:{_SEP}{{1,3}}(?:[0-9]{{4}}{_SEP}{{1,3}}[0-9]{{4}}{_SEP}{{1,3}}[0-9]{{4}}(?:{_SEP}[0-9]{{3}})?|[0-9]{{6}}{_SEP}{{1,3}}[0-9]{{4,5}})|[0-9]{{9,15}})|2[0-9]{{3}}(?:{_SEP}{{0,3}}[0-9]{{4}}){{3}})(?![0-9]))"
)
_SPACED = re.compile(
    r"(?<![0-9])(?<![^0-9][0-9][\s.\-/])[0-9](?:[\s.\-/]{1,3}+[0-9](?![0-9])){10,40}+(?![0-9]|[\s.\-/]{1,3}[0-9](?![0-9]))"
)
_PAIRED = re.compile(
    r"(?<![0-9])(?<![^0-9][0-9]{2}[\s.\-/])[0-9]{2}(?:[\s.\-/]{1,3}+[0-9]{2}(?![0-9])){5,9}+(?![0-9]|[\s.\-/]{1,3}[0-9]{2}(?![0-9]))"
)
_IIN = re.compile(r"4|5[0-8]|3[47]|30[0-5]|3[689]|6(?:011|[0-9])|2[2-7]")
_PLUS_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+[\s]?|00)[1-9][0-9]{0,2}(?:[\s.()\-\u2010-\u2015]{0,3}+[0-9]){7,13}+(?![0-9])")
_BR_PHONE = re.compile(
    rf"(?<![0-9A-Za-z.,])(?:\+?55{_SEP}?)?(?:\(0?([0-9]{{2}})\)\s?|0?([0-9]{{2}}){_SEP}?)(9{_SEP}?[0-9]{{4}}|[2-5][0-9]{{3}})({_SEP}?)[0-9]{{4}}(?![0-9])"
)
_SHORT_PHONE = re.compile(rf"(?<![0-9A-Za-z.,/\-])(?:9[0-9]{{4}}|[2-9][0-9]{{3}}){_SEP}?[0-9]{{4}}(?![0-9\-/.])")
_US_PHONE = re.compile(r"(?<![0-9A-Za-z.\-])(?:\([2-9][0-9]{2}\)\s?|[2-9][0-9]{2}[.\-])[0-9]{3}[.\-][0-9]{4}(?![0-9\-])")
_SSN = re.compile(r"(?<![0-9A-Za-z.\-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9\-])")
_IPV4 = re.compile(r"(?<![0-9A-Za-z_.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?:/([0-9]{1,2})(?![0-9]))?(?![0-9A-Za-z_]|\.[0-9])")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])((?:[0-9A-Fa-f]{0,4}:){2,7}+[0-9A-Fa-f.]{0,15})(?:/([0-9]{1,3}))?(?![0-9A-Za-z:])")
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?:[ ]?[0-9A-Z]{4}){2,7}(?:[ ]?[0-9A-Z]{1,3})?(?![0-9A-Za-z])")
_PIX = re.compile(r"(?i)\bpix\b[^\n]{0,40}?\b([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\b")
_DOCUMENT_NUMBER = (
    r"(?:\s{0,2}(?:n[º°o.]{0,2}|number|n[uú]mero|do|da|is|é|eh)){0,2}[\s:=#.\-]{0,4}([0-9A-Z]{0,2}[0-9][0-9.\-/ ]{3,20}[0-9Xx])"
)
_UNCHECKED = re.compile(r"(?i)\b(cpf|cnpj)\b[^0-9\n]{0,12}([0-9][0-9.\-/ ]{9,22}[0-9])(?![0-9])")
_LONG_NUMBER = re.compile(r"[0-9][0-9.\-/ ]{3,}+[0-9Xx]|[0-9][0-9.\-/ ]{3}")
_CAPITALS = re.compile(r"[0-9A-Z]{2}[0-9A-Z. ]{9}")


class _Rules(NamedTuple):
    documents: re.Pattern[str]
    phone: re.Pattern[str]
    order: re.Pattern[str]
    card: re.Pattern[str]
    version: re.Pattern[str]
    ddd: frozenset[str]


def numbers(text: str) -> list[Found]:
    """Spans and kinds of the numbers to mask; may overlap."""
    rules = _rules()
    found: list[Found] = []
    for run in _RUN.finditer(text):
        found += _checked(text, run.start(), run.end(), rules)
        found += _phones(text, run.start(), run.end(), rules)
    if text.count(".") > 2:
        found += [hit for match in _IPV4.finditer(text) if (hit := _host_v4(match, text, rules))]
    if text.count(":") > 1:
        found += [hit for match in _IPV6.finditer(text) if (hit := _host_v6(match))]
    if _LONG_NUMBER.search(text):
        found += _beside_labels(text, rules)
    if _CAPITALS.search(text):
        found += [(*match.span(), "cnpj") for match in _CNPJ_LETTERS.finditer(text) if _is_cnpj_letters(match[0])]
        found += [(*match.span(), "iban") for match in _IBAN.finditer(text) if _is_iban(match[0])]
    return found


def _beside_labels(text: str, rules: _Rules) -> list[Found]:
    """Numbers that only their label proves: documents without check digits, mistyped ones, random PIX keys."""
    lowered = text.lower()
    found: list[Found] = []
    if "pix" in lowered:
        found += [(*match.span(1), "pix") for match in _PIX.finditer(text)]
    if "cpf" in lowered or "cnpj" in lowered:
        for match in _UNCHECKED.finditer(text):
            if len(_digits(match[2])) in (11, 14):
                found.append((*match.span(2), match[1].lower()))
    found += [(*match.span(match.lastindex or 0), _label(match)) for match in rules.documents.finditer(text)]
    return found


def _label(match: re.Match[str]) -> str:
    return next(kind for kind, label in match.groupdict().items() if label)


def _checked(text: str, start: int, end: int, rules: _Rules) -> list[Found]:
    """Numbers proved by their check digits within one run of digits and separators."""
    found: list[Found] = []
    for pattern, kind, holds in ((_CPF, "cpf", _is_cpf), (_CNPJ, "cnpj", _is_cnpj), (_CARD, "card", _is_card)):
        labelled = kind == "card" and rules.card.search(text, max(0, start - 30), start) is not None
        found += [(*match.span(1), kind) for match in pattern.finditer(text, start, end) if labelled or holds(_digits(match[1]))]
    for pattern in (_SPACED, _PAIRED):
        for match in pattern.finditer(text, start, end):
            found += _spaced(match)
    found += [(*match.span(), "ssn") for match in _SSN.finditer(text, start, end)]
    return found


def _spaced(match: re.Match[str]) -> list[Found]:
    """A number written digit by digit or pair by pair: any stretch of it whose check digits hold."""
    places = [at for at in range(match.start(), match.end()) if match.string[at].isdigit()]
    digits = "".join(match.string[at] for at in places)
    for length, kind, holds in ((16, "card", _is_card), (15, "card", _is_card), (14, "cnpj", _is_cnpj), (11, "cpf", _is_cpf)):
        for at in range(len(digits) - length + 1):
            if holds(digits[at : at + length]):
                return [(places[at], places[at + length - 1] + 1, kind)]
    return []


def _phones(text: str, start: int, end: int, rules: _Rules) -> list[Found]:
    before = text[max(0, start - 30) : start]
    named = bool(rules.phone.search(before))
    found = [(*match.span(), "phone") for match in _PLUS_PHONE.finditer(text, start, end)]
    found += [(*match.span(), "phone") for match in _US_PHONE.finditer(text, start, end)]
    for match in _BR_PHONE.finditer(text, start, end):
        formatted = not match[0].isdigit() and (match[4] != "" or "(" in match[0])
        mobile = match[3][0] == "9" and not rules.order.search(before)
        if (match[1] or match[2]) in rules.ddd and (named or mobile or (formatted and "(" in match[0])):
            found.append((*match.span(), "phone"))
    for match in _SHORT_PHONE.finditer(text, start, end):
        if named or (match[0][0] == "9" and len(match[0]) == 10):
            found.append((*match.span(), "phone"))
    return found


def _host_v4(match: re.Match[str], text: str, rules: _Rules) -> Found | None:
    parts = [int(part) for part in match[1].split(".")]
    network = match[2] is not None and int(match[2]) <= 24
    if max(parts) > 255 or network or parts[0] in (0, 127, 255) or rules.version.search(text[max(0, match.start() - 12) : match.start()]):
        return None
    return match.start(1), match.end(1), "ip"


def _host_v6(match: re.Match[str]) -> Found | None:
    try:
        address = IPv6Address(match[1])
    except ValueError:
        return None
    network = match[2] is not None and int(match[2]) <= 64
    return None if network or address.is_unspecified or address.is_loopback else (match.start(1), match.end(1), "ip")


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _is_cpf(digits: str) -> bool:
    """Check digits of a CPF (modulo 11)."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    values = [int(char) for char in digits]
    return all(sum(values[at] * (size + 1 - at) for at in range(size)) * 10 % 11 % 10 == values[size] for size in (9, 10))


def _is_cnpj(characters: str) -> bool:
    """Check digits of a CNPJ (modulo 11), of the numeric and of the alphanumeric kind."""
    if len(characters) != 14 or len(set(characters)) == 1:
        return False
    values = [ord(char) - 48 for char in characters]
    for size in (12, 13):
        rest = sum(values[size - 1 - at] * (2 + at % 8) for at in range(size)) % 11
        if values[size] != (0 if rest < 2 else 11 - rest):
            return False
    return True


def _is_cnpj_letters(text: str) -> bool:
    characters = re.sub(r"[./\-]", "", text)
    return any(char.isalpha() for char in characters) and any(char.isdigit() for char in characters[:12]) and _is_cnpj(characters)


def _is_card(digits: str) -> bool:
    """Luhn (ISO/IEC 7812) with an issuer's first digits and a length in use."""
    if not 13 <= len(digits) <= 19 or (len(digits) == 13 and digits[0] != "4") or not _IIN.match(digits) or len(set(digits)) == 1:
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_iban(text: str) -> bool:
    """ISO 7064 modulo 97-10."""
    compact = text.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


@cache
def _rules() -> _Rules:
    raw = tomllib.loads((files("neural_hive.understanding") / "data" / "privacy.toml").read_text(encoding="utf-8"))
    labels = raw["labels"]
    named = "|".join(f"(?P<{kind}>{shape})" for kind, shape in raw["documents"].items())
    return _Rules(
        documents=re.compile(f"(?i:{named}){_DOCUMENT_NUMBER}"),
        phone=words(labels["phone"]),
        order=words(labels["order"]),
        card=words(labels["card"]),
        version=re.compile(rf"(?i)(?:\b(?:{'|'.join(labels['version'].split())}))[\s:=.]{{0,2}}$"),
        ddd=frozenset(raw["lists"]["ddd"].split()),
    )


def words(listed: str) -> re.Pattern[str]:
    """An expression for any of the words, whole."""
    return re.compile(rf"(?i)(?<![a-zà-ÿ])(?:{'|'.join(map(re.escape, listed.split()))})(?![a-zà-ÿ])")
