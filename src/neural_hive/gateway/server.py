"""`hive serve`: the gateway on uvicorn."""

from __future__ import annotations

import sys

import uvicorn

from neural_hive.gateway.app import create_app
from neural_hive.settings import Settings
from neural_hive.telemetry import configure_logging


def serve(settings: Settings) -> None:
    """Serve until interrupted; finishes requests under way, then closes the hive.

    The access log is off: addresses may hold what people typed, and `/metrics` counts better.
    """
    configure_logging(settings.log_level, settings.log_format)
    sys.setswitchinterval(0.0005)  # a decision waits for the ledger's thread: it must not wait 5 ms for its turn
    server(settings).run()


def server(settings: Settings) -> uvicorn.Server:
    """The server, not yet running."""
    config = uvicorn.Config(
        create_app(settings),
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
