"""A queue on the real Redis that nobody else has, messages for it, and who works on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

from neural_hive.bulk.base import Delivery, Outcome
from neural_hive.bulk.message import decode, encode, message_of
from neural_hive.bulk.streams import GROUP, RedisQueue, open_redis_queue
from neural_hive.types import Intent
from tests.services import url_of

IDLE = 1.0
DONE = Outcome(verdict="approve", harm_probability=0.1, confidence=1.0, divergence=0.0)


@asynccontextmanager
async def own_url() -> AsyncIterator[str]:
    """Of a queue that nobody else has; its keys are removed."""
    prefix = f"test-{uuid4().hex}"
    address = f"{url_of('redis')}?prefix={prefix}&idle={IDLE}&most=1000"
    yield address
    async with open_redis_queue(address) as opened:
        async for key in client_of(opened).scan_iter(match=f"{{{prefix}}}*"):
            await client_of(opened).delete(key)


def client_of(queue: RedisQueue) -> Any:
    return queue._client


def payloads(number: int, batch: str = "bat_1") -> dict[int, bytes]:
    return {
        place: encode(message_of(Intent(text=f"apagar a tabela {place} em produção"), batch, place, "0f" * 16)) for place in range(number)
    }


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 -- another process makes it true
            await asyncio.sleep(0.02)


async def finished(queue: RedisQueue, batch: str = "bat_1") -> bool:
    found = await queue.progress(batch)
    return found.done == found.total


@contextmanager
def consuming(queue: RedisQueue, work: Callable[[Delivery], Awaitable[Outcome]], concurrency: int = 4) -> Iterator[Any]:
    stop = asyncio.Event()
    task = asyncio.create_task(queue.consume(work, concurrency, stop))

    async def end() -> None:
        stop.set()
        await task

    try:
        yield end
    finally:
        task.cancel()


async def finish(queue: RedisQueue, outcomes: dict[int, Outcome]) -> None:
    """Hand out what waits and end each message like this."""
    await queue._found_group()
    for _, messages in await client_of(queue).xreadgroup(GROUP, "test", {queue.stream: ">"}):
        for name, fields in messages:
            message = decode(fields[b"__data__"])
            await queue.finish(Delivery(name.decode(), fields[b"__data__"], message), outcomes.get(message.position, DONE))
