"""`hive specialist`: one specialist as a process of its own, or who sits on the panel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from neural_hive.cli import parts, terminal
from neural_hive.cli.options import Lang, helped, settings_of
from neural_hive.cli.plain import columns
from neural_hive.messages import catalogue, text

if TYPE_CHECKING:
    from neural_hive.models.base import Models
    from neural_hive.settings import Settings
    from neural_hive.station.process import Ports
    from neural_hive.types import ModelInfo, Opinion

_QUIET = "Read the documentation."
_Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help=helped("station_port"), show_default="8000")]
_GrpcPort = Annotated[int | None, typer.Option("--grpc-port", min=0, max=65535, help=helped("grpc_port"), show_default="50051")]


def specialist(  # noqa: PLR0913, PLR0917 -- options of a command
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=helped("specialist_name"), show_default=False)] = None,
    serving: Annotated[bool, typer.Option("--serve/--describe", help=helped("specialist_serve"))] = True,  # noqa: FBT002 -- a flag
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help=helped("host"), show_default="127.0.0.1")] = None,
    port: _Port = None,
    grpc_port: _GrpcPort = None,
    lang: Lang = None,
) -> None:
    """Serve a specialist until it is interrupted, describe it, or list the panel."""
    if name and serving:
        _serve(name, lang.value if lang else None, host=host, grpc_host=host, port=port, grpc_port=grpc_port)
        return
    from neural_hive.specialists import registry

    settings = settings_of(lang=lang)
    language = settings.language or terminal.language()
    known = asyncio.run(_panel((name,) if name else registry.names(), settings))
    terminal.say("\n".join(_one(*known[0], language) if name else _all(known, language)))


def _serve(name: str, language: str | None, **options: str | int | None) -> None:
    from neural_hive.settings import load_settings
    from neural_hive.station.process import run
    from neural_hive.telemetry import configure_logging

    settings = load_settings(language=language, **options)
    configure_logging(settings.log_level, settings.log_format)
    run(name, settings, lambda ports: _welcome(name, ports, settings))


def _welcome(name: str, ports: Ports, settings: Settings) -> None:
    if settings.log_format == "json":
        import logging

        fields = {"specialist": name, "grpc": ports.grpc, "http": ports.http}
        logging.getLogger("neural_hive.station").info("listening", extra={"fields": fields})
        return
    language = settings.language or terminal.language()
    shown = parts.specialist_name(name, language)
    terminal.say(text("cli.specialist_serving", language, name=shown, host=settings.grpc_host, grpc=ports.grpc, http=ports.http))


async def _panel(names: tuple[str, ...], settings: Settings) -> list[tuple[str, ModelInfo, Opinion]]:
    """Specialists with the models that the settings name.

    Raises:
        NotFoundError: No specialist has this name.
    """
    from neural_hive import bootstrap

    async with bootstrap.open_resource("models", settings.models, bootstrap.MODELS, settings, names=names) as models:
        return [await _described(name, models) for name in names]


async def _described(name: str, models: Models) -> tuple[str, ModelInfo, Opinion]:
    """A specialist, its model, and its opinion on a harmless plan, which names its factors and weights."""
    from neural_hive.specialists import registry
    from neural_hive.types import Plan, Task

    opened = registry.open_local(name, models)
    opinion = await opened.evaluate(Plan(tasks=(Task(id="t1", description=_QUIET),)))
    return name, await opened.describe(), opinion


def _all(known: list[tuple[str, ModelInfo, Opinion]], language: str) -> Iterator[str]:
    yield from columns([(name, _question(name, language), model.label) for name, model, _ in known], indent="")


def _one(name: str, model: ModelInfo, opinion: Opinion, language: str) -> Iterator[str]:
    yield f"{parts.specialist_name(name, language)}: {_question(name, language)}".rstrip(": ")
    yield model.label
    yield ""
    yield from columns([(factor.name, parts.percent(factor.weight)) for factor in opinion.factors])


def _question(name: str, language: str) -> str:
    return text(f"page.question.{name}", language) if f"page.question.{name}" in catalogue() else ""
