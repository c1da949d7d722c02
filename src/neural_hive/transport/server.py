"""A specialist on gRPC: judging, describing itself, health and reflection, and leaving without dropping what is under way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection  # type: ignore[import-untyped]

from neural_hive.errors import SettingsError
from neural_hive.messages import text
from neural_hive.ops import Pulse
from neural_hive.settings import Tls
from neural_hive.specialists.base import Specialist
from neural_hive.telemetry import frames
from neural_hive.tokens.base import MOST_CHARS, Guard
from neural_hive.transport import wire
from neural_hive.transport.access import Method, guarded, traced
from neural_hive.transport.tls import server_credentials
from neural_hive.types import Action, Language, Opinion, Plan, Task

_log = logging.getLogger(__name__)

_MOST_BYTES = 8 * 1_048_576  # twice what a request body of the size that is let in by default becomes
_MOST_METADATA = 2 * MOST_CHARS  # bytes
_MOST_CALLS = 128  # under way at the same time; more are turned away, and tried elsewhere or again
_GRACE = 5.0  # seconds that calls under way have at the end
_MOST_LARGE = 8  # large questions that wait for the thread
_SMALL = 8_192  # bytes; a longer question is judged in a thread, so that others are heard meanwhile
_FOR_CHANGES = 0.6  # of a call's time; later than that, no change is judged any more
_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a second server beside the first
    ("grpc.max_send_message_length", _MOST_BYTES),
    ("grpc.max_receive_message_length", _MOST_BYTES),
    # A token that the gateway takes must pass here too. What gRPC refuses for its length counts as a failure of the specialist.
    ("grpc.max_metadata_size", _MOST_METADATA),
    ("grpc.absolute_max_metadata_size", _MOST_METADATA),
    # Gateways ask every 2 s whether the connection is alive.
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Whoever calls looks a name up again when a connection ends: without this, a server that is new behind it is never asked.
    ("grpc.max_connection_age_ms", 30_000),
    ("grpc.max_connection_age_grace_ms", 10_000),
)
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# One in each language: the words of a language are loaded when they are first met, which takes as long as a hundred answers.
_WORDS: tuple[tuple[Language, str], ...] = (("en", "delete the customers table"), ("pt", "apagar a tabela de clientes"))
_FIRST = tuple(
    Plan(
        tasks=(
            Task(
                id="t1", description=words, actions=(Action(operation="delete", object="table", task_id="t1", end=len(words), text=words),)
            ),
        ),
        language=language,
        title=words,
    )
    for language, words in _WORDS
)


@dataclass(frozen=True, slots=True)
class _Budget:
    """The time that a call has, on the monotonic clock."""

    start: float
    until: float

    @property
    def spent(self) -> float:
        """The share that has passed."""
        return (time.monotonic() - self.start) / (self.until - self.start)


class _LateError(Exception):
    """Nobody waits for the answer any more."""


class _UnreadableError(Exception):
    """The question cannot be read."""


class _CrowdedError(Exception):
    """Too many large questions wait."""


class _Desk:
    """Takes questions as bytes and answers in bytes."""

    def __init__(self, specialist: Specialist, pulse: Pulse, guard: Guard | None = None) -> None:
        self._specialist = specialist
        self._guard = guard
        self._pulse = pulse
        self._large = 0
        self._worded: Callable[[Plan], Opinion] | None = getattr(specialist, "evaluate_sync", None)
        self._brief: Callable[[Plan], Opinion] | None = getattr(specialist, "judge", None)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judge")

    def handlers(self) -> grpc.GenericRpcHandler:
        """The service under its name in the contract."""
        methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "EvaluatePlan": grpc.unary_unary_rpc_method_handler(self._evaluation()),
            "Describe": grpc.unary_unary_rpc_method_handler(self.describe),
        }
        return grpc.method_handlers_generic_handler(wire.SERVICE, methods)

    def _evaluation(self) -> Method:
        return traced(guarded(self.evaluate, self._guard), wire.EVALUATE.lstrip("/"), self._specialist.name)

    async def judge_first(self) -> None:
        """Load what the first question would load, and see that it can judge."""
        for plan in _FIRST:
            await self._specialist.evaluate(plan)

    async def evaluate(self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        """Answer a question; its deadline is looked at right before it is judged."""
        try:
            return await self._answer(request, _budget(context))
        except _LateError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, text("transport.late", "en"))
        except _UnreadableError:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, text("transport.unreadable", "en"))
        except _CrowdedError:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text("transport.crowded", "en"))
        except Exception as error:  # noqa: BLE001 -- a specialist may be foreign code; its message may quote the plan, so it stays here
            _log.warning("specialist %s failed: %s", self._specialist.name, frames(error))
            await context.abort(grpc.StatusCode.INTERNAL, text("transport.failed", "en"))
        raise AssertionError  # abort raises

    async def describe(self, _: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        """Say who answers and with which model; one that cannot judge does not."""
        if not self._pulse.well:
            await context.abort(grpc.StatusCode.INTERNAL, text("transport.failed", "en"))
        try:
            return wire.encode_description(self._specialist.name, await self._specialist.describe())
        except Exception as error:  # noqa: BLE001 -- as in `evaluate`
            _log.warning("specialist %s cannot describe itself: %s", self._specialist.name, frames(error))
            await context.abort(grpc.StatusCode.INTERNAL, text("transport.failed", "en"))
        raise AssertionError  # abort raises

    def close(self) -> None:
        """Let the thread end; what it works on is finished by now, or nobody waits for it."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: bytes, budget: _Budget) -> bytes:
        if self._worded is None:
            return await self._awaited(request, budget)
        if len(request) <= _SMALL:
            return self._judged(self._worded, request, budget)
        if self._large >= _MOST_LARGE:
            raise _CrowdedError
        self._large += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._judged, self._worded, request, budget)
        finally:
            self._large -= 1

    def _judged(self, worded: Callable[[Plan], Opinion], request: bytes, budget: _Budget) -> bytes:
        plan, *changed = _question(request, budget)
        opinion, brief = worded(plan), self._brief or worded
        return _answer(opinion, [_curt(brief(each)) for each in changed if budget.spent < _FOR_CHANGES], len(changed))

    async def _awaited(self, request: bytes, budget: _Budget) -> bytes:
        plan, *changed = _question(request, budget)
        opinion, evaluate = await self._specialist.evaluate(plan), self._specialist.evaluate
        return _answer(opinion, [_curt(await evaluate(each)) for each in changed if budget.spent < _FOR_CHANGES], len(changed))


def _budget(context: grpc.aio.ServicerContext[bytes, bytes]) -> _Budget:
    """The call's deadline; a call without one has all the time."""
    now, remaining = time.monotonic(), cast("float | None", context.time_remaining())
    return _Budget(now, float("inf") if remaining is None else now + max(remaining, 1e-9))


def _question(request: bytes, budget: _Budget) -> tuple[Plan, ...]:
    if budget.spent >= 1.0:
        raise _LateError
    try:
        return wire.decode_question(request)
    except ValueError:
        raise _UnreadableError from None


def _answer(opinion: Opinion, brief: list[Opinion], asked: int) -> bytes:
    """The opinion is never late for the sake of the changes: without time for all of them, it goes alone."""
    return wire.encode_answer([opinion, *brief] if len(brief) == asked else [opinion])


def _curt(opinion: Opinion) -> Opinion:
    """The opinion without its words."""
    return replace(opinion, factors=(), evidence=(), mitigations=())


@asynccontextmanager
async def serve_specialist(  # noqa: PLR0913 -- named, and all but the first may be left out
    specialist: Specialist,
    *,
    host: str = "127.0.0.1",
    port: int = 50051,
    tls: Tls | None = None,
    pulse: Pulse | None = None,
    guard: Guard | None = None,
) -> AsyncIterator[int]:
    """A specialist's gRPC server, ready to judge; yields the port that it listens on.

    At the end it reports NOT_SERVING, takes no new calls and finishes those under way.

    Args:
        specialist: Who judges.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        tls: Files for TLS; with `ca` only clients with a certificate signed by it are let in.
        pulse: Whether it can judge; while it cannot, it reports NOT_SERVING and does not describe itself.
        guard: Who decides about the tokens that plans come with; None asks for none. Health and description never need one.

    Raises:
        SettingsError: The port or a file of `tls` cannot be used.
    """
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_MOST_CALLS)
    pulse = pulse or Pulse()
    desk, state = _Desk(specialist, pulse, guard), health.aio.HealthServicer()
    server.add_generic_rpc_handlers((desk.handlers(),))
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    reflection.enable_server_reflection((wire.SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    bound = _bound(server, host, port, tls or Tls())
    await _report(state, _NOT_SERVING)
    await server.start()
    try:
        await desk.judge_first()
        await _report(state, _SERVING)
        reporting = asyncio.create_task(_follow(pulse, state))
        try:
            yield bound
        finally:
            reporting.cancel()
    finally:
        await state.enter_graceful_shutdown()
        await server.stop(_GRACE)
        desk.close()


async def _follow(pulse: Pulse, state: Any) -> None:
    async for well in pulse.changes():
        await _report(state, _SERVING if well else _NOT_SERVING)


async def _report(state: Any, status: Any) -> None:
    for service in ("", wire.SERVICE):
        await state.set(service, status)


def _bound(server: grpc.aio.Server, host: str, port: int, tls: Tls) -> int:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    credentials = server_credentials(tls)
    try:
        bound = server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
    except RuntimeError:
        bound = 0
    if not bound:
        raise SettingsError("error.grpc_port", host=host, port=port)
    return bound
