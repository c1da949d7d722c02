"""The commands by name. Modules of commands are light; what they need is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from neural_hive import __version__
from neural_hive.cli import doctor, evaluate, feedback, ledger, review, serve, specialist, status, terminal, train, worker
from neural_hive.cli.options import helped

app = typer.Typer(
    help=helped("hive"),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if terminal.is_rich() else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("review", help=helped("review"))(review.review)
app.command("serve", help=helped("serve"))(serve.serve)
app.command("gateway", help=helped("gateway"))(serve.serve)
app.command("status", help=helped("status"))(status.status)
app.command("doctor", help=helped("doctor"))(doctor.doctor)
app.command("specialist", help=helped("specialist"))(specialist.specialist)
app.command("worker", help=helped("worker"))(worker.worker)
app.command("feedback", help=helped("feedback"))(feedback.feedback)
app.add_typer(ledger.app, name="ledger", help=helped("ledger"))
app.command("eval", help=helped("eval"))(evaluate.evaluate)
app.command("train", help=helped("train"))(train.train)
app.command("openapi", help=helped("openapi"))(evaluate.openapi)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 -- the signature is typer's
    if wanted:
        terminal.say(f"neural-hive-mind {__version__}")
        raise typer.Exit


@app.callback()
def hive(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help=helped("version"))] = False,  # noqa: FBT002 -- typer reads it
) -> None:
    """Commands come after this."""
