"""The queue on Redis Streams: one stream, one consumer group, the outcomes of each batch in a hash.

A message is deleted from the stream when it is acknowledged and never before, so the stream's
length is what waits or is under way. Outcomes and the last dead letters are kept for a week.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from neural_hive import telemetry
from neural_hive.bulk.base import Delivery, Outcome, Progress, Work
from neural_hive.bulk.scripts import FINISH, PUT
from neural_hive.errors import ConflictError, NotFoundError, SettingsError, UnavailableError

GROUP = "workers"
_DEADLINE = 5.0  # seconds for one command
_KEEP = 7 * 86_400  # seconds
_MOST_MESSAGES, _MOST_BYTES = 100_000, 256 << 20
_MOST_DEAD = 1_000  # dead letters; each may hold a whole message
_IDLE = 30.0  # seconds after which a message is taken from a worker that gave no sign of life
_COME_BACK = 5  # seconds

_PAUSE = 1.0  # seconds before a server that is away is tried again
_HELD = 10_000  # messages that one consumer may hold at most

_log = logging.getLogger("neural_hive.bulk")
_outcome = msgspec.json.Decoder(Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a queue's URL says after "?".

    Attributes:
        prefix: Before every key, so that several hives may share a server.
        idle: Seconds without a sign of life after which a worker's messages are taken over.
        most: Messages that may wait; a batch that exceeds it is sent away.
    """

    prefix: str = "hive"
    idle: float = _IDLE
    most: int = _MOST_MESSAGES


class RedisQueue:
    """See `Queue`.

    Args:
        client: Answers in bytes.
        url: Where a consumer connects.
        options: See `Options`.
    """

    def __init__(self, client: Redis, url: str, options: Options) -> None:
        self.url = url
        self.options = options
        self.stream = self._key("intents")
        self.idle = round(options.idle * 1000)  # milliseconds
        self._client = client
        self._put = client.register_script(PUT)
        self._finish = client.register_script(FINISH)

    async def put(self, batch: str, tag: str, payloads: Mapping[int, bytes], refused: Mapping[int, Outcome]) -> bool:
        """See `Queue.put`."""
        size = sum(map(len, payloads.values()))
        limits = (_KEEP, self.options.most, _MOST_BYTES)
        lines = [part for position, outcome in refused.items() for part in (position, msgspec.json.encode(outcome))]
        arguments: list[Any] = [tag, len(payloads) + len(refused), *limits, len(payloads), size, *payloads.values(), *lines]
        answer = (await _told(self._put(keys=self._keys(batch)[:4], args=arguments))).decode()
        if answer == "full":
            raise UnavailableError("error.queue_full", retry_after=_COME_BACK)
        if answer == "other":
            raise ConflictError("error.idempotency_conflict")
        telemetry.QUEUE_LENGTH.set(await self.length())
        return bool(answer == "queued")

    async def progress(self, batch: str, positions: Sequence[int] = ()) -> Progress:
        """See `Queue.progress`."""
        about, outcomes = self._keys(batch)[:2]
        pipe = self._client.pipeline(transaction=False)
        pipe.hmget(about, ["total", "refused", "dead"])
        pipe.hlen(outcomes)
        if positions:
            pipe.hmget(outcomes, [str(position) for position in positions])
        counts, done, *found = await _told(pipe.execute())
        if None in counts:
            raise NotFoundError("error.no_batch")
        listed = zip(positions, found[0] if found else (), strict=False)
        total, refused, dead = map(int, counts)
        return Progress(total, done, refused, dead, {position: _outcome.decode(each) for position, each in listed if each is not None})

    async def consume(self, work: Work, concurrency: int, stop: asyncio.Event) -> None:
        """See `Queue.consume`. A server that is away, or came back empty, is waited for."""
        from neural_hive.bulk.consumer import Consumer

        while not stop.is_set():
            try:
                await self._found_group()
                await Consumer(self, consumer_name(), work, concurrency).run(stop)
            except UnavailableError as error:
                _log.warning(error.key)
                await asyncio.sleep(_PAUSE)

    async def length(self) -> int:
        """See `Queue.length`."""
        return int(await _told(self._client.xlen(self.stream)))

    async def ping(self) -> str:
        """See `Queue.ping`."""
        return f"redis, {await self.length()}"

    async def finish(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Write down what became of a message and take it out of the stream, in one step.

        Returns:
            False when another worker was first.
        """
        message = delivery.message
        batch, place = (message.batch, str(message.position)) if message else ("", "")
        reason = outcome.error if outcome.dead else ""
        arguments: list[Any] = [GROUP, delivery.id, len(delivery.payload), _KEEP, place, msgspec.json.encode(outcome), reason]
        arguments += [delivery.deliveries, delivery.payload if outcome.keep else b"", _MOST_DEAD, batch]
        return bool(await _told(self._finish(keys=self._keys(batch), args=arguments)))

    async def writable(self, consumer: str) -> None:
        """Ask for a step that only a server which takes writes can do: a replica answers every question.

        Raises:
            UnavailableError: It cannot, or the group is gone.
        """
        await _told(self._client.xgroup_createconsumer(self.stream, GROUP, consumer))

    async def alive(self, consumer: str, ids: Sequence[str]) -> None:
        """Tell the group that these messages are still being worked on."""
        await _told(self._client.xclaim(self.stream, GROUP, consumer, 0, list(ids), justid=True))

    async def leave(self, consumer: str) -> None:
        """Leave the group: messages that were fetched and not begun are free for others at once."""
        held = await _told(self._client.xpending_range(self.stream, GROUP, "-", "+", _HELD, consumername=consumer))
        if held:
            ids = [each["message_id"] for each in held]
            await _told(self._client.xclaim(self.stream, GROUP, consumer, 0, ids, idle=self.idle, justid=True))
        await self._forget_the_dead()

    async def _forget_the_dead(self) -> None:
        """Consumers that hold nothing and have not been seen for a while are names only."""
        for each in await _told(self._client.xinfo_consumers(self.stream, GROUP)):
            if each["pending"] == 0 and each["idle"] > 10 * self.idle:
                await _told(self._client.xgroup_delconsumer(self.stream, GROUP, each["name"]))

    async def _found_group(self) -> None:
        """The group starts at the stream's beginning, so what was queued before the first worker is not passed over."""
        try:
            await _told(self._client.xgroup_create(self.stream, GROUP, id="0", mkstream=True), expected=ResponseError)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise UnavailableError("error.queue_unreachable") from error

    def _key(self, name: str) -> str:
        return f"{{{self.options.prefix}}}:{name}"  # the braces keep all keys in one slot

    def _keys(self, batch: str) -> list[str]:
        names = (f"batch:{batch}", f"outcomes:{batch}", "intents", "bytes", "dead")
        return [self._key(name) for name in names]


@asynccontextmanager
async def open_redis_queue(url: str) -> AsyncIterator[RedisQueue]:
    """A queue at `redis://host:port/db` or `rediss://...`; `?prefix=...&idle=...&most=...` are its options.

    The server need not be there yet.

    Raises:
        SettingsError: The URL cannot be used.
    """
    address, options = _read(url)
    try:
        client = Redis.from_url(address, socket_timeout=_DEADLINE, socket_connect_timeout=_DEADLINE)
    except (ValueError, RedisError) as error:
        raise SettingsError("error.queue_url") from error
    try:
        yield RedisQueue(client, address, options)
    finally:
        await client.aclose()


def consumer_name() -> str:
    """A name that no other worker has."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def _read(url: str) -> tuple[str, Options]:
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    try:
        options = Options(
            prefix=given.pop("prefix", "hive"), idle=float(given.pop("idle", _IDLE)), most=int(given.pop("most", _MOST_MESSAGES))
        )
    except ValueError as error:
        raise SettingsError("error.queue_url") from error
    if options.idle <= 0 or options.most < 1 or any(not name.startswith("ssl_") for name in given):
        raise SettingsError("error.queue_url")
    return urlunsplit(parts._replace(query=urlencode(given))), options


async def _told(command: Awaitable[Any], *, expected: type[RedisError] | None = None) -> Any:
    """What the server answers within the deadline.

    Raises:
        UnavailableError: It does not, or refuses; `expected` passes.
    """
    try:
        async with asyncio.timeout(_DEADLINE):
            return await command
    except (RedisError, OSError, TimeoutError) as error:
        if expected is not None and isinstance(error, expected):
            raise
        raise UnavailableError("error.queue_unreachable") from error
