"""Options that several commands share, and the settings that they fill."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neural_hive.cli.terminal import language
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.settings import Settings


class Tongue(StrEnum):
    """A language to answer in."""

    PT = "pt"
    EN = "en"


def helped(name: str) -> str:
    """The help of a command or option in the language of this call."""
    return text(f"cli.help.{name}", language())


DataDir = Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help=helped("data_dir"), show_default=False)]
Lang = Annotated[Tongue | None, typer.Option("--lang", help=helped("lang"), show_default=False)]


def settings_of(data_dir: Path | None = None, lang: Tongue | None = None, **options: Any) -> Settings:
    """The settings of this call: option > environment > file > default.

    Raises:
        SettingsError: A value cannot be used.
    """
    from neural_hive.settings import load_settings

    settings = load_settings(data_dir=data_dir.expanduser() if data_dir else None, language=lang.value if lang else None, **options)
    if settings.log_level == "info":
        _quiet(settings.log_format)
    return settings


def _quiet(log_format: str) -> None:
    """Commands that end at once speak for themselves; their log is for trouble."""
    from neural_hive.telemetry import configure_logging

    configure_logging("error", log_format)
