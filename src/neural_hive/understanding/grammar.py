"""Whether a form that can be a verb stands as one: "the release" against "release the version"."""

from __future__ import annotations

from collections.abc import Sequence

from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.tokens import Token

_DETERMINERS = frozenset(
    [
        "o",
        "a",
        "os",
        "as",
        "um",
        "uma",
        "do",
        "da",
        "dos",
        "das",
        "de",
        "no",
        "na",
        "nos",
        "nas",
        "ao",
        "aos",
        "em",
        "com",
        "por",
        "pelo",
        "pela",
        "seu",
        "sua",
        "seus",
        "suas",
        "este",
        "esta",
        "esse",
        "essa",
        "cada",
        "meu",
        "minha",
        "nosso",
        "nossa",
    ]
)
_OPENERS = frozenset(
    [
        "to",
        "please",
        "pls",
        "i",
        "we",
        "you",
        "they",
        "i'll",
        "we'll",
        "you'll",
        "can",
        "may",
        "must",
        "should",
        "will",
        "would",
        "could",
        "let's",
        "let",
        "us",
        "me",
        "then",
        "just",
        "also",
        "and",
        "or",
        "but",
        "not",
        "never",
        "don't",
        "dont",
        "do",
        "now",
        "only",
        "kindly",
        "simply",
        "quickly",
        "first",
        "finally",
        "go",
        "immediately",
        "so",
        "help",
        "either",
        "both",
        "nobody",
        "noone",
        "anyone",
        "someone",
        "somebody",
        "one",
    ]
)
_BEFORE_GERUND = frozenset(
    ["am", "i'm", "we're", "are", "is", "by", "without", "of", "start", "stop", "keep", "from", "before", "after", "while", "for"]
)
_PASSIVE = frozenset(["be", "been", "being", "is", "are", "was", "were", "get", "gets", "got", "getting"])
_LET_REACH = 6
_BEFORE_NOUN = frozenset(
    [
        "the",
        "a",
        "an",
        "our",
        "your",
        "their",
        "its",
        "my",
        "his",
        "her",
        "this",
        "that",
        "these",
        "those",
        "any",
        "every",
        "each",
        "no",
        "without",
        "with",
        "of",
        "for",
        "o",
        "a",
        "os",
        "as",
        "um",
        "uma",
        "por",
        "seu",
        "sua",
        "seus",
        "suas",
        "nosso",
        "nossa",
    ]
)
SUBJECTS = frozenset(["i", "we", "they", "he", "she", "it", "you", "who", "already", "have", "has", "had", "somebody", "someone"])


def verb_rank(tokens: Sequence[Token], hit: Hit, language: str) -> int | None:
    """How likely a hit is a verb where it stands: 0 surely, 1 perhaps, None for a noun or adjective."""
    if hit.mood == "noun":
        return None
    if hit.start == 0 or tokens[hit.start].gap:
        return 0
    before = tokens[hit.start - 1].form
    if language == "en":
        return _english(tokens, hit, before)
    if (hit.mood == "present" and before in _DETERMINERS) or (before == "por" and hit.mood == "participle"):
        return None
    return 1 if hit.mood in ("participle", "past") else 0


def _english(tokens: Sequence[Token], hit: Hit, before: str) -> int | None:
    if hit.mood == "base":
        opened = before in _OPENERS or before.endswith("ly") or hit.words > 1 or _is_let(tokens, hit.start)
        return 0 if opened else None
    if hit.mood in ("past", "participle") and before in _PASSIVE:
        return 0
    if hit.mood in ("past", "participle", "present") and (before in _BEFORE_NOUN or _is_possessive(tokens[hit.start - 1])):
        return None
    if hit.mood == "gerund":
        return 0 if hit.words > 1 or before in _BEFORE_GERUND else 1
    return 1


def _is_possessive(token: Token) -> bool:
    """As in "the owner's": the form has lost its 's."""
    return token.end - token.start == len(token.form) + 2


def _is_let(tokens: Sequence[Token], place: int) -> bool:
    """As in "Let the system dismiss ...", "have the agent send ...": the bare verb after its subject."""
    opener = next(
        (back for back in range(place - 1, max(-1, place - _LET_REACH), -1) if tokens[back].form in ("let", "have", "make", "help")), None
    )
    return opener is not None and not any(token.gap for token in tokens[opener + 1 : place + 1])
