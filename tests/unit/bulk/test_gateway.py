"""The asynchronous way in, as far as it goes without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from neural_hive.bootstrap import open_hive
from neural_hive.bulk.streams import open_redis_queue
from neural_hive.gateway import bulk
from neural_hive.gateway.app import create_app
from neural_hive.settings import load_settings

LINES = {"content-type": "application/x-ndjson"}
PATH = "/api/v1/batches"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    settings = load_settings(data_dir=tmp_path, limits={"max_body_bytes": 2_000})
    async with open_hive(settings) as hive:
        made = create_app(settings, hive)
        if not any(getattr(route, "path", "") == PATH for route in made.routes):
            made.include_router(bulk.router)
        yield made


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hive") as client:
        yield client


@pytest.fixture
async def queued(app: FastAPI, api: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """With a queue whose server is away."""
    async with open_redis_queue("redis://127.0.0.1:1/0") as queue:
        app.state.queue = queue
        yield api


async def test_without_a_queue_there_is_no_such_way_in(api: httpx.AsyncClient) -> None:
    for answer in (await api.post(PATH, content=b"{}", headers=LINES), await api.get(f"{PATH}/bat_1")):
        assert (answer.status_code, answer.json()["code"]) == (404, "no_queue")


@pytest.mark.parametrize(
    ("body", "kind", "code", "status"),
    [
        (b"{}", "text/plain", "batch_kind", 422),
        (b" \n \n", "application/x-ndjson", "batch_empty", 422),
        (b"[]", "application/json", "batch_empty", 422),
        (b"{", "application/json", "malformed_json", 400),
        (b"x" * 3_000, "application/x-ndjson", "body_too_large", 413),
    ],
)
async def test_a_body_that_is_no_batch_is_refused(queued: httpx.AsyncClient, body: bytes, kind: str, code: str, status: int) -> None:
    answer = await queued.post(PATH, content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_queue_that_is_away_takes_nothing(queued: httpx.AsyncClient) -> None:
    for answer in (await queued.post(PATH, content=b'{"intent_text": "oi"}', headers=LINES), await queued.get(f"{PATH}/bat_1")):
        assert (answer.status_code, answer.json()["code"]) == (503, "queue_unreachable")
        assert answer.headers["retry-after"]


@pytest.mark.parametrize("key", ["", "é".encode(), "x" * 256])
async def test_a_key_that_cannot_be_used_is_refused(queued: httpx.AsyncClient, key: str | bytes) -> None:
    headers = [(b"content-type", b"application/x-ndjson"), (b"idempotency-key", key.encode() if isinstance(key, str) else key)]
    answer = await queued.post(PATH, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")
