"""What surrounds an act: where, how much, when, on whose thing, before whom, and how surely it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neural_hive.types import Action, Environment, Scope, Timing, Trait
from neural_hive.understanding.clauses import Clause
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.ontology import ObjectKind, ontology
from neural_hive.understanding.phrases import Target, governing
from neural_hive.understanding.protections import turning
from neural_hive.understanding.words import Words

_CAUTION = (Environment.PRODUCTION, Environment.STAGING, Environment.DEVELOPMENT)


def environment(words: Words, clause: Clause) -> Environment:
    """The environment a clause names; the most cautious of several."""
    named = {hit.id for hit in words.within(clause, "environment")}
    return next((env for env in _CAUTION if env.value in named), Environment.UNKNOWN)


def prevailing_environment(words: Words, clauses: Sequence[Clause]) -> Environment:
    """The most cautious environment that the text names; a rehearsal's lesser one holds only for itself."""
    named: set[str] = set()
    for clause in clauses:
        head = governing(words, clause)
        rehearses = head is not None and bool(ontology().operation(head.id).safeguard)
        named |= {hit.id for hit in words.within(clause, "environment") if hit.id == Environment.PRODUCTION or not rehearses}
    return next((env for env in _CAUTION if env.value in named), Environment.UNKNOWN)


def scope(words: Words, clause: Clause, head: Hit, target: Target) -> Scope:
    """How much is touched: the quantifier of the object's own phrase, then any in the clause."""
    named = [
        hit
        for hit in words.within(clause, "scope")
        if (hit.start >= head.start or not target.end) and not _of_safeguard(words, hit, target)
    ]
    kinds = {hit.id for hit in named}
    if target.end and not kinds & {"all", "some"} and _is_numbered(words, target):
        return Scope.ONE
    if "all" in kinds and not words.any_within(clause, "qualifier:partial_rollout"):
        return Scope.ALL
    if "some" in kinds or words.any_within(clause, "qualifier:partial_rollout"):
        return Scope.SOME
    return Scope.ONE if "one" in kinds else Scope.UNKNOWN


def _of_safeguard(words: Words, hit: Hit, target: Target) -> bool:
    """As in "without a backup": the article belongs to the protection, not to what is acted upon."""
    near = range(hit.end, hit.end + 2)
    return hit.start >= target.end > 0 and any(item.start in near for item in words.by_group.get("safeguard", ()))


def _is_numbered(words: Words, target: Target) -> bool:
    """As in "order 5581", "customer 8812": a number behind the noun names one of them."""
    end = words.tokens[target.end].form if target.end < len(words.tokens) else ""
    return end.isdigit() and len(end) > 1 and words.tokens[target.end].gap == 0


_TIMING = (Timing.FREEZE, Timing.PEAK, Timing.NOW, Timing.WINDOW)


def timing(words: Words, clause: Clause) -> Timing:
    """When, as the clause or else the text says; the least favourable of several."""
    named = {hit.id for hit in words.within(clause, "timing")} or {hit.id for hit in words.by_group.get("timing", ())}
    return next((when for when in _TIMING if when.value in named), Timing.UNSPECIFIED)


def disposable(words: Words, clause: Clause, head: Hit, target: Target) -> bool:
    """Whether the object itself is said to be temporary, synthetic or one's own toy."""
    start, end = (max(clause.start, target.start - 3), target.end + 3) if target.end else (head.end, clause.end)
    return any(start <= hit.start < end and not (head.start <= hit.start < head.end) for hit in words.within(clause, "disposable"))


def qualifiers(words: Words, clause: Clause) -> tuple[str, ...]:
    """Circumstances that the clause states."""
    found = [group.partition(":")[2] for group in words.qualifiers if words.any_within(clause, group)]
    return tuple(found)


_EASY_CLAUSE = 12


def certainty(words: Words, clause: Clause, head: Hit, target: Target) -> float:
    """How sure the reading is: less without an object, for a noun, in a long clause, among rival verbs."""
    aside, end = words.asides, turning(words, clause, head)
    rivals = sum(
        hit.mood != "noun"
        and hit.start != head.start
        and hit.start < end
        and hit.start not in aside
        and not target.start <= hit.start < target.end
        and not ontology().safeguard_of(hit.id)
        for hit in words.within(clause, "operation")
    )
    length = max(0, sum(place not in aside for place in range(clause.start, end)) - _EASY_CLAUSE)
    sure = (0.95 if target.end else 0.65) - (0.1 if head.mood == "noun" else 0.0) - 0.08 * min(rivals, 3) - 0.015 * min(length, 20)
    return round(max(sure, 0.3), 2)


_KEEPING = frozenset(
    ["read", "verify", "delete", "drop", "truncate", "wipe", "retire", "revoke", "protect", "verify", "scale_down", "rollback", "uninstall"]
)


_LEAKABLE = frozenset(["personal", "secret", "data", "backup", "money", "audit", "access"])


_AUDIENCES = frozenset(("public_audience", "third_party", "untrusted_party"))


def sharpened(words: Words, clause: Clause, action: Action, kind: ObjectKind) -> Action:
    """Traits that only the combination shows: private things to a wide audience, hidden acts, open doors."""
    traits = set(action.traits)
    sensitivity = action.sensitivity
    if not _AUDIENCES.isdisjoint(action.qualifiers) and action.operation not in _KEEPING and not action.disposable:
        leaked = _leaked(words, clause, kind)
        if leaked is not None:
            traits.add(Trait.EXPOSING)
            traits.discard(Trait.READ_ONLY)
            sensitivity = max(sensitivity, leaked.sensitivity)
            if action.environment is Environment.DEVELOPMENT:
                action = replace(action, environment=Environment.UNKNOWN)
    if "untrusted_party" in action.qualifiers:
        traits.add(Trait.UNTRUSTED)
    if Trait.COSMETIC in traits and action.environment is Environment.PRODUCTION:
        traits = {*traits, Trait.MUTATING} - {Trait.COSMETIC}
    if "covert" in action.qualifiers and Trait.READ_ONLY not in traits:
        traits.add(Trait.DECEPTIVE)
    if "unprotected" in action.qualifiers:
        traits.update((Trait.WEAKENS_CONTROL, Trait.EXPOSING))
    if "data_loss_stated" in action.qualifiers and Trait.MUTATING in traits:
        traits.update((Trait.DESTRUCTIVE, Trait.IRREVERSIBLE))
    return action if traits == set(action.traits) else replace(action, traits=tuple(sorted(traits)), sensitivity=sensitivity)


def _leaked(words: Words, clause: Clause, kind: ObjectKind) -> ObjectKind | None:
    """The most sensitive thing of the clause that a wide audience should not get."""
    if kind.head == "opaque" and kind.class_ in ("ui", "trivial"):
        return None
    named = (ontology().objects[hit.id] for hit in words.within(clause, "object"))
    return max((found for found in named if found.class_ in _LEAKABLE), key=lambda found: found.sensitivity, default=None)
