"""What waits in the queue says nothing personal, and is judged like what was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.bulk.message import BATCH_CALLER, decision_id, decode, encode, message_of
from neural_hive.errors import HiveError, InputError, PlanError
from neural_hive.evaluation.cases import Case, load_cases
from neural_hive.hive import Hive
from neural_hive.records import Ask
from neural_hive.settings import load_settings
from neural_hive.types import Context, GivenPlan, GivenTask, Intent, SourcePlan

DEV = Path(__file__).resolve().parents[3] / "evals" / "dev"
SECRET = "0f" * 16
PERSONAL = "Contato: joao.silva@empresa.example, CPF 529.982.247-25, tel. +55 11 98765-4321, servidor 203.0.113.7, senha=Xk29!fjq81Lz"
VALUES = ("joao.silva", "529.982.247", "98765-4321", "203.0.113.7", "Xk29")


@pytest.fixture
async def hive(tmp_path: Path) -> AsyncIterator[Hive]:
    async with open_hive(load_settings(data_dir=tmp_path)) as opened:
        yield opened


async def judged(hive: Hive, intent: Intent) -> Any:
    try:
        found = await hive.review(intent)
    except HiveError as error:
        return error.key
    opinions = {name: (opinion.risk, opinion.confidence) for name, opinion in found.opinions.items()}
    return found.verdict, found.harm_probability, found.confidence, found.divergence, opinions


def queued(intent: Intent) -> bytes:
    return encode(message_of(intent, "bat_1", 7, SECRET))


def with_personal_data(case: Case) -> Intent:
    """The case with personal data where its kind of plan has room for them."""
    intent, plan = case.intent, case.intent.plan
    intent = replace(intent, text=f"{intent.text} {PERSONAL}") if intent.text else intent
    if isinstance(plan, GivenPlan):
        tasks = tuple(replace(task, description=f"{task.description}. {PERSONAL}") for task in plan.tasks)
        return replace(intent, plan=GivenPlan(tasks=tasks))
    remark = {"sql": "--", "shell": "#", "kubernetes": "#", "yaml": "#"}.get(plan.format if plan else "")
    return replace(intent, plan=replace(plan, source=f"{plan.source}\n{remark} {PERSONAL}\n")) if plan and remark else intent


async def test_a_queued_case_gets_the_same_figures(hive: Hive) -> None:
    """All dev cases, those with personal data among them; what masking does not touch is compared as a whole."""
    changed = 0
    for case in load_cases(DEV):
        intent = decode(queued(case.intent)).intent()
        if intent != case.intent:
            changed += 1
            assert await judged(hive, intent) == await judged(hive, case.intent), case.id
    assert changed > 10


async def test_personal_data_do_not_reach_the_queue_and_change_no_verdict(hive: Hive) -> None:
    for case in load_cases(DEV)[::4]:
        intent = with_personal_data(case)
        payload = queued(intent)
        if intent.text:
            assert not [value for value in VALUES if value.encode() in payload], case.id
        given, masked = await judged(hive, intent), await judged(hive, decode(payload).intent())
        assert given[0] == masked[0], case.id


@pytest.mark.parametrize(
    "plan",
    [
        GivenPlan(tasks=(GivenTask(id="joao@a.example", description=f"Ligar. {PERSONAL}", parameters={"sql": f"SELECT '{PERSONAL}'"}),)),
        SourcePlan(source=f"# {PERSONAL}\nrm -rf build/\n"),
        SourcePlan(source=f"tasks:\n  - id: a\n    description: '{PERSONAL}'\n"),
        SourcePlan(source=f"SELECT 1; -- {PERSONAL}", format="sql"),
    ],
)
def test_every_place_of_an_intention_is_masked(plan: GivenPlan | SourcePlan) -> None:
    context = Context(project=PERSONAL, domain=PERSONAL, priority=PERSONAL)
    payload = queued(Intent(text=PERSONAL, user_id="joao@a.example", plan=plan, context=context))
    assert not [value for value in (*VALUES, "joao@") if value.encode() in payload]


def test_what_was_masked_travels_along() -> None:
    message = decode(queued(Intent(text="falar com joao@a.example")))
    assert [(finding.kind, finding.start, finding.end) for finding in message.pii] == [("email", 10, 24)]


def test_the_decision_id_follows_from_batch_and_position() -> None:
    message = message_of(Intent(text="oi"), "bat_1", 7, SECRET)
    assert message.ask().decision_id == decision_id("bat_1", 7) != decision_id("bat_1", 8) != decision_id("bat_2", 7)
    assert message.ask().request_tag != message_of(Intent(text="tchau"), "bat_1", 7, SECRET).ask().request_tag


def test_who_knows_the_batch_cannot_try_words_on_a_tag() -> None:
    """The batch's id is in every answer; what keys the tag is in the message alone."""
    message = message_of(Intent(text="oi"), "bat_1", 7, SECRET)
    guessed = Ask.idempotent("bat_1/7", BATCH_CALLER, encode(message))
    assert guessed.decision_id == message.ask().decision_id
    assert guessed.request_tag != message.ask().request_tag
    assert SECRET not in repr(message.ask())
    other = message_of(Intent(text="oi"), "bat_1", 7, "f0" * 16)
    assert Ask.idempotent("bat_1/7", BATCH_CALLER, encode(message), "f0" * 16).request_tag != message.ask().request_tag
    assert other.ask().request_tag != message.ask().request_tag == decode(encode(message)).ask().request_tag


def test_a_plan_that_cannot_be_parsed_is_refused_at_the_door() -> None:
    with pytest.raises(PlanError):
        message_of(Intent(text="", plan=SourcePlan(source="tasks: [", format="yaml")), "bat_1", 0, SECRET)


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"batch": "b", "position": "x"}'])
def test_what_is_no_message_is_an_error_without_its_words(payload: bytes) -> None:
    with pytest.raises(InputError) as raised:
        decode(payload)
    assert raised.value.key == "error.queue_message"
    assert raised.value.__cause__ is None
