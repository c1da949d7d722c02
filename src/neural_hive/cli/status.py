"""`hive status`: the parts of a hive and how they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neural_hive import __version__
from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped, settings_of
from neural_hive.errors import HiveError, LedgerError
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.ops import Probe, Readiness
    from neural_hive.settings import Settings
    from neural_hive.types import ModelInfo

Part = dict[str, Any]
"""name, ok, latency_ms, detail, version, model: "" where a part has none, latency None where nobody was asked."""

_FIELDS = ("name", "ok", "latency_ms", "detail")
_VOICE = "specialist-"
_LOOKS, _PAUSE = 4, 0.25  # further looks, and seconds before each


def status(
    url: Annotated[str, typer.Option("--url", metavar="URL", help=helped("url"), show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help=helped("json"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Ask every part; exit code 0 when the hive can answer, 1 when not."""
    settings = settings_of(data_dir, lang)
    language = settings.language or terminal.language()
    if url:
        from neural_hive.cli.remote import look
        from neural_hive.tokens.own import own_token

        found = look(url, language, own_token(settings.auth))
    else:
        found = asyncio.run(_local(settings, language))
    terminal.say(json.dumps(found, ensure_ascii=False, indent=2) if as_json else table(found["dependencies"], language))
    if not as_json:
        terminal.say(text("cli.ready" if found["ready"] else "cli.not_ready", language, where=url or str(settings.data_dir)))
    raise typer.Exit(0 if found["ready"] else 1)


async def _local(settings: Settings, language: str) -> dict[str, Any]:
    from neural_hive.bootstrap import open_hive

    try:
        async with open_hive(settings) as hive:
            state = await _settled(hive.probe, language)
            voices = hive.panel.specialists
            models = {name: await _model(voice.describe(), settings.ready_deadline) for name, voice in voices.items()}
    except HiveError as error:
        name = "ledger" if isinstance(error, LedgerError) else "hive"
        failed = {"name": name, "ok": False, "latency_ms": None, "detail": error.render(language), "version": "", "model": ""}
        return {"ready": False, "version": __version__, "dependencies": [failed]}
    parts = [part(asdict(item), models) for item in state.dependencies]
    return {"ready": state.ready, "version": __version__, "dependencies": parts}


async def _settled(probe: Probe, language: str) -> Readiness:
    """How the parts are; what was opened a moment ago and is not ready yet is given a second."""
    state = await probe.readiness(language)
    for _ in range(_LOOKS):
        if all(item.ok for item in state.dependencies):
            break
        await asyncio.sleep(_PAUSE)
        state = await probe.readiness(language)
    return state


async def _model(describing: Any, deadline: float) -> dict[str, str] | None:
    try:
        async with asyncio.timeout(deadline):
            model: ModelInfo = await describing
    except (TimeoutError, HiveError):
        return None
    return asdict(model)


def part(health: Mapping[str, Any], models: Mapping[str, Mapping[str, str] | None]) -> Part:
    """A dependency of /ready together with the model that answers there, when it is a specialist."""
    told = {name: health[name] for name in _FIELDS}
    model = models.get(health["name"].removeprefix(_VOICE)) if health["name"].startswith(_VOICE) else None
    if not model:
        return told | {"version": "", "model": ""}
    detail = model.get("fallback", "") if told["ok"] else told["detail"]
    return told | {"detail": detail, "version": model["version"], "model": f"{model['name']} ({model['source']})"}


def table(parts: Sequence[Part], language: str) -> str:
    """Parts with their health, latency, version, model and detail: drawn on a terminal, in columns elsewhere."""
    heads = [text(f"cli.column.{name}", language) for name in ("part", "health", "latency", "version", "model", "detail")]
    words = {True: text("cli.healthy", language), False: text("cli.failed", language)}
    rows = [_row(item, words[item["ok"]]) for item in parts]
    if terminal.is_rich():
        from rich.text import Text

        from neural_hive.cli import pretty

        colour = {words[True]: "green", words[False]: "bold red"}
        drawn = [[Text(cell, style=colour[cell] if place == 1 else "") for place, cell in enumerate(row)] for row in rows]
        return pretty.drawn([pretty.table(heads, drawn)])
    from neural_hive.cli.plain import columns

    return "\n".join(columns([heads, *rows], indent=""))


def _row(item: Part, health: str) -> list[str]:
    took = "-" if item["latency_ms"] is None else f"{item['latency_ms']:.1f} ms"
    told = (item["version"], item["model"], item["detail"])
    return [item["name"], health, took, *(terminal.line(str(word)) or "-" for word in told)]
