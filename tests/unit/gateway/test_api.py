"""The REST contract."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.gateway.app import create_app
from neural_hive.gateway.openapi import DecisionAnswer
from neural_hive.hive import Hive
from neural_hive.panel import Panel
from neural_hive.settings import Settings, load_settings
from neural_hive.types import ModelInfo, Opinion, Plan

DANGEROUS = {"intent_text": "Delete every row of the customers table in production, without a backup"}
HARMLESS = {"intent_text": "Rename the Send button to Save on the sign-up screen"}
URL = "/api/v1/intents"
CONTRACT = {
    *("decision_id", "intent_id", "verdict", "harm_probability", "confidence", "divergence", "understanding", "plan", "opinions"),
    *("abstentions", "rules", "conditions", "counterfactuals", "explanation", "receipt"),
}


async def decided(api: httpx.AsyncClient, body: Any = None, **headers: str) -> dict[str, Any]:
    response = await api.post(URL, json=body or DANGEROUS, headers=headers)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def told(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:neural-hive-mind:problem:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_the_answer_keeps_the_contract(api: httpx.AsyncClient) -> None:
    response = await api.post(URL, json=DANGEROUS)
    msgspec.json.decode(response.content, type=DecisionAnswer)
    answer = response.json()
    assert set(answer) >= CONTRACT
    assert {"language", "domain", "actions", "pii"} <= set(answer["understanding"])
    for opinion in answer["opinions"].values():
        assert {"recommendation", "risk", "confidence", "score", "factors", "evidence", "mitigations", "model"} <= set(opinion)
        assert opinion["score"] == pytest.approx(1 - opinion["risk"], abs=1e-6)
    assert answer["verdict"] in ("reject", "review_required")


async def test_a_decision_can_be_read_again(api: httpx.AsyncClient) -> None:
    given = await decided(api)
    found = (await api.get(f"/api/v1/decisions/{given['decision_id']}")).json()
    assert found.pop("feedback") == []
    assert found.pop("approvals") == []
    assert found == given


async def test_the_list_is_paged_newest_first(api: httpx.AsyncClient) -> None:
    given = [(await decided(api, body))["decision_id"] for body in (DANGEROUS, HARMLESS, DANGEROUS)]
    first = (await api.get("/api/v1/decisions?limit=2")).json()
    rest = (await api.get(f"/api/v1/decisions?limit=2&before={first['next_before']}")).json()
    listed = [entry["decision_id"] for entry in first["decisions"] + rest["decisions"]]
    assert listed == given[::-1]
    assert first["decisions"][0]["title"] == DANGEROUS["intent_text"]
    assert [entry["decision_id"] for entry in (await api.get("/api/v1/decisions?verdict=approve")).json()["decisions"]] in ([given[1]], [])


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "before=-1", "verdict=maybe", "limit=" + "9" * 400])
async def test_a_wrong_query_is_told(api: httpx.AsyncClient, query: str) -> None:
    told(await api.get(f"/api/v1/decisions?{query}"), 422)


async def test_feedback_and_approval(api: httpx.AsyncClient) -> None:
    identity = (await decided(api))["decision_id"]
    feedback = await api.post(f"/api/v1/decisions/{identity}/feedback", json={"outcome": "harmful", "comment": "mail joe@example.com"})
    approval = await api.post(f"/api/v1/decisions/{identity}/approval", json={"approved": True, "user_id": "dba-3"})
    assert (feedback.status_code, approval.status_code) == (201, 201)
    assert "joe@example.com" not in feedback.text
    found = (await api.get(f"/api/v1/decisions/{identity}")).json()
    assert [item["outcome"] for item in found["feedback"]] == ["harmful"]
    assert [item["by"] for item in found["approvals"]] == ["dba-3"]
    proof = await api.get(f"/api/v1/ledger/proof?id={found['feedback'][0]['id']}")
    assert proof.json()["tree_size"] == 3
    told(await api.post("/api/v1/decisions/nothing/feedback", json={"outcome": "harmful"}), 404)
    told(await api.post(f"/api/v1/decisions/{identity}/feedback", json={"outcome": "odd"}), 422)


async def test_the_ledger_can_be_checked(api: httpx.AsyncClient) -> None:
    first = await decided(api)
    second = await decided(api)
    checkpoint = (await api.get("/api/v1/ledger/checkpoint")).text
    assert checkpoint.splitlines()[1] == "2"
    proof = (await api.get(f"/api/v1/ledger/proof?id={first['decision_id']}")).json()
    assert proof["leaf_hash"] == first["receipt"]["leaf_hash"]
    assert proof["root_hash"] == second["receipt"]["root_hash"]
    consistency = (await api.get("/api/v1/ledger/consistency?since=1")).json()
    assert consistency["consistency"] == [second["receipt"]["leaf_hash"]]
    entries = (await api.get("/api/v1/ledger/entries")).json()["entries"]
    assert [entry["record"]["id"] for entry in entries] == [second["decision_id"], first["decision_id"]]
    assert "+" in (await api.get("/api/v1/ledger/public-key")).text
    told(await api.get("/api/v1/ledger/proof"), 422)
    told(await api.get("/api/v1/ledger/proof?id=nothing"), 404)
    told(await api.get("/api/v1/ledger/consistency?since=99"), 404)


async def test_operations(api: httpx.AsyncClient) -> None:
    await decided(api)
    assert (await api.get("/health")).json()["status"] == "ok"
    ready = await api.get("/ready")
    assert ready.status_code == 200
    assert ready.json()["ready"] is True
    assert "hive_decisions_total{verdict=" in (await api.get("/metrics")).text
    names = [item["name"] for item in (await api.get("/api/v1/specialists")).json()["specialists"]]
    assert names == ["architecture", "behavior", "evolution", "technical"]


async def test_not_ready_is_503_and_so_is_a_decision(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    async with open_hive(settings) as hive:
        transport = httpx.ASGITransport(app=create_app(settings, hive))
        async with httpx.AsyncClient(transport=transport, base_url="http://hive") as api, hive.watch.looking():
            await hive.ledger.close()  # type: ignore[attr-defined]
            await hive.watch.seen()
            ready = await api.get("/ready")
            assert ready.status_code == 503
            assert [item["name"] for item in ready.json()["dependencies"] if not item["ok"]] == ["ledger"]
            refused = await api.post(URL, json=HARMLESS)
            told(refused, 503)
            assert refused.headers["retry-after"]
            assert "verdict" not in refused.text
            assert (await api.get("/health")).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {"content-type": "application/json"}, 400),
        (b"\xff", {"content-type": "application/json"}, 400),
        (b"{}", {"content-type": "application/json"}, 422),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b'{"intent_text": "' + b"x" * 21_000 + b'"}', {"content-type": "application/json"}, 413),
        (b'{"intent_text": "' + b"x" * 10_001 + b'"}', {"content-type": "application/json"}, 422),
        (b'{"intent_text": "x"}', {"content-type": "application/json", "idempotency-key": "x" * 256}, 422),
    ],
)
async def test_refusals(api: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int) -> None:
    told(await api.post(URL, content=content, headers=headers), status)
    assert (await api.get("/api/v1/decisions")).json()["decisions"] == []


async def test_a_body_without_a_length_is_bounded_too(api: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(1000):
            yield b" " * 1000

    told(await api.post(URL, content=endless(), headers={"content-type": "application/json"}), 413)


async def test_paths_and_methods(api: httpx.AsyncClient) -> None:
    told(await api.get("/api/v1/nothing"), 404)
    refused = await api.delete(URL)
    told(refused, 405)
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "headers", "language"),
    [
        ({"intent_text": 5}, {"accept-language": "pt-BR,pt;q=0.9,en;q=0.8"}, "pt"),
        ({"intent_text": 5}, {"accept-language": "fr, en;q=0.2, pt;q=0.1"}, "en"),
        ({"intent_text": 5}, {"accept-language": "pt;q=0, en"}, "en"),
        ({"intent_text": 5}, {}, "en"),
        ({"intent_text": "", "language": "pt"}, {}, "pt"),
        ({"intent_text": "apagar a tabela de clientes", "plan": {"tasks": []}}, {}, "pt"),
        ({"intent_text": "apagar a tabela de clientes", "plan": {"tasks": []}}, {"accept-language": "en"}, "en"),
    ],
)
async def test_problems_speak_the_callers_language(api: httpx.AsyncClient, body: Any, headers: dict[str, str], language: str) -> None:
    refused = await api.post(URL, json=body, headers=headers)
    assert told(refused, 422)["title"] == {"pt": "Requisição que não pode ser usada", "en": "Request that cannot be used"}[language]
    assert refused.headers["content-language"] == {"pt": "pt-BR", "en": "en"}[language]


async def test_problems_do_not_repeat_personal_data(api: httpx.AsyncClient) -> None:
    task = {"id": "joe@example.com", "description": "read", "dependencies": ["ana@example.com"]}
    refused = await api.post(URL, json={"intent_text": "x", "plan": {"tasks": [task]}})
    told(refused, 422)
    assert "@example.com" not in refused.text


async def test_a_key_gives_the_same_bytes(api: httpx.AsyncClient) -> None:
    answers = [(await api.post(URL, json=DANGEROUS, headers={"idempotency-key": "k"})).content for _ in range(3)]
    assert len(set(answers)) == 1
    assert len((await api.get("/api/v1/decisions")).json()["decisions"]) == 1
    respelled = json.dumps(dict(DANGEROUS, user_id=""), indent=3)
    again = await api.post(URL, content=respelled, headers={"idempotency-key": "k", "content-type": "application/json"})
    assert again.content == answers[0]
    told(await api.post(URL, json=HARMLESS, headers={"idempotency-key": "k"}), 409)
    assert (await decided(api, HARMLESS, **{"idempotency-key": "k2"}))["decision_id"] != json.loads(answers[0])["decision_id"]


async def test_a_key_used_at_once_is_decided_once(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post(URL, json=DANGEROUS, headers={"idempotency-key": "k"}) for _ in range(8)))
    assert len({answer.content for answer in answers}) == 1


async def test_a_key_survives_a_restart(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    answers = []
    for body in (DANGEROUS, DANGEROUS, HARMLESS):
        async with (
            open_hive(settings) as hive,
            httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(settings, hive)), base_url="http://hive") as api,
        ):
            answers.append(await api.post(URL, json=body, headers={"idempotency-key": "k"}))
    assert answers[0].json() == answers[1].json()
    told(answers[2], 409)


async def test_the_rate_limit(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, limits={"requests_per_minute": 1, "burst": 2})
    async with open_hive(settings) as hive:
        transport = httpx.ASGITransport(app=create_app(settings, hive))
        async with httpx.AsyncClient(transport=transport, base_url="http://hive") as api:
            assert [(await api.post(URL, json=HARMLESS)).status_code for _ in range(3)] == [200, 200, 429]
            refused = await api.post(URL, json=HARMLESS)
            told(refused, 429)
            assert int(refused.headers["retry-after"]) >= 1
            assert (await api.get("/health")).status_code == 200


def events(stream: str) -> list[tuple[str, Any]]:
    blocks = [block.splitlines() for block in stream.split("\n\n") if block]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def test_the_stream_tells_every_stage(api: httpx.AsyncClient) -> None:
    response = await api.post(URL, json=DANGEROUS, headers={"accept": "text/event-stream", "idempotency-key": "s"})
    assert response.headers["content-type"].startswith("text/event-stream")
    seen = events(response.text)
    assert [name for name, _ in seen] == ["understood", "planned", *["opinion"] * 4, "concluded", "recorded"]
    assert sorted(data["specialist"] for name, data in seen if name == "opinion") == ["architecture", "behavior", "evolution", "technical"]
    stored = (await api.get(f"/api/v1/decisions/{seen[-1][1]['decision_id']}")).json()
    assert stored["verdict"] == seen[-1][1]["verdict"] == seen[-2][1]["verdict"]
    again = events((await api.post(URL, json=DANGEROUS, headers={"accept": "text/event-stream", "idempotency-key": "s"})).text)
    assert again == [seen[-1]]
    assert (await api.post(URL, json=DANGEROUS, headers={"idempotency-key": "s"})).json() == seen[-1][1]


async def test_a_stream_that_cannot_start_is_a_problem(api: httpx.AsyncClient) -> None:
    body = {"intent_text": "x", "plan": {"tasks": []}}
    told(await api.post(URL, json=body, headers={"accept": "text/event-stream"}), 422)


class Slow:
    """A specialist behind a slow line."""

    def __init__(self, inner: Any, gate: asyncio.Event) -> None:
        self.name, self._inner, self._gate = inner.name, inner, gate

    async def evaluate(self, plan: Plan) -> Opinion:
        await self._gate.wait()
        opinion: Opinion = await self._inner.evaluate(plan)
        return opinion

    async def describe(self) -> ModelInfo:
        model: ModelInfo = await self._inner.describe()
        return model


async def test_an_opinion_is_sent_before_the_next_one_is_ready(hive: Hive, settings: Settings) -> None:
    """Spoken to in ASGI, because the client above collects the whole stream."""
    gate = asyncio.Event()
    voices = dict(hive.panel.specialists)
    voices["technical"] = Slow(voices["technical"], gate)
    slow = replace(hive, panel=Panel(voices, remote=frozenset({"technical"})))
    sent: asyncio.Queue[Any] = asyncio.Queue()
    body = json.dumps(DANGEROUS).encode()
    headers = [(b"content-type", b"application/json"), (b"accept", b"text/event-stream")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "raw_path": URL.encode(),
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
    }
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.sleep(60)
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    running = asyncio.create_task(create_app(settings, slow)(scope, receive, sent.put))
    text = ""
    while text.count("event: opinion") < 3:
        text += (await asyncio.wait_for(sent.get(), 5)).get("body", b"").decode()
    assert '"specialist":"technical"' not in text
    assert "concluded" not in text
    gate.set()
    while "event: recorded" not in text:
        text += (await asyncio.wait_for(sent.get(), 5)).get("body", b"").decode()
    running.cancel()


async def test_a_stream_that_breaks_ends_with_an_error(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    async with open_hive(settings) as hive:
        await hive.ledger.close()  # type: ignore[attr-defined]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(settings, hive)), base_url="http://hive") as api:
            seen = events((await api.post(URL, json=HARMLESS, headers={"accept": "text/event-stream"})).text)
    assert seen[-1][0] == "error"
    assert seen[-1][1]["status"] == 503
    assert not {"concluded", "recorded"} & {name for name, _ in seen}
