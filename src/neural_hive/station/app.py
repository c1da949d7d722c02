"""What a specialist's process says over HTTP: /health, /ready and /metrics."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neural_hive import __version__, telemetry
from neural_hive.watch import Watch

_METRICS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: it would end the process before the calls under way are finished."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the process."""
        yield


def create_app(name: str, watch: Watch) -> Starlette:
    """The three pages of one specialist; none of them waits for anything."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__, "specialist": name})

    async def ready(_: Request) -> Response:
        state = watch.readiness()
        word = "ready" if state.ready else "not_ready"
        return JSONResponse({"status": word} | asdict(state), status_code=200 if state.ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(telemetry.exposition(), headers=_METRICS)

    pages = {"/health": health, "/ready": ready, "/metrics": metrics}
    return Starlette(routes=[Route(path, page, methods=["GET"]) for path, page in pages.items()])


@asynccontextmanager
async def http(app: Starlette, door: socket.socket) -> AsyncIterator[None]:
    """Serve the application on a socket that listens, until the block ends."""
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=2)
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
