"""The words that tell what is done, apart from circumstances, praise and what is said to the judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from neural_hive.understanding.lexicon import Hit, scan
from neural_hive.understanding.ontology import ontology
from neural_hive.understanding.tokens import Token

_MASKED = frozenset(
    (
        "environment",
        "scope",
        "timing",
        "safeguard",
        "disposable",
        "cue:judge",
        "cue:deny",
        "cue:reassurance",
        "cue:without",
        "cue:politeness",
        "cue:intent_opener",
        "cue:after",
        "cue:before_main",
        "cue:after_main",
    )
)
_PRAISE = ("cue:reassurance", "cue:judge")
_CARRIERS = frozenset((
    "de", "da", "do", "com", "em", "no", "na", "a", "o", "e", "uma", "um", "maneira", "forma", "modo", "muito", "bem", "toda", "todo",
    "total", "plena",
    "maior", "segundo", "seguindo", "conforme", "as", "os", "nas", "with", "in", "an", "the", "and", "of", "very", "most",
    "way", "manner", "fashion", "mode", "following", "full", "all",
))  # fmt: skip
_JOINTS = frozenset(
    ["e", "and", "the", "a", "an", "of", "to", "o", "os", "as", "um", "uma", "de", "do", "da", "dos", "das", "that", "isso", "disso"]
)
_LONGEST = 6
_CONCEPTS = {"operation": "@", "object": "#"}
_TAKEN = "*"
_PAUSE = 1
_REACH = 3
_LIGHT = ("create", "run")

_STRESSED = ("environment", "scope", "timing", "cue:deny", "cue:without", "cue:reassurance", "cue:judge", "cue:politeness", "qualifier")

Words = tuple[str, ...]
_Scan = tuple[Sequence[Token], Sequence[Hit], frozenset[int]]


@dataclass(frozen=True, slots=True)
class Said:
    """A text's words.

    Attributes:
        concepts: Those that tell what is done, in order: known ones by what they mean in any language; circumstances left out.
        plain: The same ones as they were written.
        stressed: Those of circumstances and of praise, which may make an act graver and never milder.
    """

    concepts: Words
    plain: Words
    stressed: Words


@lru_cache(maxsize=512)
def spoken(text: str, language: str) -> Said:
    """The words of a text, apart by what they may do."""
    tokens, hits, masked = _scanned(text, language)
    said = [token.form for token in tokens]
    for hit in sorted(
        (hit for hit in hits if hit.group in _CONCEPTS),
        key=lambda hit: (hit.start - hit.end, hit.group == "operation" and hit.mood != "base"),
    ):
        inside = range(hit.start, hit.end)
        if len(inside) <= _LONGEST and not any(said[place][:1] in ("@", "#", _TAKEN) for place in inside):
            said[hit.start : hit.end] = [f"{_CONCEPTS[hit.group]}{hit.id}", *[_TAKEN] * (len(inside) - 1)]
    kept = (word for place, word in enumerate(said) if place not in masked and word != _TAKEN)
    concepts = tuple(
        word for things, run in groupby(kept, key=lambda word: word[0] == "#") for word in (sorted(set(run)) if things else run)
    )
    plain = tuple(token.form for place, token in enumerate(tokens) if place not in masked)
    return Said(concepts, plain, _stressed(tokens, hits, masked))


@lru_cache(maxsize=512)
def plain_text(text: str, language: str) -> str:
    """The text without circumstances and praise."""
    tokens, _, masked = _scanned(text, language)
    return " ".join(text[token.start : token.end] for place, token in enumerate(tokens) if place not in masked)


@lru_cache(maxsize=64)
def _scanned(text: str, language: str) -> _Scan:
    tokens, hits = scan(text, "en" if language == "en" else "pt")
    return tokens, hits, frozenset(_masked(tokens, hits))


def _stressed(tokens: Sequence[Token], hits: Sequence[Hit], masked: frozenset[int]) -> Words:
    """Words of circumstances; protections are not among them, because a protection that is a step must not raise a risk."""
    guarded = {place for hit in hits if hit.group == "safeguard" for place in range(hit.start, hit.end)}
    places = {
        place
        for hit in hits
        if hit.group.startswith(_STRESSED)
        for place in range(hit.start, min(hit.end, hit.start + _LONGEST))
        if place in masked and place not in guarded and tokens[place].form not in _JOINTS
    }
    return tuple(tokens[place].form for place in sorted(places))


def _masked(tokens: Sequence[Token], hits: Sequence[Hit]) -> set[int]:
    """Places of circumstances, of praise with the small words that carry it, and of stretches that hold nothing else."""
    acts = [
        hit for hit in hits if hit.group == "operation" and not ontology().safeguard_of(hit.id) and not ontology().operation(hit.id).benign
    ]
    things = [hit for hit in hits if hit.group == "object" and any(_reaches(act, hit, tokens) for act in acts)]
    circumstances = [hit for hit in hits if _is_masked(hit) and not (hit.group == "safeguard" and _within(hit, things))]
    masked = {place for place, token in enumerate(tokens) if token.form in _JOINTS}
    masked |= {place for hit in circumstances for place in range(hit.start, min(hit.end, hit.start + _LONGEST))}
    for hit in circumstances:
        if hit.group in (*_PRAISE, "environment"):
            masked |= _carried(tokens, hit, masked)
    asides = [hit.start for hit in circumstances if hit.group in (*_PRAISE, "safeguard")]
    guards = [hit.start for hit in circumstances if hit.group == "safeguard"]
    busy = [
        hit.start
        for hit in acts
        if hit.start not in masked and not (hit.id in _LIGHT and any(0 <= place - hit.end <= 1 for place in guards))
    ]
    for start, end in _stretches(tokens, hits):
        if any(start <= place < end for place in asides) and not any(start <= place < end for place in busy):
            masked.update(range(start, end))
    return masked


def _reaches(act: Hit, thing: Hit, tokens: Sequence[Token]) -> bool:
    """Whether a thing is what the act before it is done to."""
    return 0 <= thing.start - act.end <= _REACH and not any(token.gap for token in tokens[act.end : thing.start + 1])


def _within(hit: Hit, others: Sequence[Hit]) -> bool:
    return any(other.start <= hit.start < other.end for other in others)


def _carried(tokens: Sequence[Token], praise: Hit, masked: set[int]) -> set[int]:
    """The small words around praise: "in a ... manner", "de forma ...", "com todo ..."."""
    found: set[int] = set()
    sides = ((-1, praise.start - 1), (1, praise.end)) if praise.group in _PRAISE else ((-1, praise.start - 1),)
    for step, start in sides:
        place = start
        while 0 <= place < len(tokens) and (place in masked or tokens[place].form in _CARRIERS):
            if tokens[place if step > 0 else place + 1].gap > _PAUSE:
                break
            found.add(place)
            place += step
    return found


def _stretches(tokens: Sequence[Token], hits: Sequence[Hit]) -> Iterator[tuple[int, int]]:
    """What stands between pauses, and what comes "afterwards"."""
    turns = {hit.start for hit in hits if hit.group == "cue:after"}
    starts = [place for place, token in enumerate(tokens) if place == 0 or token.gap or place in turns]
    return zip(starts, [*starts[1:], len(tokens)], strict=bool(tokens))


def _is_masked(hit: Hit) -> bool:
    return hit.group in _MASKED or hit.group.startswith("qualifier")


def heard_in(text: str, language: str) -> frozenset[str]:
    """The groups of words that occur in a text."""
    _, hits = scan(text, "en" if language == "en" else "pt")
    return frozenset(hit.group for hit in hits)


def only_praises(text: str, language: str) -> bool:
    """Whether every word of a text is praise, or said to the judge."""
    tokens, hits = scan(text, "en" if language == "en" else "pt")
    praise = [hit for hit in hits if hit.group in _PRAISE]
    return bool(tokens) and all(any(hit.start <= place < hit.end for hit in praise) for place in range(len(tokens)))
