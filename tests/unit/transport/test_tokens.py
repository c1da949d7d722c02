"""Tokens between gateway and specialist: real gRPC, a real issuer, and each caller's own token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from contextvars import copy_context
from pathlib import Path

import grpc.aio
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

from neural_hive.bootstrap import open_hive
from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.gateway.app import create_app
from neural_hive.settings import Auth, Settings, Tls, load_settings
from neural_hive.specialists.registry import open_local
from neural_hive.station.process import run
from neural_hive.telemetry import REGISTRY
from neural_hive.testing import sample_plans
from neural_hive.tokens.base import MOST_CHARS, show
from neural_hive.tokens.oidc import OidcGuard
from neural_hive.transport import wire
from neural_hive.transport.client import RemoteSpecialist, open_grpc_specialist
from neural_hive.transport.server import serve_specialist
from neural_hive.types import Intent, Opinion
from tests.unit.tokens.attacks import ATTACKS
from tests.unit.tokens.issuer import AUDIENCE, Issuer, issuing
from tests.unit.transport.faulty import Scripted, opinion_of

PLAN = sample_plans()[4]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture
async def port(issuer: Issuer) -> AsyncIterator[int]:
    async with serve_specialist(Scripted(), port=0, guard=OidcGuard(issuer.auth())) as bound:
        yield bound


@asynccontextmanager
async def opened(port: int, auth: Auth | None = None) -> AsyncIterator[RemoteSpecialist]:
    async with open_grpc_specialist(f"grpc://127.0.0.1:{port}", name="technical", tls=Tls(), specialist_deadline=2.0, auth=auth) as remote:
        yield remote


async def asked(remote: RemoteSpecialist, token: str) -> Opinion | str:
    """The opinion, or why there is none, as a request that shows this token gets it."""
    show(token)
    try:
        return await remote.evaluate(PLAN)
    except UnavailableError as error:
        return error.key


async def test_each_request_is_asked_with_its_own_token(port: int, issuer: Issuer) -> None:
    """Tasks have contexts of their own, as requests have."""
    good = [issuer.token(sub=f"person {number}") for number in range(8)]
    bad = ["", issuer.token(scope="decisions:read"), issuer.token(aud="payroll"), ATTACKS["alg none"](issuer)] * 2
    async with opened(port) as remote:
        found = await asyncio.gather(*(asyncio.create_task(asked(remote, token)) for pair in zip(good, bad, strict=True) for token in pair))
    assert found[::2] == [opinion_of("technical")] * 8
    assert found[1::2] == ["error.specialist_unauthorized"] * 8


async def test_a_refused_token_is_not_the_specialists_fault(port: int, issuer: Issuer) -> None:
    """Whoever shows bad ones cannot have it taken for broken."""
    async with opened(port) as remote:
        for _ in range(10):
            assert await asked(remote, "") == "error.specialist_unauthorized"
        assert await asked(remote, issuer.token()) == opinion_of("technical")


async def test_where_nobody_calls_the_process_shows_its_own(port: int, issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(issuer.token(sub="gateway", scope="intents:write"))
    auth = issuer.auth(token_file=file)
    async with opened(port, auth) as remote:
        assert await asked(remote, "") == opinion_of("technical")
        assert await asked(remote, issuer.token(scope="decisions:read")) == "error.specialist_unauthorized"  # never lends its own
        file.write_text(issuer.token(sub="gateway", scope="ledger:read"))
        assert await asked(remote, "") == "error.specialist_unauthorized"
    file.unlink()
    with pytest.raises(SettingsError, match="token_file"):
        async with opened(port, auth):
            pass


async def test_health_and_description_need_no_token(port: int) -> None:
    async with opened(port) as remote, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert (await remote.describe()).name == "test"
        state = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=wire.SERVICE))
        assert state.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), "UNAUTHENTICATED"),
        ((("authorization", "Basic YTpi"),), "UNAUTHENTICATED"),
        ((("authorization", "Bearer {}"), ("authorization", "Bearer {}")), "UNAUTHENTICATED"),
        ((("x-authorization", "Bearer {}"),), "UNAUTHENTICATED"),
        ((("authorization", "Bearer {}"),), "OK"),
    ],
)
async def test_what_a_server_says(metadata: tuple[tuple[str, str], ...], code: str, port: int, issuer: Issuer) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(wire.EVALUATE)
        call = method(wire.encode_question((PLAN,)), timeout=5, metadata=[(name, value.format(issuer.token())) for name, value in metadata])
        assert (await call.code()).name == code


async def test_without_the_issuers_keys_nobody_is_judged(issuer: Issuer) -> None:
    away = issuer.auth(jwks_url="http://127.0.0.1:1/keys")
    async with serve_specialist(Scripted(), port=0, guard=OidcGuard(away)) as port, opened(port) as remote:
        assert await asked(remote, issuer.token()) == "error.specialist_refused"


@pytest.fixture
async def settings(issuer: Issuer, tmp_path: Path) -> AsyncIterator[Settings]:
    """Of a gateway whose technical specialist is behind a URL and asks for tokens as it does."""
    auth = {"mode": "oidc", "issuer": issuer.url, "audience": AUDIENCE}
    async with serve_specialist(open_local("technical"), port=0, guard=OidcGuard(issuer.auth())) as port:
        yield load_settings(data_dir=tmp_path, auth=auth, specialists={"technical": f"grpc://127.0.0.1:{port}"})


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_the_callers_token_goes_on_to_the_specialist(accept: str, settings: Settings, issuer: Issuer) -> None:
    async with open_hive(settings) as hive:
        unasked = await asyncio.create_task(hive.review(Intent(text="rename the label of a button")), context=copy_context())
        assert set(unasked.abstentions) == {"technical"}
        assert "token" in unasked.abstentions["technical"]
        transport = httpx.ASGITransport(app=create_app(settings, hive))
        async with httpx.AsyncClient(transport=transport, base_url="http://hive", timeout=30) as api:
            headers = {"Authorization": f"Bearer {issuer.token(scope='intents:write')}", "Accept": accept}
            answer = await api.post("/api/v1/intents", json={"intent_text": "rename the label of a button"}, headers=headers)
    assert answer.status_code == 200
    assert '"abstentions":{}' in answer.text
    assert '"specialist":"technical"' in answer.text


def test_a_specialist_on_the_network_asks_for_tokens_or_certificates(tmp_path: Path) -> None:
    exposed = load_settings(data_dir=tmp_path, grpc_host="0.0.0.0", port=0, grpc_port=0)  # noqa: S104 -- refused
    with pytest.raises(SettingsError, match="HIVE_GRPC_HOST"):
        run("technical", exposed, lambda _: None)
    for more, said in (({"tls": Tls(ca=tmp_path / "none.pem")}, "none.pem"), ({"auth": Auth(mode="oidc")}, "HIVE_AUTH__ISSUER")):
        with pytest.raises(SettingsError, match=said):  # past the first question, and at the next one
            run("technical", exposed.model_copy(update=more), lambda _: None)


async def test_a_long_token_that_the_gateway_takes_the_specialist_takes_too(port: int, issuer: Issuer) -> None:
    """gRPC would refuse some calls by chance, and four in a row would silence the specialist for everybody."""
    long = issuer.token(roles="r" * (MOST_CHARS - 700) * 3)
    while len(long) > MOST_CHARS:
        long = issuer.token(roles="r" * (len(long) * 3 // 4 - 600))
    assert len(long) > MOST_CHARS - 900
    async with opened(port) as remote:
        assert [await asked(remote, long) for _ in range(30)] == [opinion_of("technical")] * 30


async def test_warming_up_asks_nobody_who_would_ask_for_a_token(settings: Settings, issuer: Issuer, tmp_path: Path) -> None:
    labels = {"specialist": "technical", "reason": "unauthorized"}
    before = REGISTRY.get_sample_value("hive_abstentions_total", labels)
    async with open_hive(settings, warm=True, checks={}) as hive:
        assert set(hive.panel.specialists) > {"technical"}
    assert REGISTRY.get_sample_value("hive_abstentions_total", labels) == before
    file = tmp_path / "token"
    file.write_text(issuer.token(scope="intents:write"))
    own = settings.model_copy(update={"auth": settings.auth.model_copy(update={"token_file": file})})
    async with open_hive(own, warm=True) as hive:
        assert "technical" in hive.panel._roll.heard
