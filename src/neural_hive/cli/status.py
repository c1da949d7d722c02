"""`hive status`: the parts of a hive and how they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped, settings_of
from neural_hive.errors import UnavailableError
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.settings import Settings

_DEADLINE = 10.0  # seconds for a whole answer of /ready; the server has its own, shorter one for each part
_MOST = 1 << 20


def status(
    url: Annotated[str, typer.Option("--url", metavar="URL", help=helped("url"), show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help=helped("json"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Ask every part; exit code 0 when the hive can answer, 1 when not."""
    settings = settings_of(data_dir, lang)
    language = settings.language or terminal.language()
    found = _remote(url, language) if url else asyncio.run(_local(settings, language))
    terminal.say(json.dumps(found, ensure_ascii=False, indent=2) if as_json else table(found["dependencies"], language))
    if not as_json:
        terminal.say(text("cli.ready" if found["ready"] else "cli.not_ready", language, where=url or str(settings.data_dir)))
    raise typer.Exit(0 if found["ready"] else 1)


async def _local(settings: Settings, language: str) -> dict[str, Any]:
    from neural_hive.bootstrap import open_hive

    async with open_hive(settings) as hive:
        state = await hive.probe.readiness(language)
    return {"ready": state.ready, "dependencies": [asdict(item) for item in state.dependencies]}


def _remote(url: str, language: str) -> dict[str, Any]:
    """What a running gateway says at /ready.

    Raises:
        UnavailableError: Nobody answers there, or not as a hive does.
    """
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    address = (url if "://" in url else f"http://{url}").rstrip("/") + "/ready"
    if not address.startswith(("http://", "https://")):
        raise UnavailableError("error.cli_no_hive", url=url)
    try:
        asked = Request(address, headers={"Accept-Language": language, "Accept": "application/json"})  # noqa: S310 -- checked above
        with urlopen(asked, timeout=_DEADLINE) as response:  # noqa: S310 -- as above
            body = response.read(_MOST)
    except HTTPError as error:
        body = error.read(_MOST)
    except (URLError, OSError, ValueError) as error:
        raise UnavailableError("error.cli_no_hive", url=url) from error
    return _understood(body, url)


def _understood(body: bytes, url: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
        parts = [{name: item[name] for name in ("name", "ok", "latency_ms", "detail")} for item in found["dependencies"]]
        return {"ready": bool(found["ready"]), "dependencies": parts}
    except (ValueError, KeyError, TypeError):
        raise UnavailableError("error.cli_no_hive", url=url) from None


def table(parts: Sequence[dict[str, Any]], language: str) -> str:
    """Parts with their health, latency and detail: drawn on a terminal, in columns elsewhere."""
    heads = [text(f"cli.column.{name}", language) for name in ("part", "health", "latency", "detail")]
    words = {True: text("cli.healthy", language), False: text("cli.failed", language)}
    rows = [(item["name"], words[item["ok"]], f"{item['latency_ms']:.1f} ms", terminal.line(item["detail"])) for item in parts]
    if terminal.is_rich():
        from rich.text import Text

        from neural_hive.cli import pretty

        colour = {words[True]: "green", words[False]: "bold red"}
        drawn = [(Text(name), Text(word, style=colour[word]), Text(took), Text(detail)) for name, word, took, detail in rows]
        return pretty.drawn([pretty.table(heads, drawn)])
    from neural_hive.cli.plain import columns

    return "\n".join(columns([heads, *rows], indent=""))
