"""Several gateways with one ledger and one Redis behave as one; without Redis they still decide once and limit each."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from neural_hive import telemetry
from neural_hive.bootstrap import open_hive
from neural_hive.gateway.answers import ask_of
from neural_hive.gateway.app import create_app
from neural_hive.hive import Hive
from neural_hive.settings import load_settings
from neural_hive.types import Intent
from tests.real.faulty_redis import FAULTS, open_faulty
from tests.services import url_of

pytestmark = pytest.mark.real
URL = "/api/v1/intents"
DANGEROUS = {"intent_text": "Delete every row of the customers table in production, without a backup"}
HARMLESS = {"intent_text": "Rename the Send button to Save on the sign-up screen"}
STREAM = {"accept": "text/event-stream"}


@dataclass
class Pair:
    """Two gateways: their hives, and a client for each."""

    hives: list[Hive]
    clients: list[httpx.AsyncClient]

    async def at_once(self, body: Any, key: str, **headers: str) -> list[httpx.Response]:
        """The same request to both, twice each."""
        sent = {"idempotency-key": key, **headers}
        return await asyncio.gather(*(client.post(URL, json=body, headers=sent) for client in self.clients * 2))

    async def recorded(self) -> int:
        return len(await self.hives[0].ledger.find(limit=200))


@asynccontextmanager
async def open_pair(folder: Path, cache: str, **settings: Any) -> AsyncIterator[Pair]:
    """Two gateways that share a ledger's file and a cache, and nothing else."""
    async with AsyncExitStack() as stack:
        pair = Pair([], [])
        for name in ("one", "other"):
            given = load_settings(data_dir=folder / name, ledger=f"sqlite:///{folder / 'ledger.db'}", cache=cache, **settings)
            pair.hives.append(await stack.enter_async_context(open_hive(given)))
            await stack.enter_async_context(pair.hives[-1].watch.looking())
            transport = httpx.ASGITransport(app=create_app(given, pair.hives[-1]))
            pair.clients.append(await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://hive")))
        yield pair


@pytest.fixture(params=["redis", "redis-cluster"])
def cache(request: pytest.FixtureRequest) -> str:
    """A namespace of its own, and time enough for a busy machine: gateways agree to the byte as long as the cache answers."""
    return f"{url_of(request.param)}?prefix=test-{uuid4().hex}&deadline=0.5"


@pytest.fixture
async def pair(tmp_path: Path, cache: str) -> AsyncIterator[Pair]:
    async with open_pair(tmp_path, cache, idempotency_ttl=60, cache_ttl=60) as opened:
        yield opened


async def test_one_key_is_one_decision_and_one_answer(pair: Pair) -> None:
    for number in range(20):
        answers = await pair.at_once(DANGEROUS, f"k{number}")
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        again = await pair.at_once(DANGEROUS, f"k{number}")
        assert {answer.content for answer in again} == {answers[0].content}
    assert await pair.recorded() == 20


async def test_another_body_is_a_conflict_at_both(pair: Pair) -> None:
    (given,) = {answer.content for answer in await pair.at_once(DANGEROUS, "k")}
    assert {answer.status_code for answer in await pair.at_once(HARMLESS, "k")} == {409}
    assert {answer.content for answer in await pair.at_once(DANGEROUS, "k")} == {given}
    bodies = [DANGEROUS, HARMLESS]
    both = await asyncio.gather(
        *(client.post(URL, json=body, headers={"idempotency-key": "race"}) for client, body in zip(pair.clients, bodies, strict=True))
    )
    assert sorted(answer.status_code for answer in both) == [200, 409]
    assert await pair.recorded() == 2


async def test_streams_end_with_the_same_answer(pair: Pair) -> None:
    streams = await pair.at_once(DANGEROUS, "k", **STREAM)
    ends = {stream.text.rpartition("event: recorded\ndata: ")[2].strip() for stream in streams}
    ends |= {answer.text for answer in await pair.at_once(DANGEROUS, "k")}
    assert len(ends) == 1
    assert await pair.recorded() == 1


async def test_garbage_under_a_key_is_not_told(pair: Pair) -> None:
    (given,) = {answer.content for answer in await pair.at_once(DANGEROUS, "k")}
    store: Any = pair.hives[0].cache
    name = f"{store._space}answer:{ask_of(Intent(text=DANGEROUS['intent_text']), 'k').decision_id}"
    assert await store._client.exists(name)
    await store._client.set(name, b'{"verdict": "approve"}', px=60_000)
    answers = await pair.at_once(DANGEROUS, "k")
    assert {json.loads(answer.content)["receipt"]["leaf_hash"] for answer in answers} == {json.loads(given)["receipt"]["leaf_hash"]}
    assert len({answer.content for answer in answers}) == 1


async def test_a_forged_verdict_is_not_told(pair: Pair) -> None:
    """Whoever writes to Redis can seal as long as there is no secret; the ledger's verdict is told all the same."""
    (given,) = {answer.content for answer in await pair.at_once(DANGEROUS, "k")}
    name = f"answer:{ask_of(Intent(text=DANGEROUS['intent_text']), 'k').decision_id}"
    forged = given.replace(b'"verdict":"reject"', b'"verdict":"approve"', 1)
    assert forged != given
    await pair.hives[0].cache.put(name, forged, ttl=60)
    assert {answer.json()["verdict"] for answer in await pair.at_once(DANGEROUS, "k")} == {"reject"}


async def test_equal_plans_with_different_ids_are_judged_once(pair: Pair) -> None:
    def plan(*ids: str) -> dict[str, Any]:
        first, second = ids
        steps = [
            {"id": first, "description": "Back up the orders table"},
            {"id": second, "description": "Drop the orders table in production", "dependencies": [first]},
        ]
        return {"intent_text": "", "plan": {"tasks": steps}}

    await pair.clients[1].post(URL, json=HARMLESS)  # from its first answer on, a gateway knows which models would judge
    hits = telemetry.CACHE_LOOKUPS.labels(result="hit")._value
    before = hits.get()
    one = (await pair.clients[0].post(URL, json=plan("a", "b"))).json()
    assert hits.get() == before
    other = (await pair.clients[1].post(URL, json=plan("91c4", "0f3e"))).json()
    assert hits.get() == before + 1
    assert [task["id"] for task in other["plan"]["tasks"]] == ["91c4", "0f3e"]
    assert other["opinions"] != one["opinions"]
    assert json.dumps(other["opinions"]).replace("91c4", "a").replace("0f3e", "b") == json.dumps(one["opinions"])


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_redis_one_key_is_still_one_decision(tmp_path: Path, fault: str) -> None:
    async with open_faulty() as place, open_pair(tmp_path, place.url) as pair:
        (well,) = {answer.content for answer in await pair.at_once(DANGEROUS, "well")}
        await place.break_(fault)
        start = time.perf_counter()
        answers = await pair.at_once(DANGEROUS, "k")
        assert time.perf_counter() - start < 2.0
        assert len({answer.json()["decision_id"] for answer in answers}) == 1
        assert {answer.json()["verdict"] for answer in answers} == {json.loads(well)["verdict"]}
        assert {answer.status_code for answer in await pair.at_once(HARMLESS, "k")} == {409}
        await until_told(pair.clients[0], cache=False)
        assert await pair.recorded() == 2
        await place.mend()
        await until_told(pair.clients[0], cache=True)


async def until_told(client: httpx.AsyncClient, *, cache: bool) -> None:
    """Within two seconds the gateway says how its cache is; it is ready in any case."""
    async with asyncio.timeout(2.0):
        while True:
            ready = (await client.get("/ready")).json()
            assert ready["ready"]
            if [part["ok"] for part in ready["dependencies"] if part["name"] == "cache"] == [cache]:
                return
            await asyncio.sleep(0.02)


async def statuses(pair: Pair, times: int) -> list[int]:
    """What so many requests to each gateway get, in turn."""
    return [(await client.post(URL, json=HARMLESS)).status_code for _ in range(times) for client in pair.clients]


async def test_a_rate_limit_is_one_for_both(tmp_path: Path, cache: str) -> None:
    async with open_pair(tmp_path, cache, limits={"requests_per_minute": 1, "burst": 6}) as pair:
        assert await statuses(pair, 5) == [200] * 6 + [429] * 4
        refused = await pair.clients[0].post(URL, json=HARMLESS)
        assert 1 <= int(refused.headers["retry-after"]) <= 61


async def test_a_user_who_may_not_ask_costs_his_address_nothing(tmp_path: Path, cache: str) -> None:
    async with open_pair(tmp_path, cache, limits={"requests_per_minute": 0.1, "burst": 4}) as pair:
        store: Any = pair.hives[0].cache
        ana = HARMLESS | {"user_id": "ana"}
        for _ in range(3):
            assert (await pair.clients[0].post(URL, json=ana)).status_code == 200
        assert (await pair.clients[1].post(URL, json=HARMLESS | {"user_id": "eva"})).status_code == 200
        assert (await pair.clients[1].post(URL, json=ana)).status_code == 429
        keys = [key async for key in store._client.scan_iter(f"{store._space}bucket:*")]
        assert len(keys) == 3
        assert not any(name in key for key in keys for name in (b"ana", b"eva", b"127.0.0.1"))


@pytest.mark.parametrize("fault", ["hanging", "killed"])
async def test_without_redis_each_gateway_limits_by_itself(tmp_path: Path, fault: str) -> None:
    async with open_faulty() as place, open_pair(tmp_path, place.url, limits={"requests_per_minute": 1, "burst": 3}) as pair:
        await place.break_(fault)
        before = telemetry.LIMITER_FALLBACKS._value.get()
        assert await statuses(pair, 5) == [200] * 6 + [429] * 4
        assert telemetry.LIMITER_FALLBACKS._value.get() - before == 10
