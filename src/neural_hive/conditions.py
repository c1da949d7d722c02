"""What must hold for a conditional answer: protections to keep, and the steps that remove most risk."""

from __future__ import annotations

from collections.abc import Mapping

from neural_hive.messages import text
from neural_hive.specialists.changes import change_of
from neural_hive.specialists.wording import safeguard_name, words
from neural_hive.types import Action, Change, Mitigation, Opinion, Plan

_MOST_KEPT = 3
_MOST_ADDED = 3


def conditions(plan: Plan, opinions: Mapping[str, Opinion]) -> tuple[Mitigation, ...]:
    """Checkable conditions: first what the plan already has and must keep, then what would remove most risk."""
    kept = _kept(plan)
    added = proposals(opinions)[:_MOST_ADDED]
    return (*kept, *added) if kept or added else _least(plan)


def proposals(opinions: Mapping[str, Opinion]) -> tuple[Mitigation, ...]:
    """All specialists' mitigations without repetition, the one that removes most risk first.

    A mitigation counts by the risk it removes from the highest voices, so that what only soothes a
    minor concern comes last.
    """
    best: dict[Change, tuple[float, Mitigation]] = {}
    for opinion in opinions.values():
        for item in opinion.mitigations:
            value = item.removes * opinion.risk
            if item.change not in best or value > best[item.change][0]:
                best[item.change] = (value, item)
    ranked = sorted(best.values(), key=lambda pair: -pair[0])
    return tuple(item for _, item in ranked)


def _kept(plan: Plan) -> tuple[Mitigation, ...]:
    kept: dict[str, Mitigation] = {}
    for action in plan.actions:
        if action.carried_out:
            for item in action.safeguards:
                if item.kind not in kept and len(kept) < _MOST_KEPT:
                    kept[item.kind] = _keep(action, item.kind, plan.language)
    return tuple(kept.values())


def _keep(action: Action, kind: str, language: str) -> Mitigation:
    name = safeguard_name(kind, language)
    sentence = text("consensus.condition.keep", language, task=action.task_id or "-", words=words(action), safeguard=name)
    return Mitigation(sentence=sentence, change=change_of("restore_safeguard", action, kind))


def _least(plan: Plan) -> tuple[Mitigation, ...]:
    action = next((action for action in plan.actions if action.carried_out), None)
    if action is None:
        return ()
    sentence = text("consensus.condition.least", plan.language, task=action.task_id or "-", words=words(action))
    return (Mitigation(sentence=sentence, change=change_of("add_safeguard", action, "monitoring")),)
