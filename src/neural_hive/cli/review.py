"""`hive review`: one intention, or a file of them."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped, settings_of
from neural_hive.errors import InputError

if TYPE_CHECKING:
    from neural_hive.settings import Settings
    from neural_hive.types import Intent

EXIT_CODES = {"approve": 0, "conditional": 10, "review_required": 20, "reject": 30}


class Output(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


class Notation(StrEnum):
    """How a plan is written."""

    AUTO = "auto"
    TEXT = "text"
    SQL = "sql"
    SHELL = "shell"
    TERRAFORM = "terraform"
    KUBERNETES = "kubernetes"
    DIFF = "diff"
    JSON = "json"
    YAML = "yaml"


def review(  # noqa: PLR0913, PLR0917 -- one argument for each option
    intent: Annotated[str | None, typer.Argument(metavar="TEXT|FILE|-", help=helped("intent"), show_default=False)] = None,
    plan: Annotated[str | None, typer.Option("--plan", metavar="FILE|-", help=helped("plan"), show_default=False)] = None,
    notation: Annotated[Notation, typer.Option("--format", help=helped("format"))] = Notation.AUTO,
    environment: Annotated[str, typer.Option("--environment", metavar="NAME", help=helped("environment"), show_default=False)] = "",
    project: Annotated[str, typer.Option("--project", metavar="NAME", help=helped("project"), show_default=False)] = "",
    output: Annotated[Output, typer.Option("-o", "--output-format", help=helped("output"))] = Output.TEXT,
    rows: Annotated[Path | None, typer.Option("--input", metavar="FILE", help=helped("input"), show_default=False)] = None,
    results: Annotated[Path | None, typer.Option("--output", metavar="FILE", help=helped("results"), show_default=False)] = None,
    url: Annotated[str, typer.Option("--url", metavar="URL", help=helped("review_url"), show_default=False)] = "",
    queue: Annotated[bool, typer.Option("--queue", help=helped("review_queue"))] = False,  # noqa: FBT002 -- a flag
    fresh: Annotated[bool, typer.Option("--fresh", help=helped("fresh"))] = False,  # noqa: FBT002 -- a flag
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help=helped("exit_zero"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Ask the hive; the exit code is the verdict."""
    from neural_hive.cli import inputs

    settings = settings_of(data_dir, lang)
    asked = inputs.Asked(intent, plan, notation.value, environment, project, lang.value if lang else None)
    if (url and rows is None) or ((queue or fresh) and not url):
        raise InputError("error.cli_url_rows")
    if rows is not None:
        from neural_hive.cli.batch import Distant, review_all

        distant = Distant(url, queue, fresh) if url else None
        code = review_all(settings, rows, asked, results, whole=output is Output.JSON, distant=distant)
    else:
        code = _review_one(settings, asked, output, results)
    raise typer.Exit(0 if exit_zero and code in EXIT_CODES.values() else code)


def _review_one(settings: Settings, asked: Any, output: Output, results: Path | None) -> int:
    from neural_hive.cli import inputs

    intent, source = inputs.intent_of(asked, settings.limits.max_body_bytes)
    answer = asyncio.run(_answer(settings, intent))
    spoken = answer["plan"]["language"]
    spoken = spoken if spoken in ("pt", "en") else settings.language or terminal.language()
    _write(_rendered(answer, output, spoken, source, results), results)
    return EXIT_CODES[answer["verdict"]]


async def _answer(settings: Settings, intent: Intent) -> dict[str, Any]:
    import msgspec

    from neural_hive.bootstrap import open_hive
    from neural_hive.records import answer

    async with open_hive(settings) as hive:
        decision = await hive.review(intent)
    found: dict[str, Any] = msgspec.to_builtins(answer(decision))
    return found


def _rendered(answer: dict[str, Any], output: Output, language: str, source: Any, results: Path | None) -> str:
    """The answer as one text; on a terminal, as it is drawn there."""
    if output is Output.JSON:
        import json

        return json.dumps(answer, ensure_ascii=False, indent=2)
    if output is Output.SARIF:
        from neural_hive.cli.sarif import sarif

        return sarif(answer, language, source)
    if output is Output.MARKDOWN:
        from neural_hive.cli.markdown import markdown

        return markdown(answer, language)
    if results is None and terminal.is_rich():
        from neural_hive.cli.pretty import pretty

        return pretty(answer, language)
    from neural_hive.cli.plain import plain

    return plain(answer, language)


def _write(words: str, results: Path | None) -> None:
    if results is None:
        terminal.say(words)
        return
    from neural_hive.cli.inputs import writing

    with writing(results) as file:
        file.write(words if words.endswith("\n") else words + "\n")
