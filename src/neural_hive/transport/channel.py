"""Channels to `grpc://host:port`: addresses, options, and a new channel in place of one whose certificates were replaced."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import grpc.aio

from neural_hive.errors import SettingsError
from neural_hive.settings import Tls
from neural_hive.transport import wire
from neural_hive.transport.tls import channel_credentials, stamp

_Call = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
_log = logging.getLogger(__name__)

PORT = 50051
MOST_BYTES = 8 * 1_048_576
_LOOK = 10.0  # seconds between two looks at the certificates' files

# Only what never reached a server, or came back before a first byte, is tried again; the call's deadline holds for all attempts.
_RETRY = {
    "maxAttempts": 3,
    "initialBackoff": "0.05s",
    "maxBackoff": "0.2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{"name": [{"service": wire.SERVICE}], "retryPolicy": _RETRY}],
    "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.5},
}
_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_send_message_length", MOST_BYTES),
    ("grpc.max_receive_message_length", MOST_BYTES),
    # With the probe, frames grow to megabytes: noise on the line is then read as the beginning of a huge one and waited for.
    ("grpc.http2.bdp_probe", 0),
    # A silent connection is noticed within 3 s, and a server that is back is found within about 1 s.
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.dns_min_time_between_resolutions_ms", 1000),
)


class Line:
    """Calls over a channel. When the files of `tls` are others, a new channel takes its place; calls under way end on the old one.

    Args:
        make: Opens a channel with what the files hold now; raises SettingsError when they cannot be used.
        tls: The files.
        clock: Seconds that only grow.
    """

    def __init__(self, make: Callable[[], grpc.aio.Channel], tls: Tls, clock: Callable[[], float] = time.monotonic) -> None:
        self._make, self._tls, self._clock = make, tls, clock
        self._stamp, self._looked = stamp(tls), clock()
        self._ending: set[asyncio.Task[None]] = set()
        self._take(make())

    def method(self, path: str, seconds: float) -> _Call:
        """What calls a method; a channel that it replaces lives on for that many seconds."""
        if self._clock() - self._looked >= _LOOK:
            self._look(seconds)
        if path not in self._methods:
            self._methods[path] = self._channel.unary_unary(path)
        return self._methods[path]

    async def close(self) -> None:
        """End the channel, with what is under way; one that was replaced has its time first."""
        await self._channel.close()
        await asyncio.gather(*self._ending)

    def _take(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._methods: dict[str, _Call] = {}

    def _look(self, seconds: float) -> None:
        self._looked, seen = self._clock(), stamp(self._tls)
        if seen == self._stamp:
            return
        self._stamp, old = seen, self._channel
        try:
            self._take(self._make())
        except SettingsError as error:
            _log.warning("new certificate files cannot be used; the old ones stay: %s", error)
            return
        task = asyncio.create_task(old.close(grace=seconds))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def open_line(url: str, name: str, tls: Tls, clock: Callable[[], float] = time.monotonic) -> Line:
    """A line to `grpc://` or `grpcs://` with a host and port, or with several IP addresses between commas.

    Raises:
        SettingsError: The URL of that specialist, or a file of `tls`, cannot be used.
    """
    target, first = _target(url, name)

    def secure() -> grpc.aio.Channel:
        # Certificates of servers that are written out in a row must all hold for the first of them.
        return grpc.aio.secure_channel(target, channel_credentials(tls), options=[*_OPTIONS, ("grpc.default_authority", first)])

    if urlsplit(url).scheme == "grpcs":
        return Line(secure, tls, clock)
    return Line(lambda: grpc.aio.insecure_channel(target, options=_OPTIONS), Tls(), clock)


def host_of(url: str, name: str) -> str:
    """The first host in the URL of a specialist.

    Raises:
        SettingsError: The URL cannot be used.
    """
    return _target(url, name)[1]


def _target(url: str, name: str) -> tuple[str, str]:
    """What gRPC calls the address, and the first host in it."""
    parts = [_address(part, name) for part in urlsplit(url).netloc.split(",")]
    if len(parts) == 1:
        return f"dns:///{_joined(*parts[0])}", parts[0][0]
    families = {_family(host) for host, _ in parts}
    if len(families) != 1 or "" in families:
        raise SettingsError("error.grpc_url", name=name)
    return f"{families.pop()}:{','.join(_joined(host, port) for host, port in parts)}", parts[0][0]


def _address(part: str, name: str) -> tuple[str, int]:
    try:
        found = urlsplit(f"//{part}")
        host, port = found.hostname, found.port
    except ValueError:
        host, port = None, None
    if not host or "@" in part:
        raise SettingsError("error.grpc_url", name=name)
    return host, port or PORT


def _family(host: str) -> str:
    """ipv4, ipv6, or nothing for a name."""
    try:
        return f"ipv{ip_address(host).version}"
    except ValueError:
        return ""


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
