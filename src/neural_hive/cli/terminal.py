"""What a command may say, where, and in which language."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

_spoken = ["en"]
_KEPT = "\n\t"
_COMMANDING = ("Cc", "Cf", "Cs", "Co")  # Unicode categories


def prepare(arguments: Sequence[str] = ()) -> None:
    """Settle the language of this call and make both streams able to say it."""
    _spoken[0] = _language_of(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def language(option: str | None = None) -> str:
    """The language to speak: the option, else `--lang` as it was called, HIVE_LANGUAGE, or the locale."""
    return option or _spoken[0]


def _language_of(arguments: Sequence[str]) -> str:
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word.startswith("--lang="):
            return word[len("--lang=") :]
        if word == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
    names = ("HIVE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    stated = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return "pt" if stated.lower().startswith("pt") else "en"


def is_rich(stream: TextIO | None = None) -> bool:
    """Whether colour and drawing are wanted: a capable terminal, and no NO_COLOR."""
    stream = stream or sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(words: str, stream: TextIO | None = None) -> None:
    """Write a text and one line break to standard output; a reader that has gone away is no error."""
    stream = stream or sys.stdout
    try:
        stream.write(words if words.endswith("\n") else words + "\n")
        stream.flush()
    except BrokenPipeError:
        hang_up()


def complain(words: str) -> None:
    """Write a text to standard error."""
    with suppress(OSError):
        say(f"hive: {words}", sys.stderr)


def hang_up() -> None:
    """Stop writing: nobody reads standard output any more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean(words: str) -> str:
    """Words of other people without control characters, which could command the terminal."""
    if words.isprintable():
        return words
    return "".join(_shown(each) for each in words)


def _shown(sign: str) -> str:
    return sign if sign in _KEPT or unicodedata.category(sign) not in _COMMANDING else "\N{REPLACEMENT CHARACTER}"


def line(words: str) -> str:
    """The same on one line."""
    return " ".join(clean(words).split())
