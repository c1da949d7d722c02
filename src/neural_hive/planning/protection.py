"""Which protections are in force when a task runs: those of the tasks it waits for, never those that follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from neural_hive.planning.dag import ancestors
from neural_hive.types import Action, Safeguard, Task, Trait
from neural_hive.understanding.ontology import ontology

RISKY = (
    Trait.DESTRUCTIVE, Trait.IRREVERSIBLE, Trait.EXPOSING, Trait.RAISES_PRIVILEGE, Trait.WEAKENS_CONTROL, Trait.INTERRUPTING,
    Trait.LOCKS_OUT, Trait.MUTATING, Trait.MONEY, Trait.CONTACTS_PEOPLE, Trait.DECEPTIVE, Trait.UNTRUSTED,
)  # fmt: skip
_HARMING = tuple(trait for trait in RISKY if trait not in {Trait.MUTATING, Trait.CONTACTS_PEOPLE})
# What a task's declared type says, believed only where its description harms nothing and does something.
_BY_TYPE = {
    "backup": "backup", "snapshot": "backup", "approval": "approval", "aprovacao": "approval", "aprovação": "approval", "test": "tests",
    "teste": "tests", "dry_run": "dry_run", "dry-run": "dry_run", "canary": "canary", "rollback_plan": "rollback",
}  # fmt: skip


def protect(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Link every risky action that is carried out to the protections around it.

    Args:
        tasks: In an order that respects the dependencies.

    Returns:
        The same tasks; protections of tasks they depend on, and of earlier actions of the same task,
        are added to `safeguards`; those of tasks that depend on them to `late_safeguards`. Parallel
        tasks do not count, and nothing a reader found is removed.
    """
    before = ancestors(tasks)
    given = {task.id: _provided(task) for task in tasks}
    after: dict[str, list[str]] = {task.id: [] for task in tasks}
    for task in tasks:
        for parent in sorted(before[task.id]):
            after[parent].append(task.id)
    return tuple(_linked(task, before[task.id], after[task.id], given, tasks) for task in tasks)


def _linked(task: Task, before: frozenset[str], after: list[str], given: dict[str, tuple[Safeguard, ...]], tasks: Sequence[Task]) -> Task:
    if not any(action.carried_out and action.has(*RISKY) for action in task.actions):
        return task
    early = [safeguard for other in tasks if other.id in before for safeguard in given[other.id]]
    late = [safeguard for name in after for safeguard in given[name]]
    actions = []
    for place, action in enumerate(task.actions):
        if action.carried_out and action.has(*RISKY):
            own = [item for earlier in task.actions[:place] for item in _of_action(earlier)]
            following = [item for later in task.actions[place + 1 :] for item in _of_action(later)]
            actions.append(_with(action, [*early, *own], [*following, *late]))
        else:
            actions.append(action)
    return replace(task, actions=tuple(actions))


def _with(action: Action, early: Iterable[Safeguard], late: Iterable[Safeguard]) -> Action:
    safeguards = merged(action.safeguards, early)
    kinds = {item.kind for item in safeguards}
    return replace(
        action, safeguards=safeguards, late_safeguards=merged(action.late_safeguards, (item for item in late if item.kind not in kinds))
    )


def merged(held: tuple[Safeguard, ...], more: Iterable[Safeguard]) -> tuple[Safeguard, ...]:
    """One safeguard of each kind, what is held first; a verified one replaces one that is not."""
    found = {item.kind: item for item in reversed(held)}
    ordered = {item.kind: found[item.kind] for item in held}
    for item in more:
        known = ordered.get(item.kind)
        if known is None or (item.verified and not known.verified):
            ordered[item.kind] = item
    return tuple(ordered.values())


def _provided(task: Task) -> tuple[Safeguard, ...]:
    """The protections that a task leaves in force for those that wait for it."""
    found = [item for action in task.actions for item in _of_action(action)]
    kind = _BY_TYPE.get(task.type.strip().lower())
    active = [action for action in task.actions if action.carried_out]
    if kind and active and not any(action.has(*_HARMING) for action in active):
        found.append(Safeguard(kind=kind, evidence=active[0].evidence))
    return merged((), found)


def _of_action(action: Action) -> tuple[Safeguard, ...]:
    kind = ontology().safeguard_of(action.operation) if action.carried_out else None
    if kind is None:
        return ()
    return (Safeguard(kind=kind, evidence=action.evidence), *action.safeguards)
