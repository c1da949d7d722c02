"""`hive serve`: the gateway on uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil

import uvicorn

from neural_hive.gateway.app import create_app
from neural_hive.hive import Hive
from neural_hive.settings import Settings
from neural_hive.tokens.base import Guard
from neural_hive.tokens.exposure import check_exposed

# Seconds without a request after which a connection is closed. Proxies and clients keep theirs for 60 s: whoever closes first
# must not be the side that is about to be asked.
_KEEP_ALIVE = 75
_SPARE = 3  # seconds that a request under way may take beyond the deadlines of its parts, before the end cuts it off


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop that the server is quickest on."""
    return uvicorn.Config("", log_config=None).get_loop_factory()


def server(settings: Settings, hive: Hive, guard: Guard | None = None) -> uvicorn.Server:
    """The server of an open hive, not yet running.

    The access log is off: addresses may hold what people typed, and `/metrics` counts better.

    Args:
        settings: How it is configured.
        hive: Who decides.
        guard: Who decides about callers; the one that the settings ask for when None.

    Raises:
        SettingsError: It would be open to whoever reaches it, and nobody has said so; or tokens cannot be verified.
    """
    check_exposed(settings.auth, settings.host, setting="host (HIVE_HOST)")
    config = uvicorn.Config(
        create_app(settings, hive, guard),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=ceil(settings.specialist_deadline + settings.ledger_deadline) + _SPARE,
        timeout_keep_alive=_KEEP_ALIVE,
        reset_contextvars=True,  # a pipelined request would be served in the context of the one before it, with its token
        lifespan="on",
    )
    return uvicorn.Server(config)
