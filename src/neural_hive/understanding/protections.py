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
_DONE = frozenset(["already", "ja", "foi", "foram", "was", "were", "been", "once", "after", "apos", "depois"])


def stated(words: Words, clause: Clause, head: Hit | None, *, acting: bool = True) -> tuple[Safeguard, ...]:
    """Protections in force: a licensed noun ("with a backup"), a fixed phrase, or (`acting`) the clause's own protective act."""
    if words.any_within(clause, "cue:judge"):
        return ()
    found: dict[str, Safeguard] = {}
    for hit in words.within(clause, "safeguard"):
        if _counts(words, clause, hit, head) and not _is_afterthought(words, head, hit):
            found[hit.id] = Safeguard(kind=hit.id, verified=hit.id in _VERIFIED, evidence=words.evidence(hit))
    if acting and head is not None:
        kind = ontology().safeguard_of(head.id)
        if kind and not _is_denied(words, clause, head) and not _is_praise(words, clause, head) and not _is_part(words, head):
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
    if hit.words == 1 and _is_praise(words, clause, hit):
        return False
    if hit.words > 1 or clause.relation == "after":
        return True
    floor = max(clause.start, hit.start - _LICENCE_REACH)
    return any(token.form in _LICENCES for token in words.tokens[floor : hit.start])


def comes_later(words: Words, clause: Clause, head: Hit | None) -> tuple[Safeguard, ...]:
    """Protections that the clause itself puts after its act: "delete it, and then a backup"."""
    found = {
        hit.id: Safeguard(kind=hit.id, evidence=words.evidence(hit))
        for hit in words.within(clause, "safeguard")
        if _is_afterthought(words, head, hit) and not _is_denied(words, clause, hit)
    }
    return tuple(found[kind] for kind in sorted(found))


def turning(words: Words, clause: Clause, head: Hit) -> int:
    """Where the clause turns to what is done afterwards; its end, if it does not."""
    marks = (mark.start for mark in words.within(clause, "cue:after") if mark.start >= head.end and _is_afterwards(words, mark))
    return next(marks, clause.end)


def begins_later(words: Words, clause: Clause) -> bool:
    """Whether a clause opens by saying that it comes afterwards: "then", "e depois"."""
    return any(mark.start <= clause.start + 1 for mark in words.within(clause, "cue:after") if _is_afterwards(words, mark))


def _is_afterthought(words: Words, head: Hit | None, hit: Hit) -> bool:
    if head is None or hit.start < head.end:
        return False
    return any(head.end <= mark.start < hit.start and _is_afterwards(words, mark) for mark in words.by_group.get("cue:after", ()))


def _is_afterwards(words: Words, mark: Hit) -> bool:
    """As in "afterwards", "depois"; not "depois de", which tells what comes first."""
    first, following = words.tokens[mark.start].form, [token.form for token in words.tokens[mark.start + 1 : mark.start + 2]]
    return first != "apos" and not (first == "depois" and following in (["de"], ["da"], ["do"], ["das"], ["dos"], ["que"]))


def _is_part(words: Words, head: Hit) -> bool:
    """As in "a tested backup": the participle belongs to the name of the protection."""
    return any(item.start <= head.start and head.end < item.end for item in words.by_group.get("safeguard", ()) if item.words > 1)


def _is_praise(words: Words, clause: Clause, hit: Hit) -> bool:
    """As in "a tested procedure": an adjective that nobody carries out; "already tested" and "once tested" tell of a step."""
    if not any(praise.start <= hit.start and hit.end <= praise.end for praise in words.by_group.get("cue:reassurance", ())):
        return False
    floor = max(clause.start, hit.start - 2)
    return not any(token.form in _DONE for token in words.tokens[floor : hit.start])


def _is_object(words: Words, hit: Hit, head: Hit) -> bool:
    """As in "delete the backups": the word names what is acted upon, not a protection."""
    operation = ontology().operation(head.id)
    return (
        (not operation.safeguard or head.id == "restore")
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
