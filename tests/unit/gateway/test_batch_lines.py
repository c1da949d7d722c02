"""A batch at the door: each line is judged by itself, and no batch is a way around what holds for one intention."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.bulk.base import Outcome, Progress
from neural_hive.bulk.message import BATCH_CALLER, decision_id, decode
from neural_hive.errors import InputError
from neural_hive.gateway.answers import ask_of
from neural_hive.gateway.app import create_app
from neural_hive.settings import load_settings
from neural_hive.types import Intent

PATH = "/api/v1/batches"
LINES = {"content-type": "application/x-ndjson"}


class Shelf:
    """Keeps what is put, in memory."""

    def __init__(self) -> None:
        self.payloads: list[dict[int, bytes]] = []

    async def put(self, batch: str, tag: str, payloads: Mapping[int, bytes], refused: Mapping[int, Outcome]) -> bool:
        self.payloads.append(dict(payloads))
        return True

    async def progress(self, batch: str, positions: Sequence[int] = ()) -> Progress:
        return Progress(len(batch), len(positions), 0, 0, {})


@pytest.fixture
def kept() -> Shelf:
    return Shelf()


@pytest.fixture
async def api(tmp_path: Path, kept: Shelf, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    settings = load_settings(data_dir=tmp_path, limits=getattr(request, "param", {}))
    async with open_hive(settings) as hive:
        app = create_app(settings, hive)
        app.state.queue = kept
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hive") as client:
            yield client


def line(text: str, **more: Any) -> bytes:
    return json.dumps({"intent_text": text, **more}).encode()


def nested(depth: int) -> bytes:
    value = b"[" * depth + b"]" * depth
    return b'{"intent_text": "x", "plan": {"tasks": [{"id": "1", "description": "list files", "parameters": {"a": ' + value + b"}}]}}"


async def test_a_line_that_is_nested_too_deep_is_refused_alone(api: httpx.AsyncClient, kept: Shelf) -> None:
    answer = await api.post(PATH, content=b"\n".join([line("oi"), nested(900), nested(50)]), headers=LINES)
    assert answer.status_code == 202
    assert [(each["position"], each["code"]) for each in answer.json()["refused"]] == [(1, "malformed_json")]
    assert list(kept.payloads[0]) == [0, 2]


async def test_the_lines_of_one_batch_are_bounded(api: httpx.AsyncClient, kept: Shelf) -> None:
    answer = await api.post(PATH, content=b"\n".join([line("oi")] * 1001), headers=LINES)
    assert (answer.status_code, answer.json()["code"]) == (422, "batch_too_long")
    assert "1001" in answer.json()["detail"]
    answer = await api.post(PATH, json=[{"intent_text": "oi"}] * 1001)
    assert (answer.status_code, answer.json()["code"]) == (422, "batch_too_long")
    assert not kept.payloads


@pytest.mark.parametrize("api", [{"requests_per_minute": 1, "burst": 2}], indirect=True)
async def test_the_users_in_a_batch_are_asked_as_well(api: httpx.AsyncClient, kept: Shelf) -> None:
    """A user whose bucket is empty at another address gets nothing in by a batch."""
    gateway = api._transport.app.state.gateway  # type: ignore[attr-defined]
    await gateway.limiter.admit("address elsewhere", "user ana")
    await gateway.limiter.admit("user ana")
    answer = await api.post(PATH, content=b"\n".join([line("oi"), line("oi", user_id="ana")]), headers=LINES)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert not kept.payloads
    assert (await api.post(PATH, content=line("oi", user_id="eva"), headers=LINES)).status_code == 202


def test_nobody_takes_the_ids_of_a_batch() -> None:
    """The name that stands for batches cannot be given: with it and a batch's id, a line's decision could be taken beforehand."""
    batch = "bat_" + "a" * 32
    with pytest.raises(InputError) as raised:
        ask_of(Intent(text="x", user_id=BATCH_CALLER), f"{batch}/0")
    assert raised.value.key == "error.user_unprintable"
    assert ask_of(Intent(text="x", user_id=BATCH_CALLER[1:]), f"{batch}/0").decision_id != decision_id(batch, 0)
    assert ask_of(Intent(text="x", user_id="João da Silva"), "k").decision_id


async def test_the_secret_of_a_batch_follows_from_its_key_and_is_not_told(api: httpx.AsyncClient, kept: Shelf) -> None:
    headers = [LINES | {"idempotency-key": "a"}, LINES | {"idempotency-key": "a"}, LINES | {"idempotency-key": "b"}, LINES, LINES]
    answers = [await api.post(PATH, content=line("oi"), headers=each) for each in headers]
    secrets = [decode(payloads[0]).secret for payloads in kept.payloads]
    assert secrets[0] == secrets[1]
    assert len(set(secrets)) == 4
    assert not [answer for answer, secret in zip(answers, secrets, strict=True) if secret in answer.text or not secret]
