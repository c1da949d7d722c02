"""Around every request: security headers, and no exception that reaches the server or the log with its message."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neural_hive.errors import HiveError
from neural_hive.gateway.problems import preferred_language, problem_response
from neural_hive.telemetry import frames

_log = logging.getLogger(__name__)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)


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
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 -- the last line: whatever went wrong is a problem document, and its message, which may quote text, goes nowhere
            _log.error("request failed: %s", frames(error))
            if started:
                return
            request = Request(scope)
            response = problem_response(HiveError("error.internal"), preferred_language(request) or self.language)
            await response(scope, receive, guarded)
