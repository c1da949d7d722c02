"""What every specialist must hold, for authors of plug-ins: `check_specialist` in a test of theirs.

async def test_mine() -> None:
    await check_specialist(MySpecialist())
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from neural_hive.specialists.base import Specialist
from neural_hive.types import (
    Action,
    Environment,
    Evidence,
    ModelInfo,
    Opinion,
    Plan,
    Polarity,
    Safeguard,
    Scope,
    Signal,
    Task,
    Trait,
    Verdict,
)

_CLOSE = 1e-9
_Change = Callable[[Action], Action]


async def check_specialist(specialist: Specialist) -> None:
    """Ask a specialist about a range of plans and check what it must hold.

    It names itself and its model; risks, confidences, scores and weights are in [0, 1]; evidence
    quotes words that stand in the plan; equal plans get equal opinions; naming production, a
    protection left out, or text that addresses the judge never lowers a risk; a protection put
    before an act never raises it, and one put after does not help.

    Raises:
        AssertionError: What does not hold, and for which plan.
    """
    model = await specialist.describe()
    _hold(_names_a_model(model), "describe() must name a model and its version")
    _hold(bool(specialist.name) and specialist.name.isidentifier(), "name must be an identifier")
    for plan in sample_plans():
        opinion = await specialist.evaluate(plan)
        _check_opinion(specialist, plan, opinion)
        _hold(await specialist.evaluate(replace(plan)) == opinion, f"two opinions on one plan differ: {_title(plan)}")
        _hold(opinion.model == model, "the opinion must carry the model that describe() names")
        for label, changed, sign in _variations(plan):
            risk = (await specialist.evaluate(changed)).risk
            _hold(sign * (risk - opinion.risk) >= -_CLOSE, f"{label} moved the risk from {opinion.risk} to {risk}: {_title(plan)}")


def sample_plans() -> tuple[Plan, ...]:
    """Plans of every kind: nothing asked, reading, harmless, governed, dangerous, unread, in both languages."""
    drop = _action("drop the customers table", "drop", "table", (Trait.DESTRUCTIVE, Trait.IRREVERSIBLE, Trait.MUTATING), 0.75)
    share = _action("publicar o prontuário", "expose", "personal_data", (Trait.EXPOSING,), 0.9)
    stop = _action("stop all servers", "retire", "service", (Trait.INTERRUPTING, Trait.MUTATING), 0.7)
    deploy = _action("deploy the new version", "deploy", "service", (Trait.MUTATING,), 0.6)
    return (
        Plan(tasks=(Task(id="t1", description="good morning"),), title="good morning"),
        _plan(_action("list the buckets", "read", "file", (Trait.READ_ONLY,), 0.5)),
        _plan(_action("change the button colour", "update", "ui", (Trait.COSMETIC,), 0.05)),
        _plan(replace(drop, polarity=Polarity.NEGATED)),
        _plan(drop),
        _plan(replace(drop, environment=Environment.STAGING)),
        _plan(share, language="pt"),
        _plan(replace(stop, scope=Scope.ALL)),
        _plan(replace(deploy, safeguards=(Safeguard(kind="canary"), Safeguard(kind="rollback")))),
        _plan(deploy, replace(drop, safeguards=(Safeguard(kind="backup", verified=True),))),
        _plan(_action("frobnicate it", "unknown", "unknown", (), 0.3), coverage=0.4),
    )


def _action(text: str, operation: str, kind: str, traits: tuple[Trait, ...], sensitivity: float) -> Action:
    return Action(
        operation=operation,
        object=kind,
        text=text,
        end=len(text),
        target=text,
        traits=tuple(sorted(traits)),
        sensitivity=sensitivity,
        blast=0.6,
    )


def _plan(*actions: Action, language: str = "en", coverage: float = 1.0) -> Plan:
    numbered = [replace(action, task_id=f"t{number}") for number, action in enumerate(actions, start=1)]
    tasks = tuple(Task(id=action.task_id, description=action.text, actions=(action,)) for action in numbered)
    return Plan(tasks=tasks, language="pt" if language == "pt" else "en", coverage=coverage)


def _variations(plan: Plan) -> Iterator[tuple[str, Plan, int]]:
    """Changed plans with the direction in which the risk may move: +1 up, -1 down."""
    yield "naming production", _each(plan, lambda action: replace(action, environment=Environment.PRODUCTION)), 1
    yield "naming everything", _each(plan, lambda action: replace(action, scope=Scope.ALL)), 1
    yield "leaving out a backup", _each(plan, lambda action: replace(action, denied=(*action.denied, Safeguard(kind="backup")))), 1
    words = Evidence(task_id=plan.tasks[0].id, start=0, end=4, quote=plan.tasks[0].description[:4])
    yield "addressing the judge", replace(plan, signals=(Signal(kind="judge_address", evidence=words),)), 1
    backup = Safeguard(kind="backup", verified=True)
    yield "a verified backup before", _each(plan, lambda action: replace(action, safeguards=(*action.safeguards, backup))), -1
    yield "a backup only afterwards", _each(plan, lambda action: replace(action, late_safeguards=(backup,))), 1


def _each(plan: Plan, change: _Change) -> Plan:
    return replace(plan, tasks=tuple(replace(task, actions=tuple(change(action) for action in task.actions)) for task in plan.tasks))


def _check_opinion(specialist: Specialist, plan: Plan, opinion: Opinion) -> None:
    title = _title(plan)
    _hold(opinion.specialist == specialist.name, f"the opinion must carry the specialist's name: {title}")
    _hold(opinion.recommendation in set(Verdict), f"the recommendation must be a Verdict: {title}")
    numbers = [opinion.risk, opinion.confidence, *(item.removes for item in opinion.mitigations)]
    numbers += [number for factor in opinion.factors for number in (factor.weight, factor.score)]
    _hold(all(0.0 <= number <= 1.0 for number in numbers), f"every number must be in [0, 1]: {title}")
    _hold(not opinion.factors or abs(sum(factor.weight for factor in opinion.factors) - 1.0) < 1e-6, f"weights must sum to 1: {title}")
    texts = {task.id: task.description for task in plan.tasks}
    for evidence in (*opinion.evidence, *opinion.vetoes, *(item for factor in opinion.factors for item in factor.evidence)):
        _hold(texts.get(evidence.task_id, "")[evidence.start : evidence.end] == evidence.quote, f"evidence must quote the plan: {title}")
    for mitigation in opinion.mitigations:
        _hold(mitigation.change.task_id in texts and bool(mitigation.sentence), f"a mitigation must be about a task of the plan: {title}")


def _names_a_model(answer: object) -> bool:
    return isinstance(answer, ModelInfo) and bool(answer.name and answer.version)


def _title(plan: Plan) -> str:
    return repr(plan.tasks[0].description)


def _hold(condition: object, message: str) -> None:
    if not condition:
        raise AssertionError(message)
