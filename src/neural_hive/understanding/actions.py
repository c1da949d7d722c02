"""What a text would do: every clause becomes an `Action` with its circumstances and polarity.

The reading is closed-world over the ontology: the first operation of a clause governs it, what
stands inside a reading, describing or rehearsing verb is not carried out, a denied operation is
not done, and a protection counts only when the text makes it a step or a condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from neural_hive.types import Action, Environment, Language, Polarity, Safeguard, Signal, Trait
from neural_hive.understanding import circumstances, discourse, phrases, polarity
from neural_hive.understanding.clauses import Clause, cut
from neural_hive.understanding.lexicon import match, scan
from neural_hive.understanding.ontology import UNKNOWN, ontology
from neural_hive.understanding.protections import begins_later, comes_later, denied, stated
from neural_hive.understanding.spelling import respelled
from neural_hive.understanding.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReading:
    """All that was read in one text: spans refer to it; `order` is the place of each action in execution."""

    actions: tuple[Action, ...] = ()
    order: tuple[float, ...] = ()
    signals: tuple[Signal, ...] = ()
    coverage: float = 1.0

    def in_order(self) -> tuple[Action, ...]:
        """The actions in the order in which they would be carried out."""
        return tuple(
            action for _, _, action in sorted(zip(self.order, range(len(self.order)), self.actions, strict=True), key=lambda item: item[:2])
        )


def read(text: str, language: Language = "en", *, task_id: str = "") -> TextReading:
    """Read a masked text.

    Args:
        text: The masked text; spans refer to it.
        language: "pt" or "en"; "und" is read as Portuguese with English jargon.
        task_id: Goes into actions and evidence.
    """
    tokens, hits = scan(text, language)
    if not tokens:
        return TextReading()
    if not any(hit.group == "operation" for hit in hits):
        tokens = respelled(tokens, language)
        hits = match(tokens, language)
    words = Words(text, tokens, hits, task_id, language)
    clauses = cut(tokens, hits, words.language)
    readings = [_read_clause(words, clause) for clause in clauses]
    actions = [(clause, action) for clause, found in zip(clauses, readings, strict=True) for action in found]
    actions = _coordinated(words, _inherit(words, clauses, actions))
    return TextReading(
        actions=tuple(action for _, action in actions),
        order=tuple(clause.order for clause, _ in actions),
        signals=discourse.signals(words),
        coverage=_coverage(words, clauses, readings),
    )


def _read_clause(words: Words, clause: Clause) -> list[Action]:
    """The clause's governing action, if it has one, and what a purpose or prevention adds."""
    head = phrases.governing(words, clause)
    if discourse.is_small_talk(words, clause):
        return []
    if head is None:
        return _unread(words, clause)
    if discourse.is_attribute(words, clause, head):
        return []
    name = phrases.operation_meant(words, clause, head)
    operation = ontology().operation(name)
    target = phrases.target(words, clause, head)
    action = Action(
        operation=name,
        object=target.kind.id,
        task_id=words.task_id,
        start=words.tokens[head.start].start,
        end=words.tokens[max(head.end, target.end) - 1].end,
        target=words.quote(target.start, target.end) if target.end else "",
        traits=_effective(operation.traits_on(target.kind.class_)),
        sensitivity=min(target.kind.sensitivity, operation.at_stake),
        blast=target.kind.blast,
        environment=circumstances.environment(words, clause),
        scope=circumstances.scope(words, clause, head, target),
        timing=circumstances.timing(words, clause),
        polarity=polarity.polarity(words, clause, head, operation),
        disposable=circumstances.disposable(words, clause, head, target),
        certainty=circumstances.certainty(words, clause, head, target),
        safeguards=stated(words, clause, head, acting=False),
        denied=denied(words, clause),
        qualifiers=circumstances.qualifiers(words, clause),
    )
    action = replace(action, text=words.text[action.start : action.end])
    return [circumstances.sharpened(words, clause, action, target.kind)]


def _effective(traits: Sequence[Trait]) -> tuple[Trait, ...]:
    return tuple(sorted(traits))


def _unread(words: Words, clause: Clause) -> list[Action]:
    """A clause whose verb is not known: a question asks to read; what names things is an action nobody could read."""
    asks = discourse.is_question(words, clause)
    things = list(words.within(clause, "object"))
    if clause.relation != "main" or not (things or asks):
        return []
    kind = max((ontology().objects[hit.id] for hit in things), key=lambda kind: kind.sensitivity, default=UNKNOWN)
    span = words.span(clause.start, clause.end)
    action = Action(
        operation="read" if asks else "unknown",
        object=kind.id,
        task_id=words.task_id,
        start=span[0],
        end=span[1],
        text=words.text[span[0] : span[1]],
        traits=(Trait.READ_ONLY,) if asks else (),
        sensitivity=kind.sensitivity,
        blast=kind.blast,
        environment=circumstances.environment(words, clause),
        polarity=Polarity.AFFIRMED if asks else polarity.bare_polarity(words, clause),
        certainty=0.8 if asks else 0.3,
        safeguards=stated(words, clause, None),
        denied=denied(words, clause),
        qualifiers=circumstances.qualifiers(words, clause),
    )
    return [action]


def _inherit(words: Words, clauses: Sequence[Clause], found: list[tuple[Clause, Action]]) -> list[tuple[Clause, Action]]:
    """Circumstances said once hold for the clauses that do not say: environment, safeguards, denials, hiding."""
    environment = circumstances.prevailing_environment(words, clauses)
    denials = tuple(d for clause in clauses for d in denied(words, clause))
    covert = words.has("qualifier:covert")
    result = []
    for clause, action in found:
        changes: dict[str, Any] = {}
        if action.environment is Environment.UNKNOWN and environment is not Environment.UNKNOWN:
            changes["environment"] = environment
        if denials and not action.denied:
            changes["denied"] = denials
        if covert and "covert" not in action.qualifiers:
            changes["qualifiers"] = tuple(sorted({*action.qualifiers, "covert"}))
            if not action.has(Trait.READ_ONLY):
                changes["traits"] = tuple(sorted({*action.traits, Trait.DECEPTIVE}))
        before, late = _around(words, clauses, clause)
        if before:
            changes["safeguards"] = _merged(action.safeguards, before)
        if late:
            changes["late_safeguards"] = late
        result.append((clause, replace(action, **changes) if changes else action))
    return result


def _around(words: Words, clauses: Sequence[Clause], own: Clause) -> tuple[tuple[Safeguard, ...], tuple[Safeguard, ...]]:
    """Protections of the other clauses: those carried out earlier (or stated as conditions), and those that come later."""
    before: list[Safeguard] = []
    late: list[Safeguard] = []
    for clause in clauses:
        head = phrases.governing(words, clause)
        if clause is own or clause.order > own.order:
            late.extend(comes_later(words, clause, head))
        if clause is own:
            continue
        turns = clause.relation == "before" or discourse.is_step(words, clause) or begins_later(words, clause)
        (late if clause.order > own.order and turns else before).extend(stated(words, clause, head))
    return tuple(before), tuple(late)


def _coordinated(words: Words, found: list[tuple[Clause, Action]]) -> list[tuple[Clause, Action]]:
    """As in "Draft the procedure for destroying media and disposing of tapes": the second gerund is still only written about."""
    result: list[tuple[Clause, Action]] = []
    for clause, action in found:
        before = result[-1] if result else None
        if before and before[0].sentence == clause.sentence and _is_only_told(before[1]) and phrases.continues_gerund(words, clause):
            action = replace(action, polarity=Polarity.HYPOTHETICAL)  # noqa: PLW2901 -- the pair is rebuilt just below
        result.append((clause, action))
    return result


def _is_only_told(action: Action) -> bool:
    return action.polarity is Polarity.HYPOTHETICAL or ontology().operation(action.operation).benign


def _merged(own: tuple[Safeguard, ...], more: tuple[Safeguard, ...]) -> tuple[Safeguard, ...]:
    kinds = {safeguard.kind: safeguard for safeguard in (*more, *own)}
    for safeguard in (*own, *more):
        if safeguard.verified:
            kinds[safeguard.kind] = safeguard
    return tuple(kinds[kind] for kind in sorted(kinds))


def _coverage(words: Words, clauses: Sequence[Clause], readings: Sequence[list[Action]]) -> float:
    """Share of the content words that stand in a clause that was read."""
    total = known = 0.0
    for clause, actions in zip(clauses, readings, strict=True):
        weight = float(clause.end - clause.start)
        if discourse.is_small_talk(words, clause):
            continue
        total += weight
        if any(action.operation != "unknown" for action in actions) or (
            not actions and (clause.relation != "main" or phrases.governing(words, clause) is not None)
        ):
            known += weight
    return round(known / total, 4) if total else 1.0
