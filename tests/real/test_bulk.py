"""The queue on a real Redis: whole batches, one decision each, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.bulk.base import Delivery, Outcome
from neural_hive.bulk.message import decision_id, encode, message_of
from neural_hive.bulk.streams import GROUP, RedisQueue, open_redis_queue
from neural_hive.bulk.worker import Worker
from neural_hive.errors import ConflictError, NotFoundError, UnavailableError
from neural_hive.gateway import bulk
from neural_hive.gateway.app import create_app
from neural_hive.ledger.verify import verify
from neural_hive.settings import load_settings
from neural_hive.types import Intent
from tests.real.bulk_place import DONE, IDLE, client_of, consuming, finished, own_url, payloads, until
from tests.services import private

pytestmark = pytest.mark.real
HIVE = str(Path(sys.executable).with_name("hive"))


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with own_url() as address:
        yield address


@pytest.fixture
async def queue(url: str) -> AsyncIterator[RedisQueue]:
    async with open_redis_queue(url) as opened:
        yield opened


async def test_a_batch_is_queued_once(queue: RedisQueue) -> None:
    assert await queue.put("bat_1", "tag", payloads(3), {3: Outcome(error="error.empty_intent")})
    assert not await queue.put("bat_1", "tag", payloads(3), {})
    with pytest.raises(ConflictError):
        await queue.put("bat_1", "other", payloads(3), {})
    assert await queue.length() == 3
    found = await queue.progress("bat_1", range(10))
    assert (found.total, found.done, found.refused, found.dead) == (4, 1, 1, 0)
    assert found.outcomes == {3: Outcome(error="error.empty_intent")}
    with pytest.raises(NotFoundError):
        await queue.progress("bat_2")


async def test_a_full_queue_takes_nothing(queue: RedisQueue) -> None:
    assert await queue.put("bat_1", "", payloads(999), {})
    with pytest.raises(UnavailableError) as raised:
        await queue.put("bat_2", "", payloads(2, "bat_2"), {})
    assert raised.value.key == "error.queue_full"
    assert raised.value.params["retry_after"] > 0
    with pytest.raises(NotFoundError):
        await queue.progress("bat_2")
    assert await queue.length() == 999


async def test_each_message_is_worked_on_once_and_never_more_at_once_than_asked_for(queue: RedisQueue) -> None:
    seen: list[int] = []
    under_way = most = 0

    async def work(delivery: Delivery) -> Outcome:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        assert delivery.message
        seen.append(delivery.message.position)
        return DONE

    await queue.put("bat_1", "", payloads(100), {})
    with consuming(queue, work) as end:
        await until(lambda: finished(queue))
        await end()
    assert sorted(seen) == list(range(100))
    assert 1 < most <= 4
    assert await queue.length() == 0
    assert int(await client_of(queue).get(queue._key("bytes"))) == 0
    assert (await queue.progress("bat_1", [99])).outcomes == {99: DONE}


async def test_what_takes_long_is_not_taken_over(queue: RedisQueue) -> None:
    seen: list[str] = []

    async def work(delivery: Delivery) -> Outcome:
        seen.append(delivery.id)
        await asyncio.sleep(3 * IDLE)
        return DONE

    await queue.put("bat_1", "", payloads(1), {})
    with consuming(queue, work) as first, consuming(queue, work) as second:
        await until(lambda: finished(queue))
        await first()
        await second()
    assert len(seen) == 1


async def test_at_the_end_what_is_under_way_is_finished_and_the_rest_is_free_at_once(queue: RedisQueue) -> None:
    begun: list[str] = []

    async def work(delivery: Delivery) -> Outcome:
        begun.append(delivery.id)
        await asyncio.sleep(0.5)
        return DONE

    async def started() -> bool:
        return bool(begun)

    await queue.put("bat_1", "", payloads(20), {})
    with consuming(queue, work, 2) as end:
        await until(started)
        await end()
    assert (await queue.progress("bat_1")).done == len(begun)
    held = await client_of(queue).xpending_range(queue.stream, GROUP, "-", "+", 100)
    assert all(each["time_since_delivered"] >= queue.idle for each in held)
    assert len(held) < 20


async def test_poison_becomes_a_dead_letter_that_names_its_reason_only(queue: RedisQueue, tmp_path: Path) -> None:
    """A message that never gets an outcome is handed out again, then put aside with its masked words."""
    await queue.put(
        "bat_1", "", {0: encode(message_of(Intent(text="falar com joao@a.example"), "bat_1", 0, "0f" * 16)), 1: b"no message"}, {}
    )
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        worker = Worker(hive=hive, queue=queue, stop=asyncio.Event(), most_deliveries=2)
        tried: list[int] = []

        async def work(delivery: Delivery) -> Outcome:
            if delivery.message is not None and delivery.deliveries <= 2:
                tried.append(delivery.deliveries)
                raise RuntimeError("joao@a.example")
            return await worker.outcome(delivery)

        async def empty() -> bool:
            return await queue.length() == 0

        with consuming(queue, work) as end:
            await until(empty)
            await end()
    assert tried == [1, 2]
    found = await queue.progress("bat_1", [0])
    assert (found.dead, found.outcomes) == (1, {0: Outcome(error="error.queue_poison", dead=True, keep=True)})
    dead = [fields for _, fields in await client_of(queue).xrange(queue._key("dead"))]
    assert sorted(letter[b"reason"] for letter in dead) == [b"error.queue_message", b"error.queue_poison"]
    assert b"joao" not in b"".join(part for letter in dead for part in letter.values())


async def test_a_stream_that_is_gone_is_made_again(queue: RedisQueue) -> None:
    async def work(delivery: Delivery) -> Outcome:
        return DONE

    with consuming(queue, work) as end:
        await queue.put("bat_1", "", payloads(1), {})
        await until(lambda: finished(queue))
        await client_of(queue).delete(queue.stream)
        await queue.put("bat_2", "", payloads(1, "bat_2"), {})
        await until(lambda: finished(queue, "bat_2"), 10)
        await end()


async def test_a_server_that_comes_back_is_used_again_within_five_seconds() -> None:
    """What was acknowledged by a server that was killed is still worked off."""
    begun: list[str] = []

    async def work(delivery: Delivery) -> Outcome:
        begun.append(delivery.id)
        await asyncio.sleep(0.01)
        return DONE

    async def some() -> bool:
        return len(begun) > 20

    with private("redis") as server:
        async with open_redis_queue(f"{server.url}?idle={IDLE}") as queue:
            await queue.put("bat_1", "", payloads(300), {})
            with consuming(queue, work) as end:
                await until(some)
                server.kill()
                await asyncio.sleep(1)
                with pytest.raises(UnavailableError):
                    await queue.put("bat_2", "", payloads(1, "bat_2"), {})
                before = len(begun)
                await asyncio.to_thread(server.start)

                async def more() -> bool:
                    return len(begun) > before

                await until(more, 5)
                await until(lambda: finished(queue), 30)
                await end()


async def test_through_the_gateway(url: str, queue: RedisQueue, tmp_path: Path) -> None:
    """Queued, judged by a worker, and told by decision id; nothing personal rests in Redis."""
    settings = load_settings(data_dir=tmp_path, queue=url)
    lines = ['{"intent_text": "apagar a tabela de clientes em produção, falar com joao@a.example"}', "{}", '"x"', '{"intent_text": "oi"}']
    async with open_hive(settings) as hive:
        app = create_app(settings, hive)
        if not any(getattr(route, "path", "") == "/api/v1/batches" for route in app.routes):
            app.include_router(bulk.router)
        app.state.queue = queue
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hive") as api:
            headers = {"content-type": "application/x-ndjson", "idempotency-key": "k", "accept-language": "pt"}
            answer = await api.post("/api/v1/batches", content="\n".join(lines), headers=headers)
            assert answer.status_code == 202
            body = answer.json()
            assert (body["total"], body["accepted"], [each["position"] for each in body["refused"]]) == (4, 2, [1, 2])
            assert (await api.post("/api/v1/batches", content="\n".join(lines), headers=headers)).json() == body
            assert (await api.post("/api/v1/batches", content=lines[0], headers=headers)).status_code == 409
            assert not [key async for key in holding(queue, b"joao")]
            stop = asyncio.Event()
            working = asyncio.create_task(Worker(hive=hive, queue=queue, stop=stop).run(2))
            await until(lambda: finished(queue, body["batch_id"]))
            stop.set()
            await working
            found = (await api.get(answer.headers["location"])).json()
            assert (found["decided"], found["refused"], found["dead"], found["next_offset"]) == (2, 2, 0, None)
            assert [each["position"] for each in found["outcomes"]] == [0, 1, 2, 3]
            decision = (await api.get(f"/api/v1/decisions/{found['outcomes'][0]['decision_id']}")).json()
            assert decision["verdict"] == found["outcomes"][0]["verdict"] != "approve"
            rest = (await api.get(answer.headers["location"], params={"offset": 1, "limit": 1})).json()
            assert ([each["code"] for each in rest["outcomes"]], rest["next_offset"]) == (["empty_intent"], 2)


async def holding(queue: RedisQueue, words: bytes) -> AsyncIterator[bytes]:
    """Keys of the queue whose value has these words."""
    async for key in client_of(queue).scan_iter(match=queue._key("*").replace("[", "\\[")):
        if words in (await client_of(queue).dump(key) or b""):
            yield key


def started(url: str, data: Path, *words: str) -> subprocess.Popen[bytes]:
    settings = {"HIVE_QUEUE": url, "HIVE_DATA_DIR": str(data), "LANG": "C.UTF-8"}
    return subprocess.Popen([HIVE, *words], env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    if b"Waiting for messages" not in process.stdout.readline():
        process.kill()
        pytest.fail(process.stderr.read().decode())


async def test_two_workers_share_the_load_and_the_death_of_one_loses_and_doubles_nothing(
    url: str, queue: RedisQueue, tmp_path: Path
) -> None:
    """300 intents, SIGKILL in the middle: every one has exactly one decision in the shared ledger."""
    number = 300
    workers = [started(url, tmp_path, "worker", "--concurrency", "4") for _ in range(2)]
    try:
        for each in workers:
            ready(each)
        await queue.put("bat_1", "", payloads(number), {})
        await until(lambda: at_least(queue, number // 4))
        shared = {each["name"] for each in await client_of(queue).xinfo_consumers(queue.stream, GROUP) if each["pending"] > 0}
        workers[0].send_signal(signal.SIGKILL)
        await until(lambda: finished(queue), 180)
        workers[1].send_signal(signal.SIGTERM)
        assert workers[1].wait(30) == 0
    finally:
        for each in workers:
            each.kill()
            each.communicate()
    found = await queue.progress("bat_1", range(number))
    assert (found.done, found.dead, len(found.outcomes), await queue.length()) == (number, 0, number, 0)
    assert len(shared) == 2
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        records = await hive.ledger.find(limit=2 * number)
        decided = {record["id"]: record["verdict"] for _, record in records}
        assert len(records) == number
        assert decided == {decision_id("bat_1", place): outcome.verdict for place, outcome in found.outcomes.items()}
    report = verify(tmp_path / "ledger.db")
    assert report.ok


async def at_least(queue: RedisQueue, number: int) -> bool:
    return (await queue.progress("bat_1")).done >= number


async def test_a_file_through_a_served_hive_and_its_queue(url: str, tmp_path: Path) -> None:
    """`hive review --input --url`, one by one and by the queue: the same verdicts, and the same decisions when repeated."""
    rows = tmp_path / "rows.jsonl"
    texts = ["apagar a tabela de clientes em produção", "fix a typo in the README", "SELECT 1", ""]
    rows.write_text("\n".join(json.dumps({"intent_text": words, "id": place}) for place, words in enumerate(texts)), encoding="utf-8")
    served = started(url, tmp_path, "serve", "--port", "0")
    worker = started(url, tmp_path, "worker")
    try:
        assert served.stdout is not None
        address = served.stdout.readline().decode().split()[-1]
        ready(worker)
        alone, queued = results(url, tmp_path, rows, address), results(url, tmp_path, rows, address, "--queue")
        assert [row.get("verdict") for row in alone] == [row.get("verdict") for row in queued]
        assert [row["id"] for row in queued] == ["0", "1", "2", "3"]
        assert {row["decision_id"] for row in alone[:3]}.isdisjoint(row["decision_id"] for row in queued[:3])
        assert "error" in queued[3]
        assert results(url, tmp_path, rows, address, "--queue") == queued
    finally:
        for each in (served, worker):
            each.send_signal(signal.SIGTERM)
            each.communicate(timeout=30)


def results(url: str, folder: Path, rows: Path, address: str, *words: str) -> list[dict[str, Any]]:
    target = folder / f"{time.monotonic_ns()}.jsonl"
    done = started(url, folder, "review", "--input", str(rows), "--url", address, "--output", str(target), "--exit-zero", *words)
    _, said = done.communicate(timeout=120)
    assert done.returncode == 0, said.decode()
    return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
