"""What every route shares: direct handlers, the parts of the gateway, the caller's language and name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from neural_hive.gateway.answers import Answers, encode
from neural_hive.gateway.auth import caller_of, guarded
from neural_hive.gateway.limiter import Limiter
from neural_hive.gateway.problems import preferred_language
from neural_hive.hive import Hive
from neural_hive.tokens.base import Guard, signed_by


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request and returns the response.

    Bodies are read by msgspec and written as bytes, so FastAPI's dependency and validation steps,
    which would take longer than the decision's own reading, are left out; OpenAPI is kept.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself, behind the guard if it needs a scope; raises LookupError when it does not say."""
        return guarded(self.endpoint)  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """What the handlers work with."""

    hive: Hive
    answers: Answers
    limiter: Limiter
    guard: Guard | None = None

    def language(self, request: Request) -> str:
        """The language that the caller prefers, or the configured one, or English."""
        return preferred_language(request) or self.hive.settings.language or "en"

    async def admit(self, request: Request, user_id: str = "") -> None:
        """Count the request against whose token it shows, or else its address, and against its user; raises LimitError."""
        caller = caller_of(request)
        client = request.client.host if request.client else "local"
        who = f"token {caller.name} {caller.client}" if caller is not None else f"address {client}"
        await self.limiter.admit(who, f"user {signed_by(user_id, caller)}" if user_id else "")


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves this request."""
    gateway: Gateway = request.app.state.gateway
    return gateway


def json_response(value: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(encode(value), status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"})


Handler = Callable[[Request], Awaitable[Response]]
