"""`hive feedback`: what came of a decision."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import DataDir, Lang, helped, settings_of
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.settings import Settings


class Outcome(StrEnum):
    """Whether harm came of carrying it out."""

    HARM = "harm"
    NO_HARM = "no_harm"


def feedback(
    decision_id: Annotated[str, typer.Argument(metavar="DECISION_ID", help=helped("decision_id"))],
    outcome: Annotated[Outcome, typer.Option("--outcome", help=helped("outcome"))],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help=helped("note"), show_default=False)] = "",
    lang: Lang = None,
    data_dir: DataDir = None,
) -> None:
    """Record an outcome; the panel's weights learn from the first one of each decision."""
    settings = settings_of(data_dir, lang)
    word: Literal["harmful", "harmless"] = "harmful" if outcome is Outcome.HARM else "harmless"
    entry = asyncio.run(_report(settings, decision_id, word, note))
    terminal.say(text("cli.feedback_recorded", settings.language or terminal.language(), id=entry["id"], leaf=entry["receipt"].leaf_index))


async def _report(settings: Settings, decision_id: str, outcome: Literal["harmful", "harmless"], note: str) -> dict[str, Any]:
    from neural_hive.bootstrap import open_hive

    async with open_hive(settings) as hive:
        return await hive.outcomes.report(decision_id, outcome, comment=note)
