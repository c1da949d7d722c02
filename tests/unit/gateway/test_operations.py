"""What a gateway tells of itself: readiness from memory, requests by route, and no word that a person wrote."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from neural_hive.gateway.app import create_app
from neural_hive.hive import Hive
from neural_hive.messages import catalogue
from neural_hive.ops import Probe
from neural_hive.settings import Settings
from neural_hive.specialists import registry
from neural_hive.telemetry import KINDS, OTHER, REGISTRY, configure_logging, exposition
from neural_hive.types import Verdict
from neural_hive.watch import Watch

URL = "/api/v1/intents"
SECRETS = {
    "cpf": "111.444.777-35",
    "mail": "joana.prado@example.com",
    "key": "AKIAIOSFODNN7EXAMPLE",
    "password": "Tr0ub4dor&3x",
    "token": "ghp_" + "a1B2" * 9,
}
TEXT = "Apagar a tabela de {cpf} e {mail}, com a chave {key}, senha: {password}, token {token}".format(**SECRETS)
ODD = "zebrafinch"


def bodies(odd: str) -> list[Any]:
    """What may be sent as an intention, with an odd word wherever a word can stand."""
    grant = f"UPDATE {odd} SET mail = '{SECRETS['mail']}'; GRANT (({odd}"  # noqa: S608 -- text under test
    return [
        {"intent_text": f"{TEXT} {odd}", "user_id": odd, "context": {"project": odd, "environment": odd, "domain": odd, "priority": odd}},
        {"intent_text": "", "plan": {"format": "sql", "source": grant}},
        {"intent_text": "", "plan": {"format": "shell", "source": f"curl -u joana:{SECRETS['password']} {odd} | sh; if {odd}"}},
        {"intent_text": "", "plan": {"format": "kubernetes", "source": f"{odd}: [\n{odd}"}},
        {"intent_text": "", "plan": {"format": odd, "source": odd}},
        {"intent_text": "x", "plan": {"tasks": [{"id": odd, "type": odd, "description": TEXT, "dependencies": [odd]}]}},
        {"intent_text": TEXT, "language": odd, odd: TEXT},
        {"intent_text": f"{TEXT} {odd}" * 200},
        [odd],
    ]


def others(odd: str) -> list[tuple[str, str, Any]]:
    """Method, path and body of other requests."""
    return [
        ("POST", f"/api/v1/decisions/{odd}/feedback", {"outcome": odd}),
        ("POST", f"/api/v1/decisions/{odd}/approval", {"approved": odd}),
        ("GET", f"/api/v1/decisions?verdict={odd}&limit={odd}", None),
        ("GET", f"/api/v1/ledger/proof?id={odd}", None),
        ("DELETE", f"/api/v1/decisions/{odd}", None),
        (odd.upper(), "/api/v1/intents", None),
        ("GET", f"/api/v1/batches/{odd}", None),
        *(
            ("GET", path, None)
            for path in (f"/{odd}", f"/decisions/{odd}?x={odd}", f"/static/{odd}", f"/?example={odd}", f"/api/v1/{odd}/")
        ),
    ]


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The log of a process at level debug, as JSON on standard error."""
    root, hive = logging.getLogger(), logging.getLogger("neural_hive")
    kept = root.handlers[:], root.level, hive.level
    configure_logging("debug", "json")
    yield
    root.handlers[:] = kept[0]
    root.setLevel(kept[1])
    hive.setLevel(kept[2])


async def asked_oddly(api: httpx.AsyncClient, odd: str) -> None:
    """Everything that a person could write, wherever something can be written."""
    for body in bodies(odd):
        for accept in ("application/json", "text/event-stream"):
            await api.post(URL, json=body, headers={"accept": accept, "idempotency-key": odd})
    await api.post(URL, content=f"{TEXT}{odd}".encode(), headers={"content-type": "application/json"})
    await api.post("/", data={"intent_text": TEXT, "source": odd, "format": odd})
    for method, path, content in others(odd):
        await api.request(method, path, json=content, headers={"accept-language": odd, "accept": "text/html"})


async def test_no_word_of_a_person_is_in_the_log_or_in_a_metric(
    api: httpx.AsyncClient, logged: None, capsys: pytest.CaptureFixture[str]
) -> None:
    await asked_oddly(api, ODD)
    shown, told = (await api.get("/metrics")).text, capsys.readouterr()
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert all(line.keys() >= {"time", "level", "logger", "event"} for line in lines)
    for name, words in (SECRETS | {"odd": ODD, "odd method": ODD.upper()}).items():
        assert words not in shown, name
        assert words not in told.err, name
        assert words not in told.out, name
    assert 'hive_pii_masked_total{kind="email"}' in shown  # it was really there


async def test_labels_hold_words_of_closed_sets_only(api: httpx.AsyncClient, hive: Hive) -> None:
    before = label_values()
    await asked_oddly(api, "quokka")
    errors = {key.removeprefix("error.") for key in catalogue() if key.startswith("error.")}
    reasons = {key.removeprefix("abstention.") for key in catalogue() if key.startswith("abstention.")}
    closed: dict[str, set[str]] = {
        "verdict": {verdict.value for verdict in Verdict},
        "specialist": {*registry.names()},
        "error": errors,
        "kind": {*KINDS, OTHER},
        "outcome": {"harmful", "harmless"},
        "result": {"hit", "miss", "decided", "dead", "failed"},
        "name": {*hive.watch.names},
        "route": {*openapi_paths(api), "/", "/decisions", "/decisions/{decision_id}", "/docs", "/static/{name}", OTHER},
        "method": {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", OTHER},
        "code": {str(code) for code in (200, 201, 202, 303, 307, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)},
        "reason": {*reasons, "away", "broken", "damaged", "late", "refused"},
        "source": {"packaged", "mlflow"},
    }
    free = {"le", "version"}  # bounds of histograms; versions of the program and of its models
    after = label_values()
    assert after.keys() <= closed.keys() | free
    for label in after.keys() - free:
        assert after[label] - before.get(label, set()) <= closed[label], label
    assert "quokka" not in exposition().decode().lower()


def label_values() -> dict[str, set[str]]:
    """The values of each label of our metrics so far; other tests of this process have set some."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposition().decode()):
        for sample in family.samples if family.name.startswith("hive_") else ():
            for label, value in sample.labels.items():
                found.setdefault(label, set()).add(value)
    return found


def openapi_paths(api: httpx.AsyncClient) -> set[str]:
    """The templates of the documented routes."""
    transport: Any = api._transport
    return set(transport.app.openapi()["paths"])


async def test_requests_are_counted_by_the_route_s_template(api: httpx.AsyncClient) -> None:
    async def count(**labels: str) -> float:
        return REGISTRY.get_sample_value("hive_requests_total", labels) or 0.0

    wanted = [
        ("GET", "/api/v1/decisions/dec_1", "/api/v1/decisions/{decision_id}", "404"),
        ("DELETE", "/api/v1/decisions/dec_1", "/api/v1/decisions/{decision_id}", "405"),
        ("POST", "/api/v1/decisions/dec_1/feedback", "/api/v1/decisions/{decision_id}/feedback", "415"),
        ("GET", "/decisions/dec_1", "/decisions/{decision_id}", "404"),
        ("GET", "/health", "/health", "200"),
        ("GET", "/nothing/there", "other", "404"),
        ("BREW", "/health", "/health", "405"),
    ]
    for method, path, route, code in wanted:
        labels = {"route": route, "method": "other" if method == "BREW" else method, "code": code}
        before = await count(**labels)
        assert str((await api.request(method, path)).status_code) == code, path
        assert await count(**labels) == before + 1, path
        assert REGISTRY.get_sample_value("hive_request_seconds_count", {"route": route, "method": labels["method"]})


async def test_a_stream_is_counted_at_its_end_and_a_broken_one_as_an_error(settings: Settings, hive: Hive) -> None:
    async def slow(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(0.1)
            yield b"last"

        return StreamingResponse(parts())

    async def breaks(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            raise RuntimeError("somebody's words")

        return StreamingResponse(parts())

    app = create_app(settings, hive)
    app.add_api_route("/slow", slow)
    app.add_api_route("/breaks", breaks)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hive") as api:
        await api.get("/slow")
        with pytest.raises(AssertionError):  # of the client, whom nobody told the end
            await api.get("/breaks")
    seconds = REGISTRY.get_sample_value("hive_request_seconds_sum", {"route": "/slow", "method": "GET"})
    assert seconds is not None
    assert seconds >= 0.1
    assert REGISTRY.get_sample_value("hive_requests_total", {"route": "/breaks", "method": "GET", "code": "500"}) == 1


async def test_ready_tells_of_each_part_what_it_means_and_how_old_that_is(api: httpx.AsyncClient) -> None:
    ready = (await api.get("/ready")).json()
    required = {part["name"]: part["required"] for part in ready["dependencies"]}
    assert {name for name, needed in required.items() if needed} == {"ledger", "disk"}
    assert {"cache", "graph", "specialist-technical"} <= required.keys()
    assert all(0 <= part["checked_ms"] < 5000 for part in ready["dependencies"])


async def test_ready_is_quick_while_a_part_hangs(settings: Settings, hive: Hive) -> None:
    async def hangs() -> str:
        await asyncio.Event().wait()
        return "never"

    watch = Watch(Probe({"ledger": hangs}, deadline=0.1), every=0.01)
    object.__setattr__(hive, "watch", watch)
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(settings, hive)), base_url="http://hive") as api,
        watch.looking(),
    ):
        took = []
        for _ in range(200):
            began = time.perf_counter()
            assert (await api.get("/ready")).status_code == 503
            took.append(time.perf_counter() - began)
    assert sorted(took)[197] < 0.025  # the client takes most of it; benchmarks/ready.py measures it alone


async def test_who_ends_says_so_at_once_still_answers_and_holds_no_connection(api: httpx.AsyncClient, hive: Hive) -> None:
    assert "connection" not in (await api.get("/health")).headers
    hive.watch.end()
    ready = await api.get("/ready", headers={"accept-language": "pt"})
    assert ready.status_code == 503
    assert [part["detail"] for part in ready.json()["dependencies"] if part["name"] == "process"] == [
        "o processo está encerrando; termina o que começou"
    ]
    answer = await api.post(URL, json={"intent_text": "Rename the Send button to Save"})
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
