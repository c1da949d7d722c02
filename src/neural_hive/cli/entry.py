"""Starts the command line: languages, streams, and what an error becomes in a shell.

0, 10, 20, 30   approve, conditional, review_required, reject
64              the call or the input cannot be used (InputError, SettingsError, MissingDriverError)
1               anything else went wrong, and nothing was approved
130             interrupted
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from neural_hive.cli import terminal
from neural_hive.errors import HiveError, InputError, MissingDriverError, SettingsError

INTERNAL, USAGE, INTERRUPTED = 1, 64, 130
_USAGE_OF_TYPER = 2
_CALM = 200_000  # objects between two collections; what a short command loads stays until it ends


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Args:
        arguments: Words after `hive`; those of the process when None.

    Raises:
        SystemExit: Always.
    """
    gc.set_threshold(_CALM)
    given = [_readable(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    terminal.prepare(given)
    sys.exit(_run(given))


def _run(given: list[str]) -> int:
    from neural_hive.cli.app import app

    try:
        app(given, prog_name="hive")
    except HiveError as error:
        terminal.complain(error.render(terminal.language()))
        return exit_code_of(error)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else INTERNAL
        return USAGE if code == _USAGE_OF_TYPER else code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        terminal.hang_up()
    except Exception as error:  # noqa: BLE001 -- a traceback may quote what a person wrote; the places alone tell enough
        from neural_hive.messages import text
        from neural_hive.telemetry import frames

        terminal.complain(text("cli.internal", terminal.language(), places=frames(error)))
        return INTERNAL
    return 0


def exit_code_of(error: HiveError) -> int:
    """64 when whoever called can mend it, 1 otherwise."""
    return USAGE if isinstance(error, InputError | SettingsError | MissingDriverError) else INTERNAL


def _readable(word: str) -> str:
    """An argument whose bytes the locale could not decode, read as UTF-8."""
    return word if word.isprintable() else os.fsencode(word).decode("utf-8", "replace") if _broken(word) else word


def _broken(word: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in word)
