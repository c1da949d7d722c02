"""`hive ledger`: check, read, hand on and prove what was decided; erase a person's words."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, Tongue, helped, settings_of
from neural_hive.errors import InputError
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.ledger.verify import VerificationReport
    from neural_hive.settings import Settings
    from neural_hive.types import Receipt

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich" if terminal.is_rich() else None)
_RecordId = Annotated[str, typer.Argument(metavar="ID", help=helped("record_id"))]


@app.command("verify", help=helped("ledger_verify"))
def verify(  # noqa: PLR0913, PLR0917 -- one argument for each option
    public_key: Annotated[
        str | None, typer.Option("--public-key", metavar="KEY|FILE", help=helped("public_key"), show_default=False)
    ] = None,
    anchor: Annotated[Path | None, typer.Option("--anchor", metavar="FILE", help=helped("anchor"), show_default=False)] = None,
    exported: Annotated[Path | None, typer.Option("--file", metavar="FILE", help=helped("exported"), show_default=False)] = None,
    independent: Annotated[bool, typer.Option("--independent", help=helped("independent"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Recompute everything; exit code 0 when nothing is wrong, 1 when something is."""
    settings, language = _settings(data_dir, lang)
    key = _file_or_word(public_key)
    if independent or exported:
        raise typer.Exit(_verify_alone(settings, exported, key, anchor))
    from neural_hive.ledger.verify import verify as audit

    try:
        report = audit(_url(settings), public_key=key, anchor=_content(anchor) if anchor else None, **_way(settings))
    except ValueError:
        raise InputError("error.cli_public_key") from None
    _tell(report, language)
    raise typer.Exit(0 if report.ok else 1)


@app.command("show", help=helped("ledger_show"))
def show(record_id: _RecordId, lang: Lang = None, data_dir: DataDir = None) -> None:
    """A record as JSON."""
    from neural_hive.ledger import offline

    settings, _ = _settings(data_dir, lang)
    _say_json(offline.show(_url(settings), record_id, **_way(settings)))


@app.command("prove", help=helped("ledger_prove"))
def prove(
    record_id: Annotated[str | None, typer.Argument(metavar="ID", help=helped("record_id"), show_default=False)] = None,
    since: Annotated[int | None, typer.Option("--since", min=0, help=helped("since"), show_default=False)] = None,
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """A proof as JSON: that a record is in the ledger, or that the ledger only grew."""
    import msgspec

    from neural_hive.ledger import offline

    settings, _ = _settings(data_dir, lang)
    if (record_id is None) == (since is None):
        raise InputError("error.cli_prove_what")
    if since is not None:
        _say_json({"since": since, "consistency": list(offline.prove_growth(_url(settings), since, **_way(settings)))})
    elif record_id is not None:
        _say_json(msgspec.to_builtins(offline.prove(_url(settings), record_id, **_way(settings))))


@app.command("export", help=helped("ledger_export"))
def export(
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help=helped("export_output"), show_default=False)] = None,
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """All leaves and checkpoints as JSON lines, contents sealed."""
    from neural_hive.cli.inputs import writing
    from neural_hive.ledger import offline

    settings, language = _settings(data_dir, lang)
    if output is None:
        offline.export(_url(settings), sys.stdout, deadline=settings.ledger_deadline)
        sys.stdout.flush()
        return
    with writing(output) as file:
        leaves = offline.export(_url(settings), file, deadline=settings.ledger_deadline)
    terminal.say(text("cli.exported", language, leaves=leaves, path=output), sys.stderr)


@app.command("erase", help=helped("ledger_erase"))
def erase(
    decision_id: Annotated[str, typer.Argument(metavar="DECISION_ID", help=helped("decision_id"))],
    yes: Annotated[bool, typer.Option("--yes", "-y", help=helped("yes"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Destroy the words of a decision; asks first."""
    settings, language = _settings(data_dir, lang)
    if not yes and not _agreed(text("cli.erase_sure", language, id=decision_id)):
        raise InputError("error.cli_not_erased")
    receipt = asyncio.run(_erase(settings, decision_id))
    terminal.say(text("cli.erased", language, id=decision_id, leaf=receipt.leaf_index))


def _agreed(question: str) -> bool:
    return sys.stdin.isatty() and typer.confirm(question)


async def _erase(settings: Settings, decision_id: str) -> Receipt:
    from neural_hive.bootstrap import open_hive

    async with open_hive(settings) as hive:
        return await hive.outcomes.erase(decision_id)


def _settings(data_dir: Path | None, lang: Tongue | None) -> tuple[Settings, str]:
    settings = settings_of(data_dir, lang)
    return settings, settings.language or terminal.language()


def _url(settings: Settings) -> str:
    """The ledger's URL.

    Raises:
        InputError: It is neither a file nor in MongoDB; a service checks itself through the REST interface.
    """
    if not settings.ledger_url.startswith(("sqlite:", "mongodb:", "mongodb+srv:")):
        raise InputError("error.cli_ledger_remote", scheme=settings.ledger_url.partition(":")[0])
    return settings.ledger_url


def _way(settings: Settings) -> dict[str, Any]:
    """What a ledger on a server is opened with besides its URL."""
    return {"key_file": settings.ledger_key_path, "deadline": settings.ledger_deadline}


def _tell(report: VerificationReport, language: str) -> None:
    counts = {"leaves": report.leaves, "checkpoints": report.checkpoints, "erased": report.erased, "root": report.root}
    if report.ok:
        terminal.say(text("cli.verified", language, **counts))
        return
    terminal.say(text("cli.tampered", language, **counts))
    for finding in report.findings:
        terminal.say(f"  - {terminal.line(finding.render(language))}")


def _verify_alone(settings: Settings, exported: Path | None, key: str | None, anchor: Path | None) -> int:
    """Ask the second verifier, which shares no code with the writer; a ledger on a server is exported for it."""
    from neural_hive.ledger.address import is_mongo
    from neural_hive.ledger.offline import export

    if exported or not is_mongo(_url(settings)):
        path = exported or Path(_url(settings).removeprefix("sqlite:///")).expanduser()
        return _second_opinion(path, key or str(path.with_suffix(".key.pub")), anchor)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.jsonl"
        with path.open("w", encoding="utf-8") as file:
            export(_url(settings), file, deadline=settings.ledger_deadline)
        beside = settings.ledger_key_path
        return _second_opinion(path, key or str(beside.with_name(f"{beside.name}.pub")), anchor)


def _second_opinion(path: Path, key: str, anchor: Path | None) -> int:
    from neural_hive.ledger import independent

    if not path.is_file():
        raise InputError("error.cli_no_file", path=str(path))
    if key.endswith(".pub") and not Path(key).is_file():
        raise InputError("error.cli_public_key")
    return independent.main([str(path), "--public-key", key, *(["--anchor", str(anchor)] if anchor else [])])


def _file_or_word(key: str | None) -> str | None:
    return _content(Path(key)).strip() if key and Path(key).is_file() else key


def _content(path: Path) -> str:
    from neural_hive.cli.inputs import read_source

    return read_source(str(path), 1 << 20).text


def _say_json(value: object) -> None:
    terminal.say(json.dumps(value, ensure_ascii=False, indent=2))
