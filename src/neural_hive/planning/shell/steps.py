"""What runs, in which order, and what each step's success depends on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from neural_hive.planning.shell.effects import Effect, tokens
from neural_hive.types import Action, Safeguard, Trait

_VISIBLE = re.compile(r"\b(?:rm|shred|mkfs|dd|dropdb|wipefs|destroy|delete|drop|truncate|purge|terminate)\b", re.IGNORECASE)


def unread_part(source: str) -> Effect:
    """A part of a script that was too long or too deep to be walked; it destroys what its words say it does."""
    traits = (Trait.DESTRUCTIVE, Trait.MUTATING) if _VISIBLE.search(source) else ()
    return Effect(Action(operation="unknown", traits=traits, sensitivity=0.6, blast=0.5, certainty=0.2))


@dataclass(slots=True)
class Step:
    """One executed command or pipeline.

    Attributes:
        start, end: Bytes of its source.
        effects: What it does, in order.
        gates: Numbers of the steps that must have succeeded for this one to run.
        trusted: Its exit status tells whether its first command succeeded (no unguarded pipe).
        read: Whether its commands were understood.
    """

    start: int
    end: int
    effects: tuple[Effect, ...] = ()
    gates: tuple[int, ...] = ()
    trusted: bool = True
    approvals: tuple[str, ...] = ()
    read: float = 1.0


class Guarding:
    """Gives each action the safeguards that stand before it, and those that come too late."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps
        self._guards = [(number, effect) for number, step in enumerate(steps) for effect in step.effects if effect.guard]

    def actions(self, number: int) -> tuple[Action, ...]:
        """The actions of one step with their safeguards."""
        return tuple(self._guarded(number, effect) for effect in self._steps[number].effects)

    def _guarded(self, number: int, effect: Effect) -> Action:
        action = effect.action
        step = self._steps[number]
        if not _needs_guard(action) or not (self._guards or step.approvals):
            return action
        gates = set(step.gates)
        before = [(at, guard) for at, guard in self._guards if at in gates]
        found = [Safeguard(kind=guard.guard, verified=self._steps[at].trusted) for at, guard in _covering(before, effect)]
        found += [Safeguard(kind=kind, verified=True) for kind in step.approvals]
        rest = [(at, guard) for at, guard in self._guards if at not in gates and at != number and guard.guard in _HELPFUL]
        late = [Safeguard(kind=guard.guard) for _, guard in _covering(rest, effect)]
        return replace(
            action, safeguards=_each_once((*action.safeguards, *found)), late_safeguards=_each_once((*action.late_safeguards, *late))
        )


_MOST_GUARDS = 40  # of one action; a script with more repeats itself
_HELPFUL = frozenset({"backup", "restore_test", "tests", "rollback"})


def _needs_guard(action: Action) -> bool:
    return action.carried_out and not action.has(Trait.READ_ONLY) and Trait.PROTECTIVE not in action.traits


def _each_once(safeguards: tuple[Safeguard, ...]) -> tuple[Safeguard, ...]:
    best: dict[str, Safeguard] = {}
    for safeguard in safeguards:
        if safeguard.kind not in best or (safeguard.verified and not best[safeguard.kind].verified):
            best[safeguard.kind] = safeguard
    return tuple(best.values())


def _covers(guard: Effect, target: frozenset[str], effect: Effect, backups: list[Effect]) -> bool:
    """Whether a guard protects the very thing that the action falls on; `backups` are those that do."""
    if guard.guard == "backup":
        return not guard.words or bool(guard.words & (tokens(effect.action.target) if guard.partial else target))
    if guard.guard == "restore_test":
        return bool(guard.words & target) or any(guard.words & backup.words for backup in backups)
    if guard.guard == "dry_run":
        return guard.tool == effect.tool
    return guard.guard in ("tests", "monitoring", "rollback")


def _covering(guards: list[tuple[int, Effect]], effect: Effect) -> list[tuple[int, Effect]]:
    target = tokens(f"{effect.action.target} {effect.connection}")
    near = guards[-_MOST_GUARDS:]
    backups = [guard for _, guard in near if guard.guard == "backup" and _covers(guard, target, effect, [])]
    return [(at, guard) for at, guard in near if _covers(guard, target, effect, backups)]
