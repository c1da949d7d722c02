"""Which scope each route needs, and who calls.

An endpoint says what it needs beside its path; a route whose endpoint does not say cannot be made. Where callers
need no token, an endpoint is called as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from neural_hive.tokens.base import Caller, Guard, Scope, bearer_in, show

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
Handler = Callable[[Request], Awaitable[Response]]
_NEEDED: dict[Callable[..., object], Scope | None] = {}
_CALLER = "hive.caller"  # where a connection holds who calls


def needs(scope: Scope) -> Callable[[Endpoint], Endpoint]:
    """Say that an endpoint needs a token with this scope."""

    def declare(endpoint: Endpoint) -> Endpoint:
        _NEEDED[endpoint] = scope
        return endpoint

    return declare


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Say that an endpoint needs no token."""
    _NEEDED[endpoint] = None
    return endpoint


def needed(endpoint: Callable[..., object]) -> Scope | None:
    """The scope that an endpoint needs, None for one that is open.

    Raises:
        LookupError: It does not say; it would be a hole.
    """
    try:
        return _NEEDED[endpoint]
    except KeyError:
        raise LookupError(f"{endpoint.__qualname__} does not say which scope it needs") from None


def guarded(endpoint: Handler) -> Handler:
    """The endpoint behind the guard of the gateway that serves the request; LookupError as `needed`."""
    scope = needed(endpoint)
    if scope is None:
        return endpoint

    async def asked(request: Request) -> Response:
        guard: Guard | None = request.app.state.gateway.guard
        if guard is not None:
            token = bearer_in(request.headers.getlist("authorization"))
            request.scope[_CALLER] = await guard.admit(token, scope)
            show(token)
        return await endpoint(request)

    return asked


def caller_of(request: Request) -> Caller | None:
    """Whose token this request showed, None where none was asked for."""
    found: Caller | None = request.scope.get(_CALLER)
    return found
