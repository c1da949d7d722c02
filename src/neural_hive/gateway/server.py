"""`hive serve`: the gateway on uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvicorn

from neural_hive.gateway.app import create_app
from neural_hive.hive import Hive
from neural_hive.settings import Settings


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop that the server is quickest on."""
    return uvicorn.Config("", log_config=None).get_loop_factory()


def server(settings: Settings, hive: Hive) -> uvicorn.Server:
    """The server of an open hive, not yet running.

    The access log is off: addresses may hold what people typed, and `/metrics` counts better.
    """
    config = uvicorn.Config(
        create_app(settings, hive),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
        lifespan="on",
    )
    return uvicorn.Server(config)
