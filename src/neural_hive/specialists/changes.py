"""Edits of a plan: what a mitigation proposes and a counterfactual applies. Pure."""

from __future__ import annotations

from dataclasses import replace

from neural_hive.types import Action, Change, ChangeKind, Plan, Safeguard, Scope, Task, Trait


def apply(plan: Plan, change: Change) -> Plan:
    """The plan with one change made; equal to the given plan when the change concerns none of its actions."""
    if all(task.id != change.task_id for task in plan.tasks):
        return plan
    return replace(plan, tasks=tuple(_task(task, change) if task.id == change.task_id else task for task in plan.tasks))


def amend(action: Action, change: Change) -> Action | None:
    """The action with one change made; None when the change leaves it out."""
    if change.kind == "drop_action":
        return None
    if change.kind == "limit_scope":
        return _limited(action)
    kind = change.safeguard
    present = any(item.kind == kind and item.verified for item in action.safeguards)
    added = action.safeguards if present else (*action.safeguards, Safeguard(kind=kind, verified=True))
    if change.kind == "add_safeguard":
        return replace(action, safeguards=added)
    return replace(
        action,
        safeguards=added,
        denied=tuple(item for item in action.denied if item.kind != kind),
        late_safeguards=tuple(item for item in action.late_safeguards if item.kind != kind),
    )


def concerns(change: Change, action: Action) -> bool:
    """Whether a change is about this action."""
    return action.task_id == change.task_id and (action.start, action.end) == (change.start, change.end)


def change_of(kind: ChangeKind, action: Action, safeguard: str = "") -> Change:
    """A change of this action."""
    return Change(kind=kind, task_id=action.task_id, safeguard=safeguard, start=action.start, end=action.end)


def _task(task: Task, change: Change) -> Task:
    changed = [(amend(action, change) if concerns(change, action) else action) for action in task.actions]
    return replace(task, actions=tuple(action for action in changed if action is not None))


def _limited(action: Action) -> Action:
    traits = tuple(trait for trait in action.traits if trait is not Trait.UNBOUNDED)
    qualifiers = tuple(sorted({*action.qualifiers, "partial_rollout"}))
    return replace(action, scope=Scope.ONE, traits=traits, qualifiers=qualifiers)
