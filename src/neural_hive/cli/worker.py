"""`hive worker`: reviews what waits in the queue, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.settings import Settings

_MOST_AT_ONCE = 256


def worker(
    concurrency: Annotated[int, typer.Option("--concurrency", metavar="N", min=1, max=_MOST_AT_ONCE, help=helped("concurrency"))] = 8,
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", metavar="PORT", min=0, max=65535, help=helped("metrics_port"), show_default=False)
    ] = None,
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Work off the queue; on SIGTERM or Ctrl-C what is under way is finished."""
    from neural_hive.settings import load_settings
    from neural_hive.telemetry import configure_logging, serve_metrics
    from neural_hive.tracing import tracing

    folder = data_dir.expanduser() if data_dir else None
    settings = load_settings(data_dir=folder, language=lang.value if lang else None)
    configure_logging(settings.log_level, settings.log_format)
    if metrics_port is not None:
        serve_metrics(settings.host, metrics_port)
    with tracing(settings.traces, "hive-worker"):
        asyncio.run(_work(settings, concurrency))


async def _work(settings: Settings, concurrency: int) -> None:
    from neural_hive.bootstrap import open_hive
    from neural_hive.bulk.worker import Worker
    from neural_hive.gateway.bulk import open_queue

    language, stop = settings.language or terminal.language(), asyncio.Event()
    async with open_queue(settings) as queue, open_hive(settings, warm=True) as hive:
        for name in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # where the platform has no such handlers, Ctrl-C still ends the process
                asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await queue.ping()
        terminal.say(text("bulk.working", language, number=concurrency))
        await Worker(hive=hive, queue=queue, stop=stop).run(concurrency)
        terminal.say(text("bulk.stopped", language))
