"""The application: routes, errors as problem documents, and the hive's life around it."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from neural_hive import __version__
from neural_hive.errors import HiveError, InputError, NotFoundError
from neural_hive.gateway import bulk, decisions, intents, ledger, openapi, operations, site
from neural_hive.gateway.answers import Answers
from neural_hive.gateway.limiter import limiter_of
from neural_hive.gateway.middleware import Doorway
from neural_hive.gateway.problems import preferred_language, problem_response
from neural_hive.gateway.routing import Gateway
from neural_hive.hive import Hive
from neural_hive.settings import Settings
from neural_hive.tokens.base import Guard, TokenError
from neural_hive.tokens.opening import guard_of

PARTS = (intents, bulk, decisions, ledger, operations, site)
"""The modules with routes."""


def create_app(settings: Settings, hive: Hive | None = None, guard: Guard | None = None) -> FastAPI:
    """The gateway.

    Args:
        settings: How it is configured.
        hive: An open hive to serve; without it the application only describes itself.
        guard: Who decides about callers; the one that the settings ask for when None.

    Raises:
        SettingsError, MissingDriverError: Tokens are asked for and cannot be verified.
    """
    app = FastAPI(title="Neural Hive-Mind", version=__version__, docs_url=None, redoc_url=None)
    if hive is not None:
        app.state.gateway = _gateway(settings, hive, guard or guard_of(settings.auth))
    for part in PARTS:
        app.include_router(part.router)
    app.state.routes = [route for part in PARTS for route in part.router.routes]
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign]
    app.add_exception_handler(HiveError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_middleware(Doorway, language=settings.language or "en")
    return app


def _gateway(settings: Settings, hive: Hive, guard: Guard | None) -> Gateway:
    limits = settings.limits
    return Gateway(
        hive=hive,
        answers=Answers(hive=hive, ttl=settings.idempotency_ttl),
        limiter=limiter_of(limits.requests_per_minute, limits.burst, hive.cache),
        guard=guard,
    )


async def _on_error(request: Request, error: Exception) -> Response:
    known = error if isinstance(error, HiveError) else HiveError("error.internal")
    return _told(request, known)


async def _on_http(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        return _told(request, InputError("error.method_not_allowed", method=request.method, allow=allow))
    return _told(request, NotFoundError("error.no_page"))


def _told(request: Request, error: HiveError) -> Response:
    """A page for a browser that looks for a page, a problem document for everyone else."""
    if "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/api/"):
        return problem_response(error, _language(request))
    if isinstance(error, TokenError) and error.key == "error.token_missing":
        error = TokenError("error.token_page")
    return site.error_page(error, _language(request))


def _language(request: Request) -> str:
    gateway: Gateway | None = getattr(request.app.state, "gateway", None)
    return preferred_language(request) or (gateway.language(request) if gateway else "en")
