"""Deliveries from the stream, by FastStream: new messages, and those that a dead worker left behind.

Acknowledging is ours: the outcome, the acknowledgement and the removal are one step in Redis.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.annotations import RedisStreamMessage
from redis.exceptions import RedisError

from neural_hive import telemetry
from neural_hive.bulk.base import Delivery, Work
from neural_hive.bulk.message import Message, decode
from neural_hive.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from neural_hive.bulk.streams import RedisQueue

_log = logging.getLogger("neural_hive.bulk")
_broker_log = logging.getLogger("neural_hive.bulk.faststream")
_broker_log.setLevel(logging.WARNING)  # below that it tells of its own tasks
_POLL = 500  # milliseconds that one read waits for messages
_LOOK = 0.5  # seconds between two looks at the server
_GRACE = 30.0  # seconds that reviews under way have at the end; each has deadlines far below
_DEADLINE = 5.0  # seconds for one command
_SIGNS = 3  # of life within the idle time


class Consumer:
    """One member of the group.

    Args:
        queue: Whose messages.
        name: What the group calls it; no other consumer has this name.
        work: What to do with a delivery.
        concurrency: How many at once; as many again may be fetched ahead.
    """

    def __init__(self, queue: RedisQueue, name: str, work: Work, concurrency: int) -> None:
        self._queue = queue
        self._name = name
        self._work = work
        self._under_way: set[str] = set()
        self._broker = RedisBroker(
            queue.url,
            socket_timeout=_DEADLINE,
            socket_connect_timeout=_DEADLINE,
            graceful_timeout=_GRACE,
            logger=_broker_log,
            log_level=logging.DEBUG,
        )
        self._subscribers = [
            self._subscribed(self._fresh, concurrency, polling_interval=_POLL, max_records=concurrency),
            self._subscribed(self._left_behind, 1, polling_interval=max(1, queue.idle // _SIGNS), min_idle_time=queue.idle),
        ]

    def _subscribed(self, handler: Any, workers: int, **how: Any) -> Any:
        from neural_hive.bulk.streams import GROUP

        stream = StreamSub(self._queue.stream, group=GROUP, consumer=self._name, **how)
        subscriber = self._broker.subscriber(stream=stream, ack_policy=AckPolicy.MANUAL, no_reply=True, max_workers=workers)
        subscriber(handler)
        return subscriber

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set or the stream is gone; what is under way is finished.

        Raises:
            UnavailableError: The server cannot be reached or written to.
        """
        try:
            async with asyncio.timeout(2 * _DEADLINE):
                await self._broker.start()
        except (RedisError, OSError, TimeoutError) as error:
            await self._broker.stop()
            raise UnavailableError("error.queue_unreachable") from error
        signs = asyncio.create_task(self._give_signs())
        try:
            await self._watch(stop)
        finally:
            await self._broker.stop()
            signs.cancel()
            with suppress(UnavailableError):
                await self._queue.leave(self._name)

    async def _watch(self, stop: asyncio.Event) -> None:
        """Until `stop` is set or the stream is gone or cannot be written to.

        FastStream itself would wait long for a server that comes back, and ask one that refuses again at once, without end.
        """
        while all(subscriber.running for subscriber in self._subscribers):
            await self._queue.writable(self._name)
            telemetry.QUEUE_LENGTH.set(await self._queue.length())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK)
                return

    async def _give_signs(self) -> None:
        """Of life, so that a review that takes long is not taken over."""
        while True:
            await asyncio.sleep(self._queue.idle / 1000 / _SIGNS)
            if self._under_way:
                with suppress(UnavailableError):
                    await self._queue.alive(self._name, tuple(self._under_way))

    async def _fresh(self, message: RedisStreamMessage) -> None:
        await self._handle(message, left_behind=False)

    async def _left_behind(self, message: RedisStreamMessage) -> None:
        await self._handle(message, left_behind=True)

    async def _handle(self, message: RedisStreamMessage, *, left_behind: bool) -> None:
        raw: Any = message.raw_message
        name = raw["message_ids"][0].decode()
        if name in self._under_way:
            return
        self._under_way.add(name)
        try:
            deliveries = await message.get_delivery_count() if left_behind else 1
            await self._done(Delivery(name, payload := raw["data"].get(b"__data__", b""), _read(payload), deliveries))
        except (UnavailableError, RedisError) as error:
            _log.warning("not acknowledged: %s", getattr(error, "key", type(error).__name__))
        except Exception as error:  # noqa: BLE001 -- a message that breaks the work is handed out again, and ends as a dead letter
            telemetry.BULK_MESSAGES.labels(result="failed").inc()
            _log.error("work failed: %s", telemetry.frames(error))
        finally:
            self._under_way.discard(name)

    async def _done(self, delivery: Delivery) -> None:
        outcome = await self._work(delivery)
        if await self._queue.finish(delivery, outcome):
            telemetry.BULK_MESSAGES.labels(result="dead" if outcome.dead else "decided").inc()


def _read(payload: bytes) -> Message | None:
    try:
        return decode(payload)
    except InputError:
        return None
