"""A plan by sentences or tasks: which of them do something, which only protect, which only talk."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from neural_hive.specialists.hazard import Reading, measure
from neural_hive.specialists.memo import once_for
from neural_hive.specialists.spoken import heard_in, only_praises
from neural_hive.types import Action, Plan, Safeguard, Trait
from neural_hive.understanding.lexicon import scan
from neural_hive.understanding.ontology import ontology

_BREAK = 2  # a colon or more
_HARMLESS = (Trait.READ_ONLY, Trait.PROTECTIVE, Trait.COSMETIC, Trait.ADDITIVE, Trait.UNBOUNDED)
_OF_CONSEQUENCE = frozenset(trait for trait in Trait if trait not in _HARMLESS)
_FIRM = 0.7  # certainty from which an act counts as read
_GRAVE = 0.15  # hazard, or
_TRIVIAL = 0.1  # sensitivity, from which an act is of consequence


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence or task, or several: its text, and what is done in it."""

    texts: tuple[str, ...]
    actions: tuple[Action, ...]


@once_for
def readings_of(plan: Plan) -> tuple[Part, ...]:
    """The plan as a whole and, where some sentences or tasks only praise it or address the judge, without these.

    What is said around an act must not talk its danger away, so the gravest of these readings counts.
    Steps that only protect are in neither: they count as the safeguards of the acts that they precede.
    """
    firm = any(_is_firm(action, plan.language) for action in plan.actions)
    parts = _parts(plan, protected=firm)
    clear = any(action.carried_out and action.object != "unknown" and action.certainty >= _FIRM for action in plan.actions)
    plain = [part for part in parts if not _is_aside(part, plan.language, clear=clear)]
    return tuple(dict.fromkeys((_joined(parts), _joined(plain)))) if plain else (_joined(parts),)


def _joined(parts: Sequence[Part]) -> Part:
    return Part(
        tuple(dict.fromkeys(text for part in parts for text in part.texts)), tuple(action for part in parts for action in part.actions)
    )


def _is_aside(part: Part, language: str, *, clear: bool) -> bool:
    """Whether a sentence or task addresses the judge, or praises and does nothing firm; beside a clear act, also one that is too vague."""
    groups = heard_in(part.texts[0], language)
    if "cue:judge" in groups:
        return True
    if any(_is_firm(action, language) for action in part.actions):
        return False
    vague = bool(part.actions) and all(action.object == "unknown" and action.certainty < _FIRM for action in part.actions)
    return "cue:reassurance" in groups or (clear and vague)


def _is_firm(action: Action, language: str) -> bool:
    """Whether an act does something of consequence to something named in other words than praise, read with certainty."""
    if not action.carried_out or action.certainty < _FIRM or action.object == "unknown" or only_praises(action.target, language):
        return False
    return of_consequence(action) and (action.sensitivity >= _TRIVIAL or measure(action).worst >= _GRAVE)


def _parts(plan: Plan, *, protected: bool) -> list[Part]:
    """Sentences or tasks; where something is `protected`, without the steps that only protect it."""
    if plan.format == "text" and plan.title:
        return _sentences(plan, protected=protected)
    title = [Part((plan.title,), ())] if plan.title.strip() else []
    tasks = [task for task in plan.tasks if not (protected and task.actions and all(map(protects, task.actions)))]
    return [*title, *(_part(task.description, task.actions, protected=protected) for task in tasks)]


def _part(text: str, actions: Sequence[Action], *, protected: bool) -> Part:
    return Part((text,), tuple(action for action in actions if not (protected and protects(action))))


def of_consequence(action: Action) -> bool:
    """Whether an act changes, shows, moves or takes away something."""
    return not _OF_CONSEQUENCE.isdisjoint(action.traits)


def protects(action: Action) -> bool:
    """Whether an act is a step that only protects others: a backup, a test, "do a dry run"."""
    if action.qualifiers or action.denied or not action.carried_out or of_consequence(action):
        return False
    return ontology().safeguard_of(action.operation) is not None or (
        action.object == "unknown" and any(map(partial(_holds, action), action.safeguards))
    )


@once_for
def acting(found: Sequence[Reading]) -> Sequence[Reading]:
    """The acts that are judged: a step that only protects others is no risk of its own beside them."""
    return [reading for reading in found if not protects(reading.action)] or found


def _holds(action: Action, safeguard: Safeguard) -> bool:
    words = safeguard.evidence
    return words is not None and words.task_id == action.task_id and words.start >= action.start


def _sentences(plan: Plan, *, protected: bool) -> list[Part]:
    title = plan.title
    tokens, _ = scan(title, "en" if plan.language == "en" else "pt")
    starts = [0, *(token.start for token in tokens[1:] if token.gap >= _BREAK)]
    texts = [[title[start:end]] for start, end in zip(starts, [*starts[1:], len(title)], strict=True)]
    done: list[list[Action]] = [[] for _ in starts]
    for task in plan.tasks:
        offset = max(title.find(task.description), 0)
        for action in task.actions:
            done[bisect_right(starts, offset + action.start) - 1].append(action)
        if protected and task.actions and all(map(protects, task.actions)):
            place = bisect_right(starts, offset) - 1
            stretch = title[offset : min(offset + len(task.description), [*starts, len(title)][place + 1])]
            texts[place] = [piece for text in texts[place] for piece in text.split(stretch, 1)]
    return [_part(" ".join(text), actions, protected=protected) for text, actions in zip(texts, done, strict=True)]
