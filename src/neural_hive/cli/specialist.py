"""`hive specialist`: who sits on the panel, and what each listens to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from neural_hive.cli import parts, terminal
from neural_hive.cli.options import DataDir, Lang, helped, settings_of
from neural_hive.cli.plain import columns
from neural_hive.errors import InputError
from neural_hive.messages import catalogue, text

if TYPE_CHECKING:
    from neural_hive.types import ModelInfo, Opinion

_QUIET = "Read the documentation."


def specialist(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=helped("specialist_name"), show_default=False)] = None,
    serving: Annotated[bool, typer.Option("--serve", help=helped("specialist_serve"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """List the panel, or describe one of it."""
    from neural_hive.specialists import registry

    settings = settings_of(data_dir, lang)
    language = settings.language or terminal.language()
    if serving:
        raise InputError("error.cli_specialist_serve")
    names = [name] if name else list(registry.names())
    known = [asyncio.run(_described(each)) for each in names]
    terminal.say("\n".join(_one(*known[0], language) if name else _all(known, language)))


async def _described(name: str) -> tuple[str, ModelInfo, Opinion]:
    """A specialist, its model, and its opinion on a harmless plan, which names its factors and weights.

    Raises:
        NotFoundError: No specialist has this name.
    """
    from neural_hive.specialists import registry
    from neural_hive.types import Plan, Task

    opened = registry.open_local(name)
    opinion = await opened.evaluate(Plan(tasks=(Task(id="t1", description=_QUIET),)))
    return name, await opened.describe(), opinion


def _all(known: list[tuple[str, ModelInfo, Opinion]], language: str) -> Iterator[str]:
    yield from columns([(name, _question(name, language), _model(model)) for name, model, _ in known], indent="")


def _one(name: str, model: ModelInfo, opinion: Opinion, language: str) -> Iterator[str]:
    yield f"{parts.specialist_name(name, language)}: {_question(name, language)}".rstrip(": ")
    yield f"{_model(model)}"
    yield ""
    yield from columns([(factor.name, parts.percent(factor.weight)) for factor in opinion.factors])


def _question(name: str, language: str) -> str:
    return text(f"page.question.{name}", language) if f"page.question.{name}" in catalogue() else ""


def _model(model: ModelInfo) -> str:
    return f"{model.name} {model.version} ({model.source})"
