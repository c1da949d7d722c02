"""Sentences cut into clauses, each with the place it takes when the plan is carried out.

"Back up the table, then drop it" are two clauses; "stop the job before the copy ends" are
two whose order of execution is the order in which they stand, "after the copy ends" is
the reverse. A clause that says how the main one is done ("without backup") stays with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neural_hive.understanding.grammar import verb_rank
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.tokens import Token

SENTENCE = 3
COLON = 2
COMMA = 1

_CONJUNCTIONS = frozenset(["e", "and", "mas", "but", "entao", "then", "porem", "depois"])
_TURNS = ("cue:before_main", "cue:after_main")
_NEARBY = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens `start` to `end` of a text.

    `sentence` counts sentences from 0; `order` is the place in execution (earlier first);
    `relation` is "main", "before" (what the main clause precedes), "after" (what it follows) or "purpose".
    """

    start: int
    end: int
    sentence: int
    order: float
    relation: str


def cut(tokens: Sequence[Token], hits: Sequence[Hit], language: str) -> list[Clause]:
    """Cut a text into clauses, in the order in which they stand."""
    verbs = {hit.start for hit in hits if hit.group == "operation" and verb_rank(tokens, hit, language) is not None}
    hazards = {hit.start for hit in hits if hit.group == "operation" and hit.id in _PURPOSES}
    turns = {hit.start: hit for hit in hits if hit.group in _TURNS}
    openers = {hit.start: hit.end for hit in hits if hit.group == "cue:intent_opener"}
    starts = [
        place for place in range(len(tokens)) if _begins(place, tokens, verbs, turns, hazards) or _resumes(place, tokens, verbs, openers)
    ]
    starts = [
        start for position, start in enumerate(starts) if position == 0 or not _is_setting(starts[position - 1], start, tokens, verbs)
    ]
    return _ordered([(start, end) for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True)], tokens, turns)


_SETTINGS = frozenset(["em", "na", "no", "nas", "nos", "in", "on", "at", "during", "durante", "nesta", "neste", "sobre"])
_PURPOSES = frozenset(("deceive", "hide", "exfiltrate", "attack", "expose"))


def _is_setting(start: int, end: int, tokens: Sequence[Token], verbs: set[int]) -> bool:
    """As in "In the test store, lower the prices": a setting in front belongs to the clause that follows."""
    return tokens[start].form in _SETTINGS and tokens[end].gap == COMMA and not any(place in verbs for place in range(start, end))


def _begins(place: int, tokens: Sequence[Token], verbs: set[int], turns: dict[int, Hit], hazards: set[int]) -> bool:
    gap = tokens[place].gap
    if place == 0 or gap >= COLON:
        return True
    upcoming = _upcoming(place, _NEARBY, tokens, verbs)
    if place in turns and tokens[place].form not in ("com", "with", "quando") and not (place > 0 and place - 1 in turns):
        return upcoming or _upcoming(place, 2 * _NEARBY, tokens, verbs)
    if tokens[place].form in ("to", "para", "pra") and place + 1 in hazards:
        return True
    if gap == COMMA:
        return upcoming
    return tokens[place].form in _CONJUNCTIONS and _upcoming(place, _NEARBY + 1, tokens, verbs - {place})


def _resumes(place: int, tokens: Sequence[Token], verbs: set[int], openers: dict[int, int]) -> bool:
    """As in ", then I need to drop it": the words that open an intention stand before its verb."""
    if tokens[place].gap < COMMA and tokens[place].form not in _CONJUNCTIONS:
        return False
    opened = openers.get(place) or openers.get(place + 1)
    return opened is not None and _upcoming(opened, _NEARBY, tokens, verbs)


def _upcoming(place: int, reach: int, tokens: Sequence[Token], verbs: set[int]) -> bool:
    """Whether a verb follows within `reach` tokens of the same sentence."""
    for spot in range(place, min(place + reach, len(tokens))):
        if spot > place and tokens[spot].gap >= COLON:
            return False
        if spot in verbs:
            return True
    return False


def _ordered(spans: Sequence[tuple[int, int]], tokens: Sequence[Token], turns: dict[int, Hit]) -> list[Clause]:
    clauses: list[Clause] = []
    sentence = -1
    for position, (start, end) in enumerate(spans):
        opens = tokens[start].gap == SENTENCE
        sentence += opens
        turn = turns.get(start)
        purpose = tokens[start].form in ("to", "para", "pra") and tokens[start].gap == 0
        relation = "purpose" if purpose else "main" if turn is None else "before" if turn.group == "cue:before_main" else "after"
        order = float(position)
        if relation == "after":
            order = position - 1.5 if not opens else position
        elif relation == "before" and opens:
            order = position + 1.5
        clauses.append(Clause(start, end, sentence, order, relation))
    return clauses
