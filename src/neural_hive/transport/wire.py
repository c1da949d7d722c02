"""The only converter between the hive's types and the wire: whatever is encoded is decoded to an equal value.

A gateway asks a *question*: a plan and changes of it. A specialist gives an *answer*: an opinion on
each. Reading fails closed: a value that this version does not know makes the whole message unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

from google.protobuf.message import DecodeError

from neural_hive.transport.generated import specialist_pb2 as pb
from neural_hive.types import (
    Action,
    Change,
    ChangeKind,
    Domain,
    Environment,
    Evidence,
    Factor,
    Language,
    Mitigation,
    ModelInfo,
    Opinion,
    Plan,
    Polarity,
    Safeguard,
    Scope,
    Signal,
    Task,
    Timing,
    Trait,
    Verdict,
)

SERVICE = pb.DESCRIPTOR.services_by_name["SpecialistService"].full_name
EVALUATE = f"/{SERVICE}/EvaluatePlan"
DESCRIBE = f"/{SERVICE}/Describe"
DESCRIBE_REQUEST = pb.DescribeRequest().SerializeToString()
MOST_CHANGES = 32

W = TypeVar("W", bound=str)
P = ParamSpec("P")
T = TypeVar("T")


class _Words(Generic[W]):
    """A closed vocabulary in both directions; values of the wire are integers."""

    def __init__(self, wire: Any, prefix: str, names: Mapping[W, str]) -> None:
        self.out: dict[W, Any] = {word: wire.Value(f"{prefix}_{name}") for word, name in names.items()}
        self.back: dict[int, W] = {value: word for word, value in self.out.items()}


def _members(words: Iterable[Any]) -> dict[Any, str]:
    return {word: word.name for word in words}


def _literals(*words: W) -> dict[W, str]:
    return {word: word.upper() for word in words}


_VERDICT: _Words[Verdict] = _Words(pb.Verdict, "VERDICT", _members(Verdict))
_DOMAIN: _Words[Domain] = _Words(pb.Domain, "DOMAIN", _members(Domain))
_LANGUAGE: _Words[Language] = _Words(pb.Language, "LANGUAGE", _literals("pt", "en", "und"))
_ENVIRONMENT: _Words[Environment] = _Words(pb.Environment, "ENVIRONMENT", _members(Environment))
_SCOPE: _Words[Scope] = _Words(pb.Scope, "SCOPE", _members(Scope))
_TIMING: _Words[Timing] = _Words(pb.Timing, "TIMING", _members(Timing) | {Timing.UNSPECIFIED: "NOT_STATED"})
_POLARITY: _Words[Polarity] = _Words(pb.Polarity, "POLARITY", _members(Polarity))
_TRAIT: _Words[Trait] = _Words(pb.Trait, "TRAIT", _members(Trait))
_CHANGE: _Words[ChangeKind] = _Words(
    pb.ChangeKind, "CHANGE_KIND", _literals("add_safeguard", "limit_scope", "drop_action", "restore_safeguard")
)
_SOURCE: _Words[Any] = _Words(pb.ModelSource, "MODEL_SOURCE", _literals("rules", "learned"))


def _reading(decode: Callable[P, T]) -> Callable[P, T]:
    """Whatever is wrong with bytes is a ValueError that quotes nothing of them."""

    @wraps(decode)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return decode(*args, **kwargs)
        except (DecodeError, LookupError, ValueError) as error:
            raise ValueError(f"unreadable message ({type(error).__name__})") from None

    return guarded


# Questions


def encode_question(plans: Sequence[Plan]) -> bytes:
    """A plan, and changes of it by the tasks in which they differ.

    Args:
        plans: The plan first; the others have as many tasks and differ from it in tasks only.

    Raises:
        ValueError: Another plan is no such change, or a text cannot be written as UTF-8.
    """
    plan = plans[0]
    message = pb.EvaluatePlanRequest()
    _put_plan(message.plan, plan)
    for changed in plans[1:]:
        if len(changed.tasks) != len(plan.tasks) or replace(changed, tasks=plan.tasks) != plan:
            raise ValueError("the plans differ in more than their tasks")
        into = message.changed.add()
        for index, task in enumerate(changed.tasks):
            if task is not plan.tasks[index]:
                entry = into.tasks.add(index=index)
                _put_task(entry.task, task)
    return message.SerializeToString()


@_reading
def decode_question(data: bytes) -> tuple[Plan, ...]:
    """The plan and its changes.

    Raises:
        ValueError: The bytes are no such message, or hold a value that is not known here.
    """
    message = pb.EvaluatePlanRequest.FromString(data)
    if not message.HasField("plan") or len(message.changed) > MOST_CHANGES:
        raise ValueError("no plan, or too many changes")
    plan = _plan(message.plan)
    return (plan, *(_changed(plan, item) for item in message.changed))


def _changed(plan: Plan, message: pb.ChangedPlan) -> Plan:
    tasks = list(plan.tasks)
    for item in message.tasks:
        tasks[item.index] = _task(item.task)
    return replace(plan, tasks=tuple(tasks))


# Answers


def encode_answer(opinions: Sequence[Opinion]) -> bytes:
    """The opinion on the plan, then those on its changes."""
    message = pb.EvaluatePlanResponse()
    _put_opinion(message.opinion, opinions[0])
    for opinion in opinions[1:]:
        _put_opinion(message.changed.add(), opinion)
    return message.SerializeToString()


@_reading
def decode_answer(data: bytes) -> tuple[Opinion, ...]:
    """The opinion on the plan, then those on its changes.

    Raises:
        ValueError: As in `decode_question`.
    """
    message = pb.EvaluatePlanResponse.FromString(data)
    if not message.HasField("opinion"):
        raise ValueError("no opinion")
    return (_opinion(message.opinion), *map(_opinion, message.changed))


def encode_description(specialist: str, model: ModelInfo) -> bytes:
    """Who answers, and with which model."""
    message = pb.DescribeResponse(specialist=specialist)
    _put_model(message.model, model)
    return message.SerializeToString()


@_reading
def decode_description(data: bytes) -> tuple[str, ModelInfo]:
    """Who answers, and with which model.

    Raises:
        ValueError: As in `decode_question`.
    """
    message = pb.DescribeResponse.FromString(data)
    return message.specialist, _model(message.model)


# Plans


def _put_plan(message: pb.Plan, plan: Plan) -> None:
    message.format = plan.format
    message.language = _LANGUAGE.out[plan.language]
    message.domain = _DOMAIN.out[plan.domain]
    message.title = plan.title
    message.coverage = plan.coverage
    for task in plan.tasks:
        _put_task(message.tasks.add(), task)
    for signal in plan.signals:
        _put_evidence(message.signals.add(kind=signal.kind).evidence, signal.evidence)


def _plan(message: pb.Plan) -> Plan:
    return Plan(
        tasks=tuple(map(_task, message.tasks)),
        format=message.format,
        language=_LANGUAGE.back[message.language],
        domain=_DOMAIN.back[message.domain],
        title=message.title,
        signals=tuple(Signal(kind=item.kind, evidence=_evidence(item.evidence)) for item in message.signals),
        coverage=message.coverage,
    )


def _put_task(message: pb.Task, task: Task) -> None:
    message.id = task.id
    message.description = task.description
    message.type = task.type
    message.dependencies.extend(task.dependencies)
    if task.duration is not None:
        message.duration = task.duration
    for action in task.actions:
        _put_action(message.actions.add(), action)


def _task(message: pb.Task) -> Task:
    return Task(
        id=message.id,
        description=message.description,
        type=message.type,
        dependencies=tuple(message.dependencies),
        duration=message.duration if message.HasField("duration") else None,
        actions=tuple(map(_action, message.actions)),
    )


def _put_action(message: pb.Action, action: Action) -> None:
    message.operation = action.operation
    message.object = action.object
    message.task_id = action.task_id
    message.start = action.start
    message.end = action.end
    message.text = action.text
    message.target = action.target
    message.traits.extend([_TRAIT.out[trait] for trait in action.traits])
    message.sensitivity = action.sensitivity
    message.blast = action.blast
    message.environment = _ENVIRONMENT.out[action.environment]
    message.scope = _SCOPE.out[action.scope]
    message.timing = _TIMING.out[action.timing]
    message.polarity = _POLARITY.out[action.polarity]
    message.disposable = action.disposable
    message.certainty = action.certainty
    _put_safeguards(message.safeguards, action.safeguards)
    _put_safeguards(message.late_safeguards, action.late_safeguards)
    _put_safeguards(message.denied, action.denied)
    message.qualifiers.extend(action.qualifiers)


def _action(message: pb.Action) -> Action:
    return Action(
        operation=message.operation,
        object=message.object,
        task_id=message.task_id,
        start=message.start,
        end=message.end,
        text=message.text,
        target=message.target,
        traits=tuple([_TRAIT.back[trait] for trait in message.traits]),
        sensitivity=message.sensitivity,
        blast=message.blast,
        environment=_ENVIRONMENT.back[message.environment],
        scope=_SCOPE.back[message.scope],
        timing=_TIMING.back[message.timing],
        polarity=_POLARITY.back[message.polarity],
        disposable=message.disposable,
        certainty=message.certainty,
        safeguards=tuple(map(_safeguard, message.safeguards)),
        late_safeguards=tuple(map(_safeguard, message.late_safeguards)),
        denied=tuple(map(_safeguard, message.denied)),
        qualifiers=tuple(message.qualifiers),
    )


def _put_safeguards(into: Any, safeguards: Iterable[Safeguard]) -> None:
    for item in safeguards:
        entry = into.add(kind=item.kind, verified=item.verified)
        if item.evidence is not None:
            entry.evidence.SetInParent()
            _put_evidence(entry.evidence, item.evidence)


def _safeguard(message: pb.Safeguard) -> Safeguard:
    evidence = _evidence(message.evidence) if message.HasField("evidence") else None
    return Safeguard(kind=message.kind, verified=message.verified, evidence=evidence)


def _put_evidence(message: pb.Evidence, evidence: Evidence) -> None:
    message.task_id = evidence.task_id
    message.start = evidence.start
    message.end = evidence.end
    message.quote = evidence.quote


def _evidence(message: pb.Evidence) -> Evidence:
    return Evidence(task_id=message.task_id, start=message.start, end=message.end, quote=message.quote)


# Opinions


def _put_opinion(message: pb.Opinion, opinion: Opinion) -> None:
    message.specialist = opinion.specialist
    message.recommendation = _VERDICT.out[opinion.recommendation]
    message.risk = opinion.risk
    message.confidence = opinion.confidence
    for factor in opinion.factors:
        entry = message.factors.add(name=factor.name, weight=factor.weight, score=factor.score, sentence=factor.sentence)
        _put_all(entry.evidence, factor.evidence)
    _put_all(message.evidence, opinion.evidence)
    for mitigation in opinion.mitigations:
        offer = message.mitigations.add(sentence=mitigation.sentence, removes=mitigation.removes)
        _put_change(offer.change, mitigation.change)
    _put_all(message.vetoes, opinion.vetoes)
    _put_model(message.model, opinion.model)


def _opinion(message: pb.Opinion) -> Opinion:
    return Opinion(
        specialist=message.specialist,
        recommendation=_VERDICT.back[message.recommendation],
        risk=message.risk,
        confidence=message.confidence,
        factors=tuple(map(_factor, message.factors)),
        evidence=tuple(map(_evidence, message.evidence)),
        mitigations=tuple(map(_mitigation, message.mitigations)),
        vetoes=tuple(map(_evidence, message.vetoes)),
        model=_model(message.model),
    )


def _put_all(into: Any, evidence: Iterable[Evidence]) -> None:
    for item in evidence:
        into.add(task_id=item.task_id, start=item.start, end=item.end, quote=item.quote)


def _factor(message: pb.Factor) -> Factor:
    evidence = tuple(map(_evidence, message.evidence))
    return Factor(name=message.name, weight=message.weight, score=message.score, evidence=evidence, sentence=message.sentence)


def _mitigation(message: pb.Mitigation) -> Mitigation:
    return Mitigation(sentence=message.sentence, change=_change(message.change), removes=message.removes)


def _put_change(message: pb.Change, change: Change) -> None:
    message.kind = _CHANGE.out[change.kind]
    message.task_id = change.task_id
    message.safeguard = change.safeguard
    message.start = change.start
    message.end = change.end


def _change(message: pb.Change) -> Change:
    kind = _CHANGE.back[message.kind]
    return Change(kind=kind, task_id=message.task_id, safeguard=message.safeguard, start=message.start, end=message.end)


def _put_model(message: pb.ModelInfo, model: ModelInfo) -> None:
    message.name = model.name
    message.version = model.version
    message.source = _SOURCE.out[model.source]
    message.fallback = model.fallback


def _model(message: pb.ModelInfo) -> ModelInfo:
    return ModelInfo(name=message.name, version=message.version, source=_SOURCE.back[message.source], fallback=message.fallback)
