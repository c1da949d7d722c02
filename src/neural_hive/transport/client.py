"""A specialist behind `grpc://host:port`: one line, calls with a deadline, everything that goes wrong an UnavailableError.

A DNS name may stand for many servers (a headless service); calls go to them in turn. Several addresses
may also be written out: `grpc://10.0.0.1:50051,10.0.0.2:50051`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import grpc
import grpc.aio

from neural_hive.errors import UnavailableError
from neural_hive.settings import Auth, Tls
from neural_hive.specialists.memo import once_for
from neural_hive.tokens.exposure import is_loopback
from neural_hive.tokens.own import TokenFile, token_file
from neural_hive.transport import wire
from neural_hive.transport.access import metadata
from neural_hive.transport.channel import MOST_BYTES, Line, host_of, open_line
from neural_hive.transport.guard import Breaker
from neural_hive.types import ModelInfo, Opinion, Plan

T = TypeVar("T")
_log = logging.getLogger(__name__)

_MARGIN = 0.1  # of a deadline, and seconds at most, that are left to the caller to conclude

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
    """The port of a specialist over one line.

    Args:
        name: The specialist that is expected to answer.
        line: Where.
        deadline: Seconds that the caller waits; a call takes a little less.
        breaker: What keeps callers away while it fails.
        own: The token that is shown where nobody calls.
    """

    def __init__(self, name: str, line: Line, *, deadline: float, breaker: Breaker | None = None, own: TokenFile | None = None) -> None:
        self.name = name
        self._own = own
        self._line = line
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
        name, model = self._read(wire.decode_description, await self._called(wire.DESCRIBE, wire.DESCRIBE_REQUEST))
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
        opinions = self._read(wire.decode_answer, await self._called(wire.EVALUATE, question, metadata(self._own)))
        if any(opinion.specialist != self.name for opinion in opinions):
            raise self._error("unreadable")
        return opinions if len(opinions) == len(plans) else opinions[:1]

    async def _called(self, path: str, request: bytes, shown: tuple[tuple[str, str], ...] = ()) -> bytes:
        try:
            return await self._line.method(path, self._timeout)(request, timeout=self._timeout, metadata=shown)
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
    first, own = host_of(url, name), token_file(auth)
    if urlsplit(url).scheme == "grpc":
        if tls.cert or tls.ca:
            _log.warning("grpc:// speaks in the clear in spite of the files in tls; write grpcs:// for specialists.%s", name)
        if auth is not None and auth.mode == "oidc" and not is_loopback(first):
            _log.warning("tokens go to specialists.%s over grpc:// in the clear; write grpcs://", name)
    line = open_line(url, name, tls)
    try:
        yield RemoteSpecialist(name, line, deadline=specialist_deadline, own=own)
    finally:
        await line.close()
