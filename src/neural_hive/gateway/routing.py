"""What every route shares: direct handlers, the parts of the gateway, the caller's language and name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from neural_hive.gateway.answers import Answers, encode
from neural_hive.gateway.limiter import Limiter
from neural_hive.gateway.problems import preferred_language
from neural_hive.hive import Hive


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request and returns the response.

    Bodies are read by msgspec and written as bytes, so FastAPI's dependency and validation steps,
    which would take longer than the decision's own reading, are left out; OpenAPI is kept.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        return self.endpoint


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """What the handlers work with."""

    hive: Hive
    answers: Answers
    limiter: Limiter

    def language(self, request: Request) -> str:
        """The language that the caller prefers, or the configured one, or English."""
        return preferred_language(request) or self.hive.settings.language or "en"

    async def admit(self, request: Request, user_id: str = "") -> None:
        """Count the request against its address and its user; raises LimitError."""
        client = request.client.host if request.client else "local"
        await self.limiter.admit(f"address {client}", f"user {user_id}" if user_id else "")


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves this request."""
    gateway: Gateway = request.app.state.gateway
    return gateway


def json_response(value: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(encode(value), status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"})


Handler = Callable[[Request], Awaitable[Response]]
