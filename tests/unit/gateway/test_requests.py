"""Bodies become intentions; refusals name the field and never its content."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.errors import InputError
from neural_hive.gateway.problems import FieldError
from neural_hive.gateway.requests import decode_approval, decode_feedback, decode_intent, environment_of, intent_of
from neural_hive.types import Environment, GivenPlan, GivenTask, Intent, SourcePlan


def read(body: Any) -> Intent:
    return intent_of(decode_intent(json.dumps(body).encode()))


def test_a_whole_request() -> None:
    intent = read(
        {
            "intent_text": "ship it",
            "context": {"project": "shop", "domain": "d", "priority": "high", "environment": "PROD", "unknown": 1},
            "user_id": "u",
            "language": "pt",
            "plan": {"tasks": [{"id": 1, "type": "deploy", "description": "d", "dependencies": [2], "duration": 5, "command": "rm -rf /"}]},
        }
    )
    assert intent.context.environment is Environment.PRODUCTION
    assert (intent.text, intent.user_id, intent.language) == ("ship it", "u", "pt")
    task = GivenTask(id="1", type="deploy", description="d", dependencies=("2",), duration=5.0, parameters={"command": "rm -rf /"})
    assert intent.plan == GivenPlan(tasks=(task,))


def test_a_source_and_nulls() -> None:
    intent = read({"intent_text": "", "context": None, "user_id": None, "plan": {"source": "DROP TABLE t", "format": "sql"}})
    assert intent.plan == SourcePlan(source="DROP TABLE t", format="sql")
    assert read({"plan": {"source": "x"}}).plan == SourcePlan(source="x", format="auto")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"intent_text": 5}, "/intent_text"),
        ({"intent_text": "x", "language": "SECRET"}, "/language"),
        ({"intent_text": "x", "context": {"project": ["SECRET"]}}, "/context/project"),
        ({"intent_text": "x", "user_id": "SECRET" * 100}, "/user_id"),
        ({"plan": {"neither": "SECRET"}}, "/plan"),
        ({"plan": {"tasks": [], "source": "SECRET"}}, "/plan"),
        ({"plan": {"tasks": "SECRET"}}, "/plan"),
        ({"plan": {"tasks": [{"id": "a", "description": "b"}, "SECRET"]}}, "/plan/tasks/1"),
        ({"plan": {"tasks": [{"description": "SECRET"}]}}, "/plan/tasks/0/id"),
        ({"plan": {"tasks": [{"id": "a"}]}}, "/plan/tasks/0/description"),
        ({"plan": {"tasks": [{"id": "a", "description": "b", "dependencies": "SECRET"}]}}, "/plan/tasks/0/dependencies"),
        ({"plan": {"tasks": [{"id": "a", "description": "b", "duration": "SECRET"}]}}, "/plan/tasks/0/duration"),
        ({"plan": {"tasks": [{"id": "a", "description": "b", "duration": -1}]}}, "/plan/tasks/0/duration"),
        ({"plan": {"source": {"SECRET": 1}}}, "/plan/source"),
        ({"plan": ["SECRET"]}, "/plan"),
    ],
)
def test_a_wrong_field_is_pointed_at_without_its_content(body: Any, pointer: str) -> None:
    with pytest.raises(FieldError) as refused:
        read(body)
    assert refused.value.pointer == pointer
    assert "SECRET" not in refused.value.render("en") + refused.value.render("pt")


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (decode_feedback, {"outcome": "SECRET"}),
        (decode_feedback, {"outcome": "harmful", "SECRET": 1}),
        (decode_feedback, {}),
        (decode_approval, {"approved": "SECRET", "user_id": "u"}),
        (decode_approval, {"approved": True, "user_id": ""}),
        (decode_approval, {"approved": True}),
    ],
)
def test_other_bodies_are_checked_too(decode: Any, body: Any) -> None:
    with pytest.raises(InputError) as refused:
        decode(json.dumps(body).encode())
    assert "SECRET" not in refused.value.render("en")


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(InputError):
        assert isinstance(intent_of(decode_intent(body)), Intent)


def test_deep_nesting_is_refused() -> None:
    body = b'{"plan":' + b'{"a":' * 100_000
    with pytest.raises(InputError):
        decode_intent(body)


@pytest.mark.parametrize(
    ("name", "expected"), [("Produção", "production"), ("hml", "staging"), ("", "unknown"), ("mars", "unknown"), ("DEV ", "development")]
)
def test_environments_by_their_usual_names(name: str, expected: str) -> None:
    assert environment_of(name).value == expected
