"""The cache on Redis, one server or a cluster, which several gateways share; what fails is a miss.

Keys begin with a prefix and the format's version. A value stands behind a hash of its key and itself, so
that what was damaged, or belongs to another key, is a miss as well. With a secret that the gateways of one
ledger share, so is whatever anyone else has put there.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from neural_hive import telemetry
from neural_hive.cache.address import Address, read_address
from neural_hive.cache.reach import Reach
from neural_hive.errors import UnavailableError

_FORMAT = 2
_SEAL = 16  # bytes of the hash before each value
_MAX_BYTES = 2**20
_SOCKET = 1.0  # seconds after which a silent connection is given up; callers wait for the deadline only
_CONNECTIONS = 50
_MICROSECONDS = 1_000_000
_TIDY = 2.0  # seconds that closing may take

_AGREE = """
local there = redis.call('GET', KEYS[1])
if there then return there end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""

# A bucket is the moment at which it will be full again, in microseconds of the server's clock: no key is a full
# bucket. What cannot be read, or lies further away than an empty bucket, counts as no more than that.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local room, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or '')
if not full or full ~= full then full = now end
local debt = math.min(math.max(full - now, 0), room) + cost
if debt > room then return math.ceil(debt - room) end
if debt > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
else
  redis.call('DEL', KEYS[1])
end
return 0
"""


class RedisCache:
    """A `Cache`, and `Buckets`, on Redis.

    Args:
        client: The driver's client.
        address: What it was opened with.
        secret: What values are sealed with, at most 64 bytes; without one anyone can seal.
        max_bytes: Bytes of a value; a larger one is not kept.
    """

    def __init__(self, client: Any, address: Address, *, secret: bytes = b"", max_bytes: int = _MAX_BYTES) -> None:
        self._client = client
        self._secret = secret
        self._space = f"{address.prefix}:{_FORMAT}:"
        self._max_bytes = max_bytes
        self._reach = Reach(self._sign, place=address.place, refusal=ResponseError, deadline=address.deadline)
        self._everywhere = {"target_nodes": RedisCluster.PRIMARIES} if address.cluster else {}

    async def get(self, key: str) -> bytes | None:
        """The value, or None when absent, expired, damaged or out of reach."""
        name = self._space + key
        with suppress(UnavailableError):
            found = await self._reach.ask(lambda: self._client.get(name))
            return None if found is None else self._opened(name, found)
        return None

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds; a larger one than is allowed, or with no time to live, is not kept."""
        name = self._space + key
        with suppress(UnavailableError):
            if ttl <= 0 or len(value) > self._max_bytes:
                await self._reach.ask(lambda: self._client.delete(name))
            else:
                await self._reach.ask(lambda: self._client.set(name, self._sealed(name, value), px=_milliseconds(ttl)))

    async def agree(self, key: str, value: bytes, *, ttl: float) -> bytes:
        """The first value that anyone gave under this key; the given one when it cannot be shared."""
        if ttl <= 0 or len(value) > self._max_bytes:
            return value
        name = self._space + key
        sealed = self._sealed(name, value)
        with suppress(UnavailableError):
            there = self._opened(name, await self._reach.ask(lambda: self._client.eval(_AGREE, 1, name, sealed, _milliseconds(ttl))))
            if there is not None:
                return there
            await self.put(key, value, ttl=ttl)
        return value

    async def take(self, key: str, *, rate: float, burst: float, tokens: float = 1.0) -> float:
        """Take tokens, by the server's clock and in one step; raises UnavailableError."""
        name = f"{self._space}bucket:{key}"
        room, cost = (str(round(amount / rate * _MICROSECONDS)) for amount in (burst, tokens))
        wait = await self._reach.ask(lambda: self._client.eval(_TAKE, 1, name, room, cost))
        return int(wait) / _MICROSECONDS

    async def ping(self) -> None:
        """Whether every server answers, and in time.

        Raises:
            UnavailableError: One does not; until it does, everything is a miss.
        """
        await self._reach.look()

    async def open(self) -> None:
        """Connect, if that is possible now."""
        await self._reach.start()

    async def close(self) -> None:
        """Give up what is under way and close the connections."""
        await self._reach.close()
        with suppress(Exception):  # a server that is away does not answer a farewell
            async with asyncio.timeout(_TIDY):
                await self._client.aclose()

    def _sealed(self, name: str, value: bytes) -> bytes:
        return hashlib.blake2b(name.encode() + b"\0" + value, digest_size=_SEAL, key=self._secret).digest() + value

    def _opened(self, name: str, found: object) -> bytes | None:
        if isinstance(found, bytes) and hmac.compare_digest(found, self._sealed(name, found[_SEAL:])):
            return found[_SEAL:]
        telemetry.CACHE_FAILURES.labels(reason="damaged").inc()
        return None

    async def _sign(self) -> object:
        await self._client.ping(**self._everywhere)
        return await self._client.get(f"{self._space}sign")  # a cluster that lost a part answers pings, and nothing else


@asynccontextmanager
async def open_redis_cache(url: str, *, secret: bytes = b"") -> AsyncIterator[RedisCache]:
    """Open a cache; a server that is away is used as soon as it is there.

    Args:
        url: See `neural_hive.cache.address.read_address`.
        secret: See `RedisCache`; the gateways of one ledger have the same.

    Raises:
        SettingsError: The URL cannot be used.
    """
    address = read_address(url)
    cache = RedisCache(_cluster(address) if address.cluster else _server(address), address, secret=secret)
    try:
        await cache.open()
        yield cache
    finally:
        await cache.close()


def _server(address: Address) -> Any:
    timeouts: dict[str, Any] = {"socket_timeout": _SOCKET, "socket_connect_timeout": _SOCKET}
    retry = Retry(NoBackoff(), 1)  # a connection that the server closed while it was idle is no sign of anything
    pool = BlockingConnectionPool.from_url(address.url, max_connections=_CONNECTIONS, timeout=_SOCKET, retry=retry, protocol=2, **timeouts)
    return Redis.from_pool(pool)


def _cluster(address: Address) -> Any:
    return RedisCluster.from_url(
        address.url,
        startup_nodes=[ClusterNode(host, port) for host, port in address.nodes[1:]],
        retry=Retry(NoBackoff(), 3),  # once for a node that moved, and for the map that is then read anew
        max_connections=_CONNECTIONS,
        protocol=2,
        socket_timeout=_SOCKET,
        socket_connect_timeout=_SOCKET,
    )


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
