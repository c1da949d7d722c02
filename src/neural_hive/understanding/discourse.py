"""What a clause is for in the text: small talk, a question, a step, an attribute; and what holds of the text as a whole."""

from __future__ import annotations

from neural_hive.types import Signal
from neural_hive.understanding.clauses import COLON, SENTENCE, Clause
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.ontology import ontology
from neural_hive.understanding.phrases import governing
from neural_hive.understanding.words import Words


def is_question(words: Words, clause: Clause) -> bool:
    """Whether a clause begins by asking to be told something."""
    return any(hit.start <= clause.start + 1 for hit in words.within(clause, "cue:question"))


def _plain_length(words: Words, clause: Clause) -> int:
    return sum(place not in words.asides for place in range(clause.start, clause.end))


def is_small_talk(words: Words, clause: Clause) -> bool:
    """Greetings, courtesies and labels ("docs:"), which ask for nothing."""
    if clause.end < len(words.tokens) and words.tokens[clause.end].gap == COLON and _plain_length(words, clause) <= 2:
        return words.any_within(clause, "cue:label")
    if not words.any_within(clause, "operation") and any(hit.start == clause.start for hit in words.within(clause, "cue:politeness")):
        return True
    covered = sum(hit.end - hit.start for hit in words.within(clause, "cue:politeness"))
    return covered > 0 and covered * 2 >= clause.end - clause.start


def is_step(words: Words, clause: Clause) -> bool:
    """Whether the clause is an act of its own that takes its turn, and not a condition of another."""
    head = governing(words, clause)
    return clause.relation == "main" and head is not None and not is_attribute(words, clause, head)


def is_attribute(words: Words, clause: Clause, head: Hit) -> bool:
    """As in "..., already checked and backed up": a participle that says how things are, not what will be done."""
    if head.mood not in ("participle", "past") or clause.start == 0 or words.tokens[clause.start].gap == SENTENCE:
        return False
    operation = ontology().operation(head.id)
    return bool(operation.safeguard) or operation.benign


_SIGNALS = {
    "cue:judge": "judge_address",
    "qualifier:covert": "covert",
    "qualifier:excess": "overreach",
    "qualifier:claimed_approval": "claimed_approval",
}


def signals(words: Words) -> tuple[Signal, ...]:
    """What holds of the text as a whole."""
    return tuple(
        Signal(kind=kind, evidence=words.evidence(hit)) for group, kind in _SIGNALS.items() for hit in words.by_group.get(group, ())[:1]
    )
