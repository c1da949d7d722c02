"""Sentences of the specialists: they name the task and quote the words."""

from __future__ import annotations

from functools import lru_cache

from neural_hive.messages import catalogue, text
from neural_hive.specialists.learned import Lift
from neural_hive.types import Action, Change, Evidence, Factor, Plan, Safeguard, Signal, Task

_LONGEST = 90


def words(action: Action) -> str:
    """The action's own words, shortened to about a line."""
    return shorten(action.text or action.target or action.operation)


def shorten(quote: str) -> str:
    """A quote of at most about a line, without line breaks."""
    quote = " ".join(quote.split()) if "\n" in quote or "  " in quote else quote
    return quote if len(quote) <= _LONGEST else f"{quote[: _LONGEST - 1].rstrip()}…"


@lru_cache(maxsize=512)
def safeguard_name(kind: str, language: str) -> str:
    """What a kind of protection is called, with its article: "a verified backup"."""
    key = f"specialist.safeguard.{kind}"
    return text(key, language) if key in catalogue() else text("specialist.safeguard_other", language, kind=kind.replace("_", " "))


def factor_sentence(factor: str, action: Action, language: str) -> str:
    """One sentence: what this factor sees in which task, in which words; a plug-in's factor is called by its name."""
    key = f"specialist.factor.{factor}"
    if key in catalogue():
        sentence = text(key, language, task=action.task_id or "-", words=words(action))
    else:
        sentence = text(
            "specialist.factor_other", language, task=action.task_id or "-", words=words(action), factor=factor.replace("_", " ")
        )
    if action.denied:
        return sentence[:-1] + text("specialist.left_out", language, safeguards=_names(action.denied, language)) + "."
    if action.late_safeguards:
        return sentence[:-1] + text("specialist.too_late", language, safeguards=_names(action.late_safeguards, language)) + "."
    return sentence


def signal_sentence(signal: Signal, language: str) -> str:
    """One sentence about a signal of the text as a whole."""
    key = f"specialist.signal.{signal.kind}"
    key = key if key in catalogue() else "specialist.signal.other"
    return text(key, language, words=shorten(signal.evidence.quote))


@lru_cache(maxsize=64)
def reading_factor(plan: Plan, lift: Lift) -> Factor:
    """What the learned reading adds, as a factor of its own; it has no share in the rules' weights."""
    quote = shorten(plan.title) or next((shorten(task.description) for task in plan.tasks), "")
    evidence = tuple(task_evidence(task) for task in plan.tasks[:1])
    sentence = text("specialist.text_reading", plan.language, percent=round(lift.learned * 100), words=quote)
    return Factor(name="text_reading", weight=0.0, score=round(lift.learned, 6), evidence=evidence, sentence=sentence)


def task_evidence(task: Task) -> Evidence:
    """A whole task as evidence."""
    return Evidence(task_id=task.id, start=0, end=len(task.description), quote=shorten(task.description))


def quiet_sentence(specialist: str, language: str) -> str:
    """One sentence: nothing in the plan touches this factor."""
    key = f"specialist.quiet.{specialist}"
    return text(key if key in catalogue() else "specialist.quiet.other", language)


def mitigation_sentence(change: Change, action: Action, language: str) -> str:
    """One sentence: the concrete step about this plan."""
    quoted = words(action)
    if change.kind in ("add_safeguard", "restore_safeguard"):
        late = any(item.kind == change.safeguard for item in action.late_safeguards)
        key = "specialist.change.move_before" if late else f"specialist.change.{change.kind}"
        return text(key, language, task=action.task_id or "-", words=quoted, safeguard=safeguard_name(change.safeguard, language))
    return text(f"specialist.change.{change.kind}", language, task=action.task_id or "-", words=quoted)


def _names(safeguards: tuple[Safeguard, ...], language: str) -> str:
    return ", ".join(dict.fromkeys(safeguard_name(item.kind, language) for item in safeguards))
