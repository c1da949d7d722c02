"""What goes along with a call from gateway to specialist: the caller's token, which is verified there again, and its trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
import grpc.aio

from neural_hive.errors import UnavailableError
from neural_hive.tokens.base import Guard, ScopeError, TokenError, bearer_in, shown
from neural_hive.tokens.own import TokenFile
from neural_hive.tracing import carried, is_traced, span

_HEADER = "authorization"
Context = grpc.aio.ServicerContext[bytes, bytes]
Method = Callable[[bytes, Context], Awaitable[bytes]]


def guarded(method: Method, guard: Guard | None) -> Method:
    """A method that asks for a token with `intents:write` first; the method itself without a guard."""
    if guard is None:
        return method

    async def asked(request: bytes, context: Context) -> bytes:
        await _admit(guard, context)
        return await method(request, context)

    return asked


def metadata(own: TokenFile | None) -> tuple[tuple[str, str], ...]:
    """What a call carries: the token of the request that is served, else this process's own, else none; and the trace, if any."""
    token = shown() or (own() if own is not None else "")
    return (*(((_HEADER, f"Bearer {token}"),) if token else ()), *carried().items())


def traced(method: Method, name: str, specialist: str) -> Method:
    """A method whose calls are spans of the caller's trace; the method itself where nothing is traced."""
    if not is_traced():
        return method

    async def told(request: bytes, context: Context) -> bytes:
        carrier = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        with span(name, "server", carrier, hive__specialist=specialist):
            return await method(request, context)

    return told


async def _admit(guard: Guard, context: Context) -> None:
    try:
        await guard.admit(bearer_in(_values(context)), "intents:write")
    except TokenError as error:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, error.render("en"))
    except ScopeError as error:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, error.render("en"))
    except UnavailableError as error:  # another process of this specialist may have the issuer's keys
        await context.abort(grpc.StatusCode.UNAVAILABLE, error.render("en"))


def _values(context: Context) -> list[str]:
    return [value for name, value in context.invocation_metadata() or () if name == _HEADER and isinstance(value, str)]
