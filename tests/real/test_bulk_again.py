"""The queue on a real Redis after something went wrong: what was left undecided comes again, and what is left over is bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from neural_hive.bulk import streams
from neural_hive.bulk.base import Delivery, Outcome
from neural_hive.bulk.streams import RedisQueue, open_redis_queue
from neural_hive.errors import ConflictError
from tests.real.bulk_place import DONE, IDLE, client_of, consuming, finish, finished, own_url, payloads, until
from tests.services import private

pytestmark = pytest.mark.real


@pytest.fixture
async def queue() -> AsyncIterator[RedisQueue]:
    async with own_url() as address, open_redis_queue(address) as opened:
        yield opened


async def test_a_batch_with_dead_lines_may_be_sent_again(queue: RedisQueue) -> None:
    """Once it has ended; what was decided finds its decision, and the rest is judged after all."""
    dead = Outcome(error="error.no_opinions", dead=True, keep=True)
    refused = {3: Outcome(error="error.empty_intent")}
    assert await queue.put("bat_1", "tag", payloads(3), refused)
    await finish(queue, {1: dead})
    found = await queue.progress("bat_1", range(4))
    assert (found.done, found.dead, found.outcomes[1]) == (4, 1, dead)
    with pytest.raises(ConflictError):
        await queue.put("bat_1", "other", payloads(3), refused)
    assert await queue.put("bat_1", "tag", payloads(3), refused)
    found = await queue.progress("bat_1", range(4))
    assert (found.total, found.done, found.refused, found.dead, found.outcomes) == (4, 1, 1, 0, refused)
    assert not await queue.put("bat_1", "tag", payloads(3), refused), "it is under way"
    await finish(queue, {})
    assert not await queue.put("bat_1", "tag", payloads(3), refused), "it has ended well"
    assert (await queue.progress("bat_1")).dead == await queue.length() == 0


async def test_a_batch_whose_messages_are_lost_may_be_sent_again(queue: RedisQueue) -> None:
    """Nor does the room that they took stay taken."""
    assert await queue.put("bat_1", "tag", payloads(3), {})
    await client_of(queue).delete(queue.stream)
    await client_of(queue).set(queue._key("bytes"), 1 << 40)
    assert await queue.put("bat_2", "", payloads(1, "bat_2"), {})
    assert await queue.put("bat_3", "", payloads(1, "bat_3"), {})
    await finish(queue, {})
    assert await queue.put("bat_1", "tag", payloads(3), {})
    await finish(queue, {})
    assert await finished(queue)
    assert int(await client_of(queue).get(queue._key("bytes"))) == 0


async def test_dead_letters_are_bounded_and_keep_what_nobody_can_mend(queue: RedisQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_MOST_DEAD", 100)
    await queue.put("bat_1", "", payloads(600), {})
    await finish(queue, dict.fromkeys(range(600), Outcome(error="error.empty_intent", dead=True)))
    assert 100 <= await client_of(queue).xlen(queue._key("dead")) < 400
    await queue.put("bat_2", "", payloads(1, "bat_2"), {})
    await finish(queue, {0: Outcome(error="error.queue_poison", dead=True, keep=True)})
    letters = [fields for _, fields in await client_of(queue).xrange(queue._key("dead"))]
    assert {(letter[b"batch"], bool(letter[b"message"])) for letter in letters} == {(b"bat_1", False), (b"bat_2", True)}


async def test_a_server_that_takes_no_writes_is_waited_for_quietly() -> None:
    """A replica answers every question; asking it without end would keep a core busy."""

    async def work(delivery: Delivery) -> Outcome:
        return DONE

    with private("redis") as server:
        async with open_redis_queue(f"{server.url}?idle={IDLE}") as queue:
            with consuming(queue, work) as end:
                await queue.put("bat_1", "", payloads(3), {})
                await until(lambda: finished(queue))
                await client_of(queue).execute_command("REPLICAOF", "127.0.0.1", "1")
                await asyncio.sleep(1.5)
                before = time.process_time()
                await asyncio.sleep(3)
                spent = time.process_time() - before
                await client_of(queue).execute_command("REPLICAOF", "NO", "ONE")
                await queue.put("bat_2", "", payloads(3, "bat_2"), {})
                await until(lambda: finished(queue, "bat_2"), 10)
                await end()
    assert spent < 1.0
