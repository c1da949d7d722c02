"""`hive train`: a specialist's weights, or the reader of texts, from labelled cases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import Lang, helped, settings_of
from neural_hive.cli.plain import columns
from neural_hive.errors import InputError
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.models.base import Shelf
    from neural_hive.settings import Settings
    from neural_hive.training.specialist import Current, Trial

READER = "reader"
_NOT_MET = 1
_FIRST = "1"
_Paths = list[Path]


def train(  # noqa: PLR0913, PLR0917 -- one argument for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help=helped("train_name"))],
    data: Annotated[_Paths, typer.Option("--data", metavar="FILE|DIR", help=helped("train_data"))],
    gate: Annotated[_Paths | None, typer.Option("--gate", metavar="FILE|DIR", help=helped("train_gate"), show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=helped("train_out"), show_default=False)] = None,
    publish: Annotated[bool, typer.Option("--publish", help=helped("train_publish"))] = False,  # noqa: FBT002 -- a flag
    models: Annotated[str | None, typer.Option("--models", metavar="URL", help=helped("train_models"), show_default=False)] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help=helped("train_seed"), show_default=False)] = None,
    leave_out: Annotated[
        _Paths | None, typer.Option("--leave-out", metavar="FILE", help=helped("train_leave_out"), show_default=False)
    ] = None,
    version: Annotated[str | None, typer.Option("--version", metavar="TEXT", help=helped("train_version"), show_default=False)] = None,
    lang: Lang = None,
) -> None:
    """Train, print what was gained, and put it in force if it is no loss."""
    if name == READER:
        _refuse(name, {"--gate": gate, "--publish": publish, "--models": models, "--seed": seed is not None})
        raise typer.Exit(_reader(data, leave_out or [], out, version or _FIRST))
    if publish and out:
        raise InputError("error.train_two_places")
    _refuse(name, {"--leave-out": leave_out, "--version": version is not None})
    if models and not publish:
        raise InputError("error.train_models_unused")
    settings = settings_of(None, lang, **({"models": models} if models else {}))
    language = settings.language or terminal.language()
    if publish:
        raise typer.Exit(asyncio.run(_published(settings, name, (data, gate, seed), language)))
    raise typer.Exit(_written(out, name, (data, gate, seed), language))


_Asked = tuple[_Paths, _Paths | None, int | None]


def _refuse(name: str, options: Mapping[str, object]) -> None:
    """An option that would do nothing is not passed over: who gave it expects something of it."""
    given = [option for option, value in options.items() if value]
    if given:
        raise InputError("error.train_option", option=", ".join(given), name=name)


def _reader(data: _Paths, leave_out: _Paths, out: Path | None, version: str) -> int:
    from neural_hive.training import reader
    from neural_hive.training.samples import refuse_held_out

    if out is None:
        raise InputError("error.train_no_place")
    for path in data:
        refuse_held_out(path)
    words = [word for path in data for word in ("--data", str(path))]
    words += [word for path in leave_out for word in ("--leave-out", str(path))]
    return reader.main([*words, "--out", str(out), "--version", version])


async def _published(settings: Settings, name: str, asked: _Asked, language: str) -> int:
    from neural_hive import bootstrap

    if not settings.models.startswith("mlflow+"):
        raise InputError("error.train_no_models")
    async with bootstrap.open_resource("models", settings.models, bootstrap.MODELS, settings) as shelf:
        return await asyncio.to_thread(_tried, shelf, name, asked, language)


def _written(out: Path | None, name: str, asked: _Asked, language: str) -> int:
    from neural_hive.models import FolderModels

    if out is not None:
        return _tried(FolderModels(out), name, asked, language)
    trial = _trial(_packaged(name), name, asked)
    terminal.say("\n".join(report(trial, language)))
    return _NOT_MET if trial.reasons else 0


def _tried(shelf: Shelf, name: str, asked: _Asked, language: str) -> int:
    """Train, print, and bring it to the place; 1 when what is in force there stays."""
    from neural_hive.training.specialist import bring, in_force, is_of_today

    known = in_force(shelf, name)
    trial = _trial(known if is_of_today(known) else _packaged(name), name, asked)
    terminal.say("\n".join(report(trial, language)))
    if known is not None and is_of_today(known) and known[0].sha256 == trial.artefact.sha256:
        terminal.say(text("train.unchanged", language, version=trial.artefact.version))
        return 0
    brought = bring(trial, shelf, known)
    if brought.in_force:
        terminal.say(text("train.promoted", language, name=name, version=trial.artefact.version, kept=brought.kept))
        return 0
    terminal.say(text("train.stays" if trial.reasons else "train.overtaken", language, name=name))
    return _NOT_MET


def _trial(current: Current, name: str, asked: _Asked) -> Trial:
    from neural_hive.training.fitting import Recipe
    from neural_hive.training.specialist import train as train_specialist

    data, gate, seed = asked
    return train_specialist(name, data, gate or [Path("evals/dev")], current, Recipe() if seed is None else Recipe(seed=seed))


def _packaged(name: str) -> Current:
    from neural_hive import models
    from neural_hive.training.specialist import in_force

    return in_force(models.packaged_shelf(), name)


def report(trial: Trial, language: str) -> Iterator[str]:
    """The figures by hand, before and after, and whether the gate is met."""
    card = trial.card
    yield text("train.head", language, name=card.name, version=card.version, sha256=card.sha256)
    yield text("train.data", language, data="; ".join(card.data), digest=card.data_sha256[:16], seed=card.seed)
    heads = text("train.columns", language).split("|")
    rows = [
        (text(f"train.figure.{key}", language), *(_number(table.get(key)) for table in (card.by_hand, card.before, card.after)))
        for key in card.after
    ]
    yield from columns([("", *heads), *rows])
    if trial.reasons:
        yield text("train.gate_not_met", language, reasons=", ".join(text(f"train.figure.{key}", language) for key in trial.reasons))
    else:
        yield text("train.gate_met", language)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value == int(value) and value >= 1 else f"{value:.4f}"
