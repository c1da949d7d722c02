"""`hive eval`, `hive openapi`: for those who work on the hive itself."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neural_hive.cli import terminal
from neural_hive.cli.options import Lang, helped


class Reviewer(StrEnum):
    """Who answers the cases."""

    HIVE = "hive"
    CONSTANT = "constant"
    KEYWORDS = "keywords"


def evaluate(  # noqa: PLR0913, PLR0917 -- one argument for each option
    path: Annotated[Path, typer.Argument(metavar="PATH", help=helped("eval_path"))] = Path("evals"),
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="NAME", help=helped("eval_set"), show_default=False)] = None,
    reviewer: Annotated[Reviewer, typer.Option("--reviewer", help=helped("eval_reviewer"))] = Reviewer.HIVE,
    misses: Annotated[Path | None, typer.Option("--misses", metavar="FILE", help=helped("eval_misses"), show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=helped("json"))] = False,  # noqa: FBT002 -- a flag
    lang: Lang = None,
) -> None:
    """Print the quality table."""
    import gc

    from neural_hive import evaluation
    from neural_hive.evaluation.answers import hive
    from neural_hive.evaluation.baselines import always_review, keyword_list

    gc.set_threshold(10_000)
    answers = {Reviewer.HIVE: hive, Reviewer.CONSTANT: always_review, Reviewer.KEYWORDS: keyword_list}
    found = evaluation.run(path, sets=sets or (), reviewer=answers[reviewer], misses=misses)
    spoken = terminal.language(lang.value if lang else None)
    terminal.say(json.dumps(found.sets, indent=2) if as_json else evaluation.tables(found, spoken))


def openapi() -> None:
    """Print the description of the REST interface."""
    from neural_hive.gateway.app import create_app
    from neural_hive.settings import load_settings

    terminal.say(json.dumps(create_app(load_settings()).openapi(), ensure_ascii=False, indent=2))
