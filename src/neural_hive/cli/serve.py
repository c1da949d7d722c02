"""`hive serve`: the REST interface and the page, until it is interrupted."""

from __future__ import annotations

import gc
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped
from neural_hive.messages import text
from neural_hive.station.door import listening_socket, shown_url

if TYPE_CHECKING:
    import uvicorn

    from neural_hive.settings import Settings
    from neural_hive.watch import Watch

_LOOK = 0.01  # seconds between two looks at whether the server listens


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help=helped("host"), show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help=helped("port"), show_default="8000")] = None,
    distributed: Annotated[bool, typer.Option("--distributed", help=helped("distributed"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Serve until interrupted; requests under way are finished."""
    from neural_hive.settings import load_settings
    from neural_hive.telemetry import configure_logging
    from neural_hive.tokens.exposure import check_exposed
    from neural_hive.tokens.opening import guard_of
    from neural_hive.tracing import tracing

    folder: Path | None = data_dir.expanduser() if data_dir else None
    settings = load_settings(host=host, port=port, data_dir=folder, language=lang.value if lang else None)
    configure_logging(settings.log_level, settings.log_format)
    check_exposed(settings.auth, settings.host, setting="host (HIVE_HOST)")
    guard_of(settings.auth)  # whatever it lacks is said before anything is started
    with ExitStack() as stack:
        door = stack.enter_context(listening_socket(settings.host, settings.port))
        configured = _distributed(settings, stack) if distributed else settings
        stack.enter_context(tracing(settings.traces, "hive-gateway"))  # after the children: its thread would not live on in them
        _run(configured, door)


def _distributed(settings: Settings, stack: ExitStack) -> Settings:
    """Settings that name a process for each specialist; while those start, this one loads what it needs itself."""
    from neural_hive.specialists import registry
    from neural_hive.station.children import open_children

    urls = stack.enter_context(open_children(settings, registry.names()))
    import neural_hive.gateway.server  # noqa: F401 -- loaded while the children start

    return settings.model_copy(update={"specialists": urls()})


def _run(settings: Settings, door: socket.socket) -> None:
    import asyncio

    from neural_hive.gateway.server import loop_factory

    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_opened(settings, door))


async def _opened(settings: Settings, door: socket.socket) -> None:
    """The hive is opened before the server: what it cannot be opened for is an error like any other."""
    from neural_hive.bootstrap import open_hive
    from neural_hive.gateway.server import server
    from neural_hive.tokens.opening import open_guard

    async with (
        open_guard(settings.auth) as guard,
        open_hive(settings, warm=True, checks=guard.checks() if guard else {}) as hive,
    ):
        await _serve(server(settings, hive, guard), door, settings, hive.watch)


async def _serve(server: uvicorn.Server, door: socket.socket, settings: Settings, watch: Watch) -> None:
    import asyncio

    serving = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started and not serving.done():  # noqa: ASYNC110 -- the server sets a flag, no event
        await asyncio.sleep(_LOOK)
    if server.started:
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, _end, server, watch, settings.drain)
        gc.set_threshold(10_000, 20, 20)
        _welcome(door, settings)
    await serving
    if not server.started:
        raise typer.Exit(1)


def _end(server: uvicorn.Server, watch: Watch, drain: float) -> None:
    """Say that it is not ready, let in who does not know that yet, then finish what is under way; asked again, wait less.

    Left alone, uvicorn would die of SIGTERM.
    """
    import asyncio
    import logging

    logging.getLogger("neural_hive.serve").info("stopping", extra={"fields": {"drain_s": drain}})
    if drain and not watch.ending:
        asyncio.get_running_loop().call_later(drain, _close, server)
    else:
        server.force_exit = server.should_exit
        _close(server)
    watch.end()


def _close(server: uvicorn.Server) -> None:
    server.should_exit = True


def _welcome(door: socket.socket, settings: Settings) -> None:
    url = shown_url(door)
    if settings.log_format == "json":
        import logging

        logging.getLogger("neural_hive.serve").info("listening", extra={"fields": {"url": url}})
        return
    language = settings.language or terminal.language()
    terminal.say(text("cli.serving", language, url=url, folder=str(settings.data_dir)))
