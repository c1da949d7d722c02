"""Around every request: its count, security headers, and no exception that reaches the server or the log with its message."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neural_hive import telemetry
from neural_hive.errors import HiveError
from neural_hive.gateway.problems import preferred_language, problem_response
from neural_hive.telemetry import frames
from neural_hive.tracing import span, untraced

_log = logging.getLogger(__name__)
_PROBES = frozenset({"/health", "/ready", "/metrics"})  # asked every few seconds by machines
_LEFT = 499  # counted for a caller who left before there was a status
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
_FAREWELL = ((b"connection", b"close"),)  # whoever holds a connection open finds another process with the next one


class Doorway:
    """The outermost layer. Pure ASGI: a wrapper that reads bodies would break streaming and cost time.

    Args:
        app: What it surrounds.
        language: Language of problems when the caller prefers none.
    """

    def __init__(self, app: ASGIApp, language: str = "en") -> None:
        self.app = app
        self.language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), _LEFT

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_HEADERS, *(_FAREWELL if _is_ending(scope) else ())]
            await send(message)

        with untraced() if scope["path"] in _PROBES else span("request", "server", Headers(scope=scope)) as noted:
            try:
                await self.app(scope, receive, guarded)
            except Exception as error:  # noqa: BLE001 -- the last line: whatever went wrong is a problem document, and its message, which may quote text, goes nowhere
                _log.error("request failed: %s", frames(error))
                if status == _LEFT:
                    request = Request(scope)
                    response = problem_response(HiveError("error.internal"), preferred_language(request) or self.language)
                    await response(scope, receive, guarded)
                status = 500
            finally:
                route, method = getattr(scope.get("route"), "path", ""), scope["method"]
                telemetry.answered(route, method, status, time.perf_counter() - start)
                noted.rename(f"{telemetry.known_method(method)} {route}".rstrip())
                noted.note(http__route=route, http__response__status_code=status)


def _is_ending(scope: Scope) -> bool:
    gateway = getattr(scope["app"].state, "gateway", None)
    return gateway is not None and gateway.hive.watch.ending
