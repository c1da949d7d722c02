"""What tasks take over from the title, from earlier tasks and from the caller where they say nothing themselves.

Caution is inherited freely, reassurance only where nothing contradicts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from neural_hive.planning.dag import ancestors
from neural_hive.planning.knowledge import most_cautious
from neural_hive.planning.protection import RISKY, merged
from neural_hive.planning.reading import Circumstances
from neural_hive.planning.surroundings import environment_in
from neural_hive.types import Action, Context, Environment, Safeguard, Scope, Task, Trait, Understanding

_UNSAID, _PRODUCTION = Environment.UNKNOWN, Environment.PRODUCTION
_DANGEROUS = (
    Trait.DESTRUCTIVE, Trait.IRREVERSIBLE, Trait.EXPOSING, Trait.RAISES_PRIVILEGE, Trait.WEAKENS_CONTROL, Trait.LOCKS_OUT, Trait.DECEPTIVE,
    Trait.UNTRUSTED, Trait.INTERRUPTING,
)  # fmt: skip


def circumstances_of(understanding: Understanding, context: Context) -> Circumstances:
    """What the intention's own text says of a source; the caller's word counts where the text is silent."""
    environment = title_environment(understanding)
    if environment is _UNSAID:
        environment = context.environment
    return Circumstances(environment=environment, disposable=title_disposable(understanding), text=understanding.masked_text)


def title_environment(understanding: Understanding) -> Environment:
    """The most cautious environment that the title's actions, or else its words, name."""
    stated = most_cautious([action.environment for action in understanding.actions])
    return stated if stated is not _UNSAID else environment_in(understanding.masked_text)


def title_disposable(understanding: Understanding) -> bool:
    """Whether everything that the title would do concerns something temporary."""
    done = [action for action in understanding.actions if action.carried_out]
    return bool(done) and all(action.disposable for action in done) and title_environment(understanding) is not _PRODUCTION


def heightened(tasks: Sequence[Task], environment: Environment) -> tuple[Task, ...]:
    """The tasks with every action at least as cautiously placed as the caller says.

    Production always counts; staging and development count only when nothing at all names a place.
    """
    if environment is _UNSAID:
        return tuple(tasks)
    silent = all(action.environment is _UNSAID for task in tasks for action in task.actions)
    if environment is not _PRODUCTION and not silent:
        return tuple(tasks)
    return tuple(_each(task, lambda action: replace(action, environment=environment)) for task in tasks)


def raised_by_title(tasks: Sequence[Task], understanding: Understanding) -> tuple[Task, ...]:
    """Machine-read tasks, in production when an action of the title says so outright."""
    if not any(action.carried_out and action.environment is _PRODUCTION for action in understanding.actions):
        return tuple(tasks)
    return heightened(tasks, _PRODUCTION)


def inherited(tasks: Sequence[Task], understanding: Understanding) -> tuple[Task, ...]:
    """Tasks in words, with what the title and the tasks they depend on say and they do not.

    Args:
        tasks: In an order that respects the dependencies.
        understanding: Of the title.
    """
    title = title_environment(understanding)
    own = {task.id: most_cautious([action.environment for action in task.actions]) for task in tasks}
    named = {place for place in (title, *own.values()) if place is not _UNSAID}
    before = ancestors(tasks)
    denied = tuple(item for action in understanding.actions if action.carried_out for item in action.denied)
    found = []
    for task in tasks:
        place = _place(task, before[task.id], own, title, named)
        earlier = [action for other in tasks if other.id in before[task.id] for action in other.actions]
        found.append(_each(task, lambda action, p=place, e=earlier: _completed(action, p, e, understanding, denied)))  # type: ignore[misc]
    return tuple(found)


def _place(task: Task, before: frozenset[str], own: dict[str, Environment], title: Environment, named: set[Environment]) -> Environment:
    """Where a task that does not say it takes place; production wins, anything milder must be undisputed."""
    stated = most_cautious([own[task.id], title, *(own[name] for name in sorted(before))])
    return stated if stated is _PRODUCTION or len(named) == 1 else title if title is not _UNSAID and _PRODUCTION not in named else _UNSAID


def _completed(action: Action, place: Environment, earlier: list[Action], title: Understanding, denied: tuple[Safeguard, ...]) -> Action:
    if action.environment is _UNSAID and place is not _UNSAID:
        action = replace(action, environment=place)
    if not action.disposable and action.environment is not _PRODUCTION and _rebuilt(action, earlier, title):
        action = replace(action, disposable=True)
    if action.carried_out and action.has(*RISKY):
        if denied:
            action = replace(action, denied=merged(action.denied, denied))
        if action.scope is Scope.UNKNOWN and any(
            _alike(action, other) and other.scope in {Scope.ALL, Scope.WILDCARD} for other in title.actions
        ):
            action = replace(action, scope=Scope.ALL)
    return action


def _rebuilt(action: Action, earlier: list[Action], title: Understanding) -> bool:
    """Whether the same thing was said to be temporary before."""
    name = action.target.casefold().strip()
    if name and any(other.disposable and other.target.casefold().strip() == name for other in earlier):
        return True
    return title_disposable(title) and (action.object == "unknown" or any(other.object == action.object for other in title.actions))


def _alike(one: Action, other: Action) -> bool:
    return one.object == other.object and one.object != "unknown" and other.carried_out


def unperformed(tasks: Sequence[Task], understanding: Understanding) -> tuple[Action, ...]:
    """Dangerous actions that the title states and no task performs or speaks of."""
    operations = {action.operation for task in tasks for action in task.actions}
    objects = {action.object for task in tasks for action in task.actions} - {"unknown"}
    return tuple(
        action
        for action in understanding.actions
        if action.carried_out
        and action.has(*_DANGEROUS)
        and action.certainty >= 0.5
        and action.operation not in operations
        and action.object not in objects
    )


def _each(task: Task, change: Callable[[Action], Action]) -> Task:
    return replace(task, actions=tuple(map(change, task.actions)))
