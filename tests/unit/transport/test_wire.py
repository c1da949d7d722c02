"""Whatever is encoded is decoded to an equal value, byte for byte as JSON; what is not understood is refused."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from neural_hive import types
from neural_hive.counterfactual import proposals
from neural_hive.evaluation.cases import load_cases
from neural_hive.planning import plan as make_plan
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.testing import sample_plans
from neural_hive.transport import wire
from neural_hive.transport.generated import specialist_pb2 as pb
from neural_hive.types import ModelInfo, Opinion, Plan, Task, Verdict
from neural_hive.understanding import understand
from tests.unit.transport import strategies as some

CASES = Path(__file__).resolve().parents[3] / "evals" / "dev"
json = msgspec.json.encode
OPINION = Opinion(specialist="a", recommendation=Verdict.APPROVE, risk=0.1, confidence=1.0, model=ModelInfo(name="m", version="1"))
PLAN = sample_plans()[4]


@given(some.questions())
def test_a_question_arrives_as_it_was_asked(question: tuple[Plan, ...]) -> None:
    arrived = wire.decode_question(wire.encode_question(question))
    assert arrived == question
    assert json(arrived) == json(question)


@given(some.opinions, some.opinions)
def test_an_answer_arrives_as_it_was_given(first: Opinion, second: Opinion) -> None:
    arrived = wire.decode_answer(wire.encode_answer([first, second]))
    assert arrived == (first, second)
    assert json(arrived) == json((first, second))


@given(some.words, some.models)
def test_a_description_arrives_as_it_was_given(name: str, model: ModelInfo) -> None:
    assert wire.decode_description(wire.encode_description(name, model)) == (name, model)


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_real_plans_and_opinions_arrive_exactly(every: int) -> None:
    panel = [open_local(name) for name in OWN]
    for case in load_cases(CASES)[::every]:
        plan = make_plan(understand(case.intent), case.intent)
        question = (plan, *(proposal.plan for proposal in proposals(plan)))
        assert json(wire.decode_question(wire.encode_question(question))) == json(question), case.id
        opinions = [voice.evaluate_sync(plan) for voice in panel]  # type: ignore[attr-defined]
        assert json(wire.decode_answer(wire.encode_answer(opinions))) == json(opinions), case.id


@given(some.plans)
def test_equal_plans_are_equal_bytes(plan: Plan) -> None:
    assert wire.encode_question((plan,)) == wire.encode_question((replace(plan),))


def test_a_change_carries_only_the_tasks_that_differ() -> None:
    tasks = tuple(Task(id=f"t{number}", description="read the logs " * 20) for number in range(50))
    plan = Plan(tasks=tasks)
    changed = replace(plan, tasks=(*tasks[:-1], replace(tasks[-1], description="read one log")))
    assert len(wire.encode_question((plan, changed))) < len(wire.encode_question((plan,))) + 60


@pytest.mark.parametrize("other", [replace(PLAN, title="another"), replace(PLAN, tasks=(*PLAN.tasks, *PLAN.tasks))])
def test_what_is_no_change_of_the_plan_is_not_sent(other: Plan) -> None:
    with pytest.raises(ValueError, match="differ in more"):
        wire.encode_question((PLAN, other))


def question_with(change: object) -> bytes:
    message = pb.EvaluatePlanRequest.FromString(wire.encode_question((PLAN,)))
    change(message)  # type: ignore[operator]
    return message.SerializeToString()


UNREADABLE = {
    "noise": b"\xff\x00secret words",
    "no plan": pb.EvaluatePlanRequest().SerializeToString(),
    "a verdict of the future": question_with(lambda message: setattr(message.plan, "domain", 99)),
    "an enum that was not said": question_with(lambda message: setattr(message.plan.tasks[0].actions[0], "polarity", 0)),
    "a trait of the future": question_with(lambda message: message.plan.tasks[0].actions[0].traits.append(77)),
    "a task that is not there": question_with(lambda message: message.changed.add().tasks.add(index=9)),
    "too many changes": question_with(lambda message: [message.changed.add() for _ in range(wire.MOST_CHANGES + 1)]),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_question_that_is_not_understood_is_refused_without_quoting_it(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^unreadable message \(\w+\)$"):
        wire.decode_question(data)


def test_an_answer_without_an_opinion_or_with_an_unknown_verdict_is_refused() -> None:
    unknown = pb.EvaluatePlanResponse.FromString(wire.encode_answer([OPINION]))
    unknown.opinion.recommendation = 9  # type: ignore[assignment]
    for data in (b"", b"garbage", unknown.SerializeToString()):
        with pytest.raises(ValueError, match="unreadable"):
            wire.decode_answer(data)


@pytest.mark.parametrize(
    "name", ["Plan", "Task", "Action", "Safeguard", "Signal", "Evidence", *("Opinion", "Factor", "Mitigation", "Change", "ModelInfo")]
)
def test_the_contract_has_every_field_of_the_type(name: str) -> None:
    """A field added to a type and forgotten on the wire would make the distributed hive judge less."""
    wired = {field.name for field in pb.DESCRIPTOR.message_types_by_name[name].fields}
    assert wired == {field.name for field in fields(getattr(types, name))}


@pytest.mark.parametrize("name", ["Verdict", "Domain", "Environment", "Scope", "Timing", "Polarity", "Trait"])
def test_the_contract_has_every_word_of_a_vocabulary(name: str) -> None:
    assert len(pb.DESCRIPTOR.enum_types_by_name[name].values) == len(getattr(types, name)) + 1
