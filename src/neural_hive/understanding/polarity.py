"""Whether the act of a clause would be carried out: denied, prevented, past, rehearsed, asked about."""

from __future__ import annotations

from neural_hive.types import Polarity
from neural_hive.understanding.clauses import Clause
from neural_hive.understanding.grammar import SUBJECTS
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.ontology import Operation
from neural_hive.understanding.words import Words

_NEGATION_REACH = 3
_WITHOUT_REACH = 2
_PREVENTION_REACH = 6
_TELLING_REACH = 8


def polarity(words: Words, clause: Clause, head: Hit, operation: Operation) -> Polarity:
    """Whether the governed act would be carried out as the clause is worded; the first reading that fits counts."""
    told = not operation.benign
    readings = (
        (Polarity.HYPOTHETICAL, _is_rehearsed(words, clause)),
        (Polarity.PREVENTED, words.near_before(head.start, "cue:prevention", _PREVENTION_REACH, clause.start) is not None),
        (Polarity.NEGATED, _is_negated(words, clause, head) or (told and _denies_after(words, head))),
        (Polarity.HYPOTHETICAL, told and _asks_about(words, clause)),
        (Polarity.REPORTED, _is_reported(words, clause, head)),
        (Polarity.HYPOTHETICAL, told and words.near_before(head.start, "cue:hypothetical", _TELLING_REACH, clause.start) is not None),
    )
    return next((reading for reading, fits in readings if fits), Polarity.AFFIRMED)


def _is_rehearsed(words: Words, clause: Clause) -> bool:
    return any(_rehearses(words, clause, hit) for hit in words.by_group.get("cue:rehearsal", ()))


def _is_negated(words: Words, clause: Clause, head: Hit) -> bool:
    denied = words.near_before(head.start, "cue:negation", _NEGATION_REACH, clause.start)
    left_out = words.near_before(head.start, "cue:without", _WITHOUT_REACH, clause.start)
    return denied is not None or left_out is not None or _has_negated_subject(words, clause, head)


def _denies_after(words: Words, head: Hit) -> bool:
    """As in "changing no data", "touch nothing"."""
    after = words.tokens[head.end].form if head.end < len(words.tokens) else ""
    return words.language == "en" and after in ("no", "nothing", "none", "nobody")


def _rehearses(words: Words, clause: Clause, hit: Hit) -> bool:
    """As in "dry-run only" in the same sentence, but not "not in dry-run"."""
    return words.sentence_of(hit.start) == clause.sentence and not words.near_before(hit.start, "cue:negation", 2, clause.start)


_NOBODY = frozenset(["nada", "ninguem", "nenhum", "nenhuma", "nothing", "nobody", "noone", "none", "neither"])


_SUBJECT_REACH = 7


def _has_negated_subject(words: Words, clause: Clause, head: Hit) -> bool:
    """As in "Nothing gets evicted", "nenhuma regra e aberta", "no disk is encrypted": a subject that is nobody does nothing."""
    floor = max(clause.start, head.start - _SUBJECT_REACH)
    if any(token.form in _NOBODY for token in words.tokens[floor : head.start]):
        return True
    return words.language == "en" and head.mood in ("past", "participle") and words.tokens[clause.start].form == "no"


def _is_reported(words: Words, clause: Clause, head: Hit) -> bool:
    """Whether the act already happened: a past form with somebody who did it, or a word like "yesterday"."""
    form = words.tokens[head.start].form
    tensed = head.mood in ("past", "participle") or (head.mood == "present" and form.endswith("mos"))
    if tensed and any(
        _tells_when(words, hit) for hit in words.by_group.get("cue:past", ()) if words.sentence_of(hit.start) == clause.sentence
    ):
        return True
    if head.mood != "past":
        return False
    return words.language != "en" or (head.start > clause.start and words.tokens[head.start - 1].form in SUBJECTS)


def _tells_when(words: Words, hit: Hit) -> bool:
    """As in "Yesterday we paid", not "yesterday's backup" nor "o e-mail de ontem"."""
    last = words.tokens[hit.end - 1]
    possessive = last.end - last.start > len(last.form)
    return not possessive and (hit.start == 0 or words.tokens[hit.start - 1].form not in ("de", "do", "da", "of", "from"))


def bare_polarity(words: Words, clause: Clause) -> Polarity:
    """Polarity of a clause without a known operation."""
    if words.any_within(clause, "cue:prevention"):
        return Polarity.PREVENTED
    if words.any_within(clause, "cue:hypothetical"):
        return Polarity.HYPOTHETICAL
    if words.any_within(clause, "cue:negation"):
        return Polarity.NEGATED
    return Polarity.REPORTED if words.has("cue:past") else Polarity.AFFIRMED


_INTERROGATIVES = frozenset(
    ["what", "which", "who", "whose", "when", "why", "quanto", "quanta", "quantos", "quantas", "qual", "quais", "quem", "quando"]
)


def _asks_about(words: Words, clause: Clause) -> bool:
    """As in "Which personal data do we collect?", which asks about an act; "how do I ..." means to do it."""
    first = words.tokens[clause.start].form
    after = words.tokens[clause.start + 1].form if clause.start + 1 < clause.end else ""
    return first in _INTERROGATIVES or (first, after) in (("how", "many"), ("how", "much"), ("how", "long"), ("por", "que"))
