"""`hive serve`: the REST interface and the page, until it is interrupted."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped
from neural_hive.errors import InputError, SettingsError
from neural_hive.messages import text

if TYPE_CHECKING:
    import uvicorn

    from neural_hive.settings import Settings

_WAITING = 2048  # callers that may wait for the server to start
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

    if distributed:
        raise InputError("error.cli_distributed")
    folder: Path | None = data_dir.expanduser() if data_dir else None
    settings = load_settings(host=host, port=port, data_dir=folder, language=lang.value if lang else None)
    with listening_socket(settings.host, settings.port) as door:
        _run(settings, door)


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address, before anything slow is loaded.

    Raises:
        SettingsError: The port is taken, or there is no such address here.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise SettingsError("error.cli_address", host=host, reason=getattr(error, "strerror", None) or "?") from error
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(_WAITING)  # with SO_REUSEADDR two sockets may share a port until one of them listens
    except OSError as error:
        door.close()
        raise _refusal(error, host, port) from error
    return door


def _refusal(error: OSError, host: str, port: int) -> SettingsError:
    import errno

    if error.errno == errno.EADDRINUSE:
        return SettingsError("error.cli_port_taken", host=host, port=port, other=port + 1 if port < 65535 else 8001)
    if error.errno in (errno.EACCES, errno.EPERM):
        return SettingsError("error.cli_port_forbidden", port=port)
    return SettingsError("error.cli_address", host=host, reason=error.strerror or type(error).__name__)


def _run(settings: Settings, door: socket.socket) -> None:
    import asyncio
    import logging

    from neural_hive.gateway.server import server
    from neural_hive.telemetry import configure_logging

    configure_logging(settings.log_level, settings.log_format)
    if settings.log_level == "info":
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    found = server(settings)
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=found.config.get_loop_factory()) as runner:
        runner.run(_serve(found, door, settings))
    if not found.started:
        raise typer.Exit(1)


async def _serve(server: uvicorn.Server, door: socket.socket, settings: Settings) -> None:
    import asyncio

    serving = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started and not serving.done():  # noqa: ASYNC110 -- the server sets a flag, no event
        await asyncio.sleep(_LOOK)
    if server.started:
        gc.set_threshold(10_000, 20, 20)
        _welcome(door, settings)
    await serving


def _welcome(door: socket.socket, settings: Settings) -> None:
    host, port = door.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 -- compared, not bound
    url = f"http://{shown}:{port}"
    if settings.log_format == "json":
        import logging

        logging.getLogger("neural_hive.serve").info("listening", extra={"fields": {"url": url}})
        return
    language = settings.language or terminal.language()
    terminal.say(text("cli.serving", language, url=url, folder=str(settings.data_dir)))
