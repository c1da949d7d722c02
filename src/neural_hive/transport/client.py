"""A specialist behind `grpc://host:port`: one channel, calls with a deadline, everything that goes wrong an UnavailableError.

A DNS name may stand for many servers (a headless service); calls go to them in turn. Several addresses
may also be written out: `grpc://10.0.0.1:50051,10.0.0.2:50051`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
import grpc.aio

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.settings import Auth, Tls
from neural_hive.specialists.memo import once_for
from neural_hive.tokens.exposure import is_loopback
from neural_hive.tokens.own import TokenFile, token_file
from neural_hive.transport import wire
from neural_hive.transport.access import metadata
from neural_hive.transport.guard import Breaker
from neural_hive.transport.tls import channel_credentials
from neural_hive.types import ModelInfo, Opinion, Plan

T = TypeVar("T")
_Method = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
_log = logging.getLogger(__name__)

PORT = 50051
MOST_BYTES = 8 * 1_048_576
_MARGIN = 0.1  # of a deadline, and seconds at most, that are left to the caller to conclude

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
_REASONS = {
    grpc.StatusCode.UNAVAILABLE: "refused",
    grpc.StatusCode.DEADLINE_EXCEEDED: "deadline",
    grpc.StatusCode.INVALID_ARGUMENT: "declined",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "crowded",
    grpc.StatusCode.UNAUTHENTICATED: "unauthorized",
    grpc.StatusCode.PERMISSION_DENIED: "unauthorized",
}

# One that does not take this plan or this token is there and well.
_NOT_AT_FAULT = ("error.specialist_declined", "error.specialist_unauthorized")

_encoded = once_for(wire.encode_question)  # four specialists are asked the same


class RemoteSpecialist:
    """The port of a specialist over one channel.

    Args:
        name: The specialist that is expected to answer.
        channel: Where.
        deadline: Seconds that the caller waits; a call takes a little less.
        breaker: What keeps callers away while it fails.
        own: The token that is shown where nobody calls.
    """

    def __init__(
        self, name: str, channel: grpc.aio.Channel, *, deadline: float, breaker: Breaker | None = None, own: TokenFile | None = None
    ) -> None:
        self.name = name
        self._own = own
        self._evaluate: _Method = channel.unary_unary(wire.EVALUATE)
        self._describe: _Method = channel.unary_unary(wire.DESCRIBE)
        self._deadline = deadline
        self._timeout = deadline - min(_MARGIN, _MARGIN * deadline)
        self._breaker = breaker or Breaker()

    async def evaluate(self, plan: Plan) -> Opinion:
        """Ask for the opinion on a plan; see the port."""
        return (await self.evaluate_all((plan,)))[0]

    async def evaluate_all(self, plans: tuple[Plan, ...]) -> tuple[Opinion, ...]:
        """Ask about a plan and changes of it in one call.

        Args:
            plans: The plan, which is judged in full, and changes of it, which are judged without words.

        Returns:
            One opinion for each plan, or only the first when the server does not judge changes.

        Raises:
            UnavailableError: No opinion can be had now.
        """
        if not self._breaker.admits():
            raise self._error("resting")
        try:
            opinions = await self._asked(plans)
        except UnavailableError as error:
            (self._breaker.succeeded if error.key in _NOT_AT_FAULT else self._breaker.failed)()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return opinions

    async def describe(self) -> ModelInfo:
        """Ask what answers there, past the breaker: whoever asks wants to know how things are.

        Raises:
            UnavailableError: It does not answer.
        """
        name, model = self._read(wire.decode_description, await self._called(self._describe, wire.DESCRIBE_REQUEST))
        if name != self.name:
            raise self._error("unreadable")
        self._breaker.revived()  # whoever is not well does not describe itself
        return model

    async def _asked(self, plans: tuple[Plan, ...]) -> tuple[Opinion, ...]:
        try:
            question = _encoded(plans)
        except (ValueError, TypeError, LookupError):
            raise self._error("declined") from None
        if len(question) > MOST_BYTES:
            raise self._error("declined")
        opinions = self._read(wire.decode_answer, await self._called(self._evaluate, question, metadata(self._own)))
        if any(opinion.specialist != self.name for opinion in opinions):
            raise self._error("unreadable")
        return opinions if len(opinions) == len(plans) else opinions[:1]

    async def _called(self, method: _Method, request: bytes, shown: tuple[tuple[str, str], ...] = ()) -> bytes:
        try:
            return await method(request, timeout=self._timeout, metadata=shown)
        except grpc.aio.AioRpcError as error:
            _log.debug("call of %s ended with %s", self.name, error.code().name)
            raise self._error(_REASONS.get(error.code(), "broken")) from None
        except (grpc.RpcError, grpc.aio.UsageError):
            raise self._error("refused") from None

    def _read(self, decode: Callable[[bytes], T], data: bytes) -> T:
        try:
            return decode(data)
        except ValueError:
            raise self._error("unreadable") from None

    def _error(self, reason: str) -> UnavailableError:
        return UnavailableError(f"error.specialist_{reason}", name=self.name, seconds=f"{self._deadline:g}")


@asynccontextmanager
async def open_grpc_specialist(
    url: str, *, name: str, tls: Tls, specialist_deadline: float, auth: Auth | None = None
) -> AsyncIterator[RemoteSpecialist]:
    """A specialist behind a URL. Whether anybody is there is found out by the first call, so the order of starting does not matter.

    Args:
        url: `grpc://` or `grpcs://` with a host and port, or with several IP addresses between commas.
        name: The specialist that is expected there.
        tls: Files for `grpcs://`.
        specialist_deadline: Seconds that the caller waits for an answer.
        auth: Names the file with the token that is shown where nobody calls; a caller's own token always goes along.

    Raises:
        SettingsError: The URL, a file of `tls` or the token's file cannot be used.
    """
    (target, first), own = _target(url, name), token_file(auth)
    if urlsplit(url).scheme == "grpcs":
        # Certificates of servers that are written out in a row must all hold for the first of them.
        channel = grpc.aio.secure_channel(target, channel_credentials(tls), options=[*_OPTIONS, ("grpc.default_authority", first)])
    else:
        if tls.cert or tls.ca:
            _log.warning("grpc:// speaks in the clear in spite of the files in tls; write grpcs:// for specialists.%s", name)
        if auth is not None and auth.mode == "oidc" and not is_loopback(first):
            _log.warning("tokens go to specialists.%s over grpc:// in the clear; write grpcs://", name)
        channel = grpc.aio.insecure_channel(target, options=_OPTIONS)
    async with channel:
        yield RemoteSpecialist(name, channel, deadline=specialist_deadline, own=own)


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
