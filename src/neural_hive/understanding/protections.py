"""Protections that a clause states as a step or condition, and those it says will be left out."""

from __future__ import annotations

from neural_hive.types import Safeguard
from neural_hive.understanding.clauses import Clause
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.ontology import ontology
from neural_hive.understanding.words import Words

_LICENCES = frozenset(
    [
        "com",
        "apos",
        "depois",
        "mediante",
        "conforme",
        "tendo",
        "uma",
        "assim",
        "garantido",
        "havendo",
        "sob",
        "segundo",
        "with",
        "after",
        "once",
        "having",
        "under",
        "per",
        "given",
        "provided",
        "upon",
        "using",
        "by",
        "following",
        "through",
        "behind",
    ]
)
_LICENCE_REACH = 4
_DENIAL_REACH = 4
_VERIFIED = frozenset(("restore_test",))


def stated(words: Words, clause: Clause, head: Hit | None, *, acting: bool = True) -> tuple[Safeguard, ...]:
    """Protections in force: a licensed noun ("with a backup"), a fixed phrase, or (`acting`) the clause's own protective act."""
    if words.any_within(clause, "cue:judge"):
        return ()
    found: dict[str, Safeguard] = {}
    for hit in words.within(clause, "safeguard"):
        if _counts(words, clause, hit, head):
            found[hit.id] = Safeguard(kind=hit.id, verified=hit.id in _VERIFIED, evidence=words.evidence(hit))
    if acting and head is not None:
        kind = ontology().safeguard_of(head.id)
        if kind and not _is_denied(words, clause, head):
            found.setdefault(kind, Safeguard(kind=kind, evidence=words.evidence(head)))
    return tuple(found[kind] for kind in sorted(found))


def denied(words: Words, clause: Clause) -> tuple[Safeguard, ...]:
    """Protections that the clause says are missing or will be skipped."""
    found = {
        hit.id: Safeguard(kind=hit.id, evidence=words.evidence(hit))
        for hit in words.within(clause, "safeguard")
        if _is_denied(words, clause, hit)
    }
    return tuple(found[kind] for kind in sorted(found))


def _counts(words: Words, clause: Clause, hit: Hit, head: Hit | None) -> bool:
    if _is_denied(words, clause, hit) or (head is not None and _is_object(words, hit, head)):
        return False
    if hit.words > 1 or clause.relation == "after":
        return True
    floor = max(clause.start, hit.start - _LICENCE_REACH)
    return any(token.form in _LICENCES for token in words.tokens[floor : hit.start])


def _is_object(words: Words, hit: Hit, head: Hit) -> bool:
    """ "delete the backups": the word names what is acted upon, not a protection."""
    operation = ontology().operation(head.id)
    return (
        not operation.safeguard
        and not operation.benign
        and any(
            thing.start < hit.end and hit.start < thing.end and thing.start - head.end <= 3 and thing.start >= head.end
            for thing in words.by_group.get("object", ())
        )
        and not any(token.form in _LICENCES for token in words.tokens[head.end : hit.start])
    )


def _is_denied(words: Words, clause: Clause, hit: Hit) -> bool:
    denial = words.near_before(hit.start, "cue:deny", _DENIAL_REACH, clause.start)
    return denial is not None and not any(token.gap > 0 for token in words.tokens[denial.end : hit.start + 1])
