"""Who gets in where: every route, with a real issuer of tokens behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from neural_hive.bootstrap import open_hive
from neural_hive.errors import SettingsError
from neural_hive.gateway import bulk
from neural_hive.gateway.app import PARTS, create_app
from neural_hive.gateway.auth import needed
from neural_hive.gateway.routing import DirectRoute
from neural_hive.gateway.server import server
from neural_hive.hive import Hive
from neural_hive.messages import catalogue
from neural_hive.settings import Settings, load_settings
from neural_hive.tokens.base import SCOPES, Scope, name_of
from tests.unit.tokens.attacks import ATTACKS
from tests.unit.tokens.issuer import AUDIENCE, Issuer, issuing

ROUTES = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]
OPEN = {"/health", "/ready", "/metrics", "/docs", "/static/{name}"}
SCOPE_OF: dict[str, Scope] = {
    "POST /": "intents:write",
    "GET /": "intents:write",
    "GET /decisions": "decisions:read",
    "GET /decisions/{decision_id}": "decisions:read",
    "POST /api/v1/intents": "intents:write",
    "POST /api/v1/batches": "intents:write",
    "GET /api/v1/batches/{batch_id}": "intents:write",
    "GET /api/v1/decisions": "decisions:read",
    "GET /api/v1/decisions/{decision_id}": "decisions:read",
    "POST /api/v1/decisions/{decision_id}/feedback": "decisions:approve",
    "POST /api/v1/decisions/{decision_id}/approval": "decisions:approve",
    "GET /api/v1/specialists": "decisions:read",
    "GET /api/v1/ledger/checkpoint": "ledger:read",
    "GET /api/v1/ledger/public-key": "ledger:read",
    "GET /api/v1/ledger/proof": "ledger:read",
    "GET /api/v1/ledger/consistency": "ledger:read",
    "GET /api/v1/ledger/entries": "ledger:read",
}
ASK = {"intent_text": "rename the label of a button"}


def named(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods or ()))} {route.path}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, issuer: Issuer) -> Settings:
    return load_settings(
        data_dir=tmp_path,
        auth={"mode": "oidc", "issuer": issuer.url, "audience": AUDIENCE},
        limits={"max_body_bytes": 20_000, "requests_per_minute": 60, "burst": 8},
    )


@pytest.fixture
async def api(settings: Settings, hive: Hive) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(settings, hive)), base_url="http://hive") as client:
        yield client


def shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_there_are_no_routes_but_those_that_say_what_they_need(settings: Settings, hive: Hive) -> None:
    assert {named(route): needed(route.endpoint) for route in ROUTES if route.path not in OPEN} == SCOPE_OF
    assert {route.path for route in ROUTES if needed(route.endpoint) is None} == OPEN
    assert all(isinstance(route, DirectRoute) for part in PARTS for route in part.router.routes)
    document = create_app(settings, hive).openapi()
    described = {f"{method.upper()} {path}": told for path, methods in document["paths"].items() for method, told in methods.items()}
    for name, told in described.items():
        scope = SCOPE_OF.get(name)
        assert told.get("security", []) == ([{"bearer": [scope]}] if scope else []), name
        assert {"401", "403"} <= told["responses"].keys() if scope else "401" not in told["responses"]
    free = create_app(load_settings(data_dir=settings.data_dir)).openapi()
    assert free["paths"]["/api/v1/intents"]["post"]["security"] == [{}, {"bearer": ["intents:write"]}]


def test_a_route_that_does_not_say_cannot_be_made() -> None:
    async def endpoint(_: Request) -> Response:
        return Response()

    with pytest.raises(LookupError, match="endpoint"):
        APIRouter(route_class=DirectRoute).get("/hole")(endpoint)


@pytest.mark.parametrize("route", ROUTES, ids=named)
async def test_each_route_opens_to_its_scope_alone(route: APIRoute, api: httpx.AsyncClient, issuer: Issuer) -> None:
    path, method, scope = route.path.replace("{name}", "hive.css"), min(route.methods or ()), needed(route.endpoint)
    bare = await api.request(method, path)
    if scope is None:
        assert bare.status_code == 200
        return
    assert (bare.status_code, bare.headers["www-authenticate"]) == (401, 'Bearer realm="neural-hive"')
    assert bare.headers["content-type"] == "application/problem+json"
    assert bare.json()["code"] == "token_missing"
    others = " ".join(each for each in SCOPES if each != scope)
    lacking = await api.request(method, path, headers=shown(issuer.token(scope=others)))
    assert (lacking.status_code, lacking.json()["code"]) == (403, "scope_missing")
    assert lacking.headers["www-authenticate"] == f'Bearer realm="neural-hive", error="insufficient_scope", scope="{scope}"'
    assert scope in lacking.json()["detail"]
    enough = await api.request(method, path, headers=shown(issuer.token(scope=scope)))
    assert enough.status_code not in (401, 403, 500)


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in ("trailing line", "nothing")])
async def test_an_attack_is_answered_401(attack: str, api: httpx.AsyncClient, issuer: Issuer) -> None:
    token = ATTACKS[attack](issuer)
    answer = await api.post("/api/v1/intents", json=ASK, headers={b"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.json()["status"] == 401
    assert token not in answer.text


async def test_what_is_said_about_a_refusal(api: httpx.AsyncClient, issuer: Issuer) -> None:
    expired = shown(issuer.token(exp=1_700_000_000))
    told = {}
    for language in ("pt-BR", "en"):
        answer = await api.post("/api/v1/intents", json=ASK, headers=expired | {"Accept-Language": language})
        told[answer.headers["content-language"]] = answer.json()
    assert {body["code"] for body in told.values()} == {"token_expired"}
    assert told["pt-BR"]["title"] == "Não autenticado"
    assert told["en"]["title"] == "Not authenticated"
    two = [("Authorization", f"Bearer {issuer.token()}")] * 2
    assert (await api.get("/api/v1/decisions", headers=two)).status_code == 401
    assert (await api.get("/api/v1/decisions", params={"access_token": issuer.token()})).status_code == 401
    for key, entry in catalogue().items():
        if key.startswith("error.token_"):  # they stand between quotes in a header
            assert entry["en"].isascii()
            assert not {'"', "\\"} & {*entry["en"]}


async def test_a_browser_is_told_that_there_is_no_login(api: httpx.AsyncClient, issuer: Issuer) -> None:
    for method, path in (("GET", "/"), ("POST", "/"), ("GET", "/decisions"), ("GET", "/decisions/dec_1")):
        page = await api.request(method, path, headers={"Accept": "text/html", "Accept-Language": "pt"})
        assert (page.status_code, page.headers["www-authenticate"]) == (401, 'Bearer realm="neural-hive"')
        assert page.headers["content-type"].startswith("text/html")
        assert "Estas páginas não têm login" in page.text
    assert (await api.get("/docs", headers={"Accept": "text/html"})).status_code == 200
    assert (await api.get("/openapi.json")).status_code == 200
    assert (await api.get("/", headers=shown(issuer.token()))).status_code == 200


async def test_paths_that_nobody_serves_need_no_token(api: httpx.AsyncClient) -> None:
    assert (await api.get("/nothing")).status_code == 404
    assert (await api.delete("/api/v1/intents")).status_code == 405


async def test_who_asked_stands_in_the_ledger_and_the_token_nowhere(
    api: httpx.AsyncClient, hive: Hive, issuer: Issuer, settings: Settings
) -> None:
    token = issuer.token(sub="ana@example.com")
    answer = (await api.post("/api/v1/intents", json=ASK | {"user_id": "ana"}, headers=shown(token))).json()
    who = f"caller:{name_of(issuer.url, 'ana@example.com')}"
    record = await hive.ledger.get(answer["decision_id"])
    assert record["content"]["asked_by"] == f"ana {who}"
    approval = {"approved": True, "user_id": "chefe"}
    entry = (await api.post(f"/api/v1/decisions/{answer['decision_id']}/approval", json=approval, headers=shown(token))).json()
    assert entry["by"] == f"chefe {who}"
    outcome = {"outcome": "harmless"}
    entry = (await api.post(f"/api/v1/decisions/{answer['decision_id']}/feedback", json=outcome, headers=shown(token))).json()
    assert entry["by"] == who
    kept = b"".join(path.read_bytes() for path in sorted(settings.data_dir.rglob("*")) if path.is_file())
    assert token.encode() not in kept
    assert token.rpartition(".")[2].encode() not in kept
    assert b"ana@example.com" not in kept
    assert "eyJ" not in json.dumps(record)


@pytest.mark.parametrize("stated", ["-----BEGIN PRIVATE KEY-----", "senha:", "ana@example.com", " "])
async def test_no_stated_name_hides_whose_token_it_was(stated: str, api: httpx.AsyncClient, hive: Hive, issuer: Issuer) -> None:
    who, headers = f"caller:{name_of(issuer.url, 'eve')}", shown(issuer.token(sub="eve"))
    answer = (await api.post("/api/v1/intents", json=ASK | {"user_id": stated}, headers=headers)).json()
    record = await hive.ledger.get(answer["decision_id"])
    assert record["content"]["asked_by"].split(" ")[-1] == who
    approval = {"approved": True, "user_id": stated}
    entry = (await api.post(f"/api/v1/decisions/{answer['decision_id']}/approval", json=approval, headers=headers)).json()
    assert entry["by"].split(" ")[-1] == who
    assert "ana@" not in entry["by"] + record["content"]["asked_by"]


async def test_an_idempotency_key_is_each_callers_own(api: httpx.AsyncClient, issuer: Issuer) -> None:
    ana, bob = (shown(issuer.token(sub=name)) | {"Idempotency-Key": "one"} for name in ("ana", "bob"))
    first = await api.post("/api/v1/intents", json=ASK, headers=ana)
    assert (await api.post("/api/v1/intents", json=ASK, headers=ana)).content == first.content
    other = await api.post("/api/v1/intents", json=ASK, headers=bob)
    assert other.json()["decision_id"] != first.json()["decision_id"]
    assert (await api.post("/api/v1/intents", json={"intent_text": "another"}, headers=bob)).status_code == 409


async def test_the_rate_is_each_callers_own(api: httpx.AsyncClient, issuer: Issuer) -> None:
    """All come from one address, as through an ingress, and one states the name of another."""

    async def asked(subject: str) -> int:
        return (await api.post("/api/v1/intents", json=ASK | {"user_id": "ana"}, headers=shown(issuer.token(sub=subject)))).status_code

    assert [await asked("ana") for _ in range(9)] == [200] * 8 + [429]
    assert await asked("bob") == 200
    assert (await api.post("/api/v1/intents", json=ASK, headers=shown(issuer.token(sub="ana", azp="robot")))).status_code == 200


async def test_lines_of_a_batch_are_the_callers(api: httpx.AsyncClient, issuer: Issuer) -> None:
    from neural_hive.bulk.message import decode
    from neural_hive.settings import Limits
    from neural_hive.tokens.base import Caller

    caller = Caller(name=name_of(issuer.url, "ana"), client="", scopes=frozenset(), until=0.0)
    name = bulk._named("key", b"{}", caller)
    assert name.batch != bulk._named("key", b"{}").batch
    found = bulk._sorted_out([b'{"intent_text": "a", "user_id": "x"}', b'{"intent_text": "b"}'], name, Limits(), caller)
    assert [decode(found.payloads[place]).intent().user_id for place in (0, 1)] == [f"x caller:{caller.name}", f"caller:{caller.name}"]
    assert found.users == {f"x caller:{caller.name}"}


async def test_without_authentication_tokens_mean_nothing(tmp_path: Path, issuer: Issuer) -> None:
    plain = load_settings(data_dir=tmp_path / "plain")
    async with open_hive(plain) as hive:
        transport = httpx.ASGITransport(app=create_app(plain, hive))
        async with httpx.AsyncClient(transport=transport, base_url="http://hive") as client:
            answer = await client.post("/api/v1/intents", json=ASK | {"user_id": "ana"}, headers=shown(issuer.token(sub="bob")))
        assert answer.status_code == 200
        assert (await hive.ledger.get(answer.json()["decision_id"]))["content"]["asked_by"] == "ana"


@pytest.mark.parametrize(
    ("auth", "refused"),
    [
        ({}, True),
        ({"allow_anonymous": True}, False),
        ({"mode": "oidc"}, True),
        ({"mode": "oidc", "audience": "hive", "issuer": "https://x"}, False),
    ],
)
async def test_a_server_on_the_network_asks_for_tokens(auth: dict[str, Any], refused: bool, hive: Hive, settings: Settings) -> None:
    exposed = load_settings(data_dir=settings.data_dir, host="0.0.0.0", auth=auth)  # noqa: S104 -- not bound
    if not refused:
        assert server(exposed, hive).config.host == "0.0.0.0"  # noqa: S104 -- as above
        return
    with pytest.raises(SettingsError, match="HIVE_AUTH__"):
        server(exposed, hive)
