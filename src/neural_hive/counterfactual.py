"""What would change the answer: changes of the plan that were applied and asked again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, islice

from neural_hive.messages import text
from neural_hive.specialists.changes import apply, change_of, concerns
from neural_hive.specialists.hazard import Reading, readings
from neural_hive.specialists.wording import mitigation_sentence
from neural_hive.types import Action, Change, Conclusion, Counterfactual, Plan, Scope, Trait, Verdict

__all__ = ["Proposal", "apply", "counterfactuals", "counterfactuals_sync", "proposals", "search"]

_MOST = 2
_SINGLES = 3
_PAIRS = 2
_PROTECTIONS: dict[str, tuple[str, ...]] = {
    "loss": ("restore_test", "approval"),
    "exposure": ("anonymization", "consent"),
    "privilege": ("least_privilege", "approval"),
    "control": ("replacement", "expiry"),
    "interruption": ("replacement", "canary"),
    "lockout": ("replacement", "rollback"),
    "money": ("consent", "verification"),
    "people": ("consent", "canary"),
    "deception": ("consent", "approval"),
    "untrusted": ("verification", "sandbox"),
    "mutation": ("rollback", "canary"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Changes that might help, and the plan with them made."""

    changes: tuple[Change, ...]
    plan: Plan


Search = Generator[Plan, Conclusion | None, tuple[Counterfactual, ...]]


async def counterfactuals(
    plan: Plan,
    conclusion: Conclusion,
    reask: Callable[[Plan], Awaitable[Conclusion | None]],
    proposed: Iterable[Proposal] | None = None,
) -> tuple[Counterfactual, ...]:
    """Up to two changes, each verified to give a milder answer; none for an approval.

    Args:
        plan: The plan as judged.
        conclusion: What the panel concluded about it.
        reask: Asks the same panel about a changed plan; None when a voice that spoke before is silent,
            and then the change is not told.
        proposed: What to try; what `proposals` gives, when it was worked out before.
    """
    steps = search(plan, conclusion, proposed)
    try:
        changed = next(steps)
        while True:
            changed = steps.send(await reask(changed))
    except StopIteration as end:
        found: tuple[Counterfactual, ...] = end.value
        return found


def counterfactuals_sync(plan: Plan, conclusion: Conclusion, reask: Callable[[Plan], Conclusion | None]) -> tuple[Counterfactual, ...]:
    """The same for a panel that is asked without waiting."""
    steps = search(plan, conclusion)
    try:
        changed = next(steps)
        while True:
            changed = steps.send(reask(changed))
    except StopIteration as end:
        found: tuple[Counterfactual, ...] = end.value
        return found


def proposals(plan: Plan) -> Iterator[Proposal]:
    """Everything worth trying on a plan, whatever the answer to it will be: single changes, then pairs."""
    candidates = _candidates(plan)
    tried = [*((change,) for change in candidates[:_SINGLES]), *islice(combinations(candidates, 2), _PAIRS)]
    for changes in tried:
        changed = reduce(apply, changes, plan)
        if changed != plan:
            yield Proposal(changes, changed)


def search(plan: Plan, conclusion: Conclusion, proposed: Iterable[Proposal] | None = None) -> Search:
    """Yields changed plans, takes what the panel concludes about each, returns what was milder.

    Single changes come first; pairs of them only when no single one suffices.
    """
    if conclusion.verdict is Verdict.APPROVE:
        return ()
    found: list[Counterfactual] = []
    for proposal in proposals(plan) if proposed is None else proposed:
        if len(found) == _MOST or (found and len(proposal.changes) > 1):
            break
        answer = yield proposal.plan
        if answer is not None and answer.verdict.severity < conclusion.verdict.severity:
            found.append(_counterfactual(plan, proposal, answer))
    return tuple(sorted(found, key=lambda item: (item.verdict.severity, item.harm_probability)))


def _counterfactual(plan: Plan, proposal: Proposal, answer: Conclusion) -> Counterfactual:
    sentence = _sentence(plan, proposal.changes, answer.verdict)
    return Counterfactual(sentence=sentence, changes=proposal.changes, verdict=answer.verdict, harm_probability=answer.harm_probability)


def _candidates(plan: Plan) -> list[Change]:
    """Changes of the most hazardous act, the likeliest to help first; then leaving acts out."""
    found = sorted(readings(plan), key=lambda reading: -reading.worst)
    if not found or found[0].worst <= 0.0:
        return []
    worst = found[0]
    changes = _changes(worst)
    if len(found) > 1:
        changes.insert(1, change_of("drop_action", worst.action))
    return changes


def _changes(reading: Reading) -> list[Change]:
    action = reading.action
    own = [item.kind for item in (*action.denied, *action.late_safeguards)]
    changes = [change_of("restore_safeguard", action, kind) for kind in dict.fromkeys(own)]
    heaviest = max(reading.residual, key=lambda name: reading.residual[name])
    present = {item.kind for item in action.safeguards if item.verified} | set(own)
    offered = [change_of("add_safeguard", action, kind) for kind in _PROTECTIONS.get(heaviest, ()) if kind not in present]
    changes[1:1] = offered[:1]
    if action.scope in (Scope.ALL, Scope.WILDCARD) or Trait.UNBOUNDED in action.traits:
        changes.append(change_of("limit_scope", action))
    return changes + offered[1:]


def _sentence(plan: Plan, changes: Sequence[Change], verdict: Verdict) -> str:
    steps = [mitigation_sentence(change, _action(plan, change), plan.language) for change in changes]
    answer = text(f"consensus.verdict.{verdict.value}", plan.language)
    return text("consensus.counterfactual", plan.language, steps=" ".join(steps), verdict=answer)


def _action(plan: Plan, change: Change) -> Action:
    return next(action for action in plan.actions if concerns(change, action))
