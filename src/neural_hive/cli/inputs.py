"""From words of the command line to an intention: text, file, or standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from neural_hive.errors import InputError, LimitError
from neural_hive.messages import text
from neural_hive.types import Context, Environment, GivenPlan, Intent, Language, SourcePlan

FILE_NAME = re.compile(r"\S+\.(?:sql|sh|bash|zsh|json|ya?ml|diff|patch|tf|tfplan|txt|md|csv|jsonl)", re.IGNORECASE)
_MACHINE = ("sql", "shell", "terraform", "kubernetes", "diff")
_REQUEST = re.compile(r"\s*\{.*?\"intent_text\"\s*:", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about the intention, unread."""

    intent: str | None = None
    plan: str | None = None
    notation: str = "auto"
    environment: str = ""
    project: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A text and where it came from: a path, "-" for standard input, "" for the command line."""

    text: str
    name: str = ""

    @property
    def file(self) -> str:
        """The path; "" for what is no file."""
        return "" if self.name == "-" else self.name


def intent_of(asked: Asked, limit: int) -> tuple[Intent, Source]:
    """The intention, and the text that its evidence is found in.

    Args:
        asked: The words of the command line.
        limit: Most bytes that are read of a file.

    Raises:
        InputError: There is nothing to judge, no such file, or a file that holds no text.
        LimitError: A file is too long.
    """
    if asked.intent is None and asked.plan is None:
        raise InputError("error.cli_nothing_asked")
    if asked.plan is not None:
        said = _source(asked.intent, limit) if asked.intent is not None else Source("")
        source = read_source(asked.plan, limit)
        return _intent(said.text, _plan(source, asked.notation), asked), source
    source = _source(asked.intent or "", limit)
    if asked.notation == "auto" and _REQUEST.match(source.text):
        return request_intent(source.text.encode(), asked), source
    notation = _notation(source, asked.notation)
    if notation == "text":
        return _intent(source.text.strip(), None, asked), source
    return _intent("", SourcePlan(source=source.text, format=notation), asked), source


def request_intent(body: bytes, asked: Asked) -> Intent:
    """The intention in a JSON object as the REST interface takes it; options fill what it leaves out.

    Raises:
        InputError: It is none; the error names the field.
    """
    from dataclasses import replace

    from neural_hive.gateway.requests import decode_intent
    from neural_hive.gateway.requests import intent_of as stated

    intent = stated(decode_intent(body))
    given = _context(asked)
    unknown = intent.context.environment is Environment.UNKNOWN
    context = replace(
        intent.context,
        project=intent.context.project or given.project,
        environment=given.environment if unknown else intent.context.environment,
    )
    return replace(intent, context=context, language=_forced(asked) or intent.language)


def _intent(words: str, plan: GivenPlan | SourcePlan | None, asked: Asked) -> Intent:
    return Intent(text=words, plan=plan, context=_context(asked), language=_forced(asked) or _spoken_about(words, plan))


def _forced(asked: Asked) -> Language | None:
    return "pt" if asked.language == "pt" else "en" if asked.language == "en" else None


def _spoken_about(words: str, plan: GivenPlan | SourcePlan | None) -> Language | None:
    """Machine text has no language of its own: its reader's is spoken. Words keep theirs."""
    if words or not isinstance(plan, SourcePlan) or plan.format not in _MACHINE:
        return None
    from neural_hive.cli.terminal import language

    return "pt" if language() == "pt" else "en"


def _context(asked: Asked) -> Context:
    return Context(project=asked.project, environment=environment_of(asked.environment))


def environment_of(name: str) -> Environment:
    """The environment by one of its usual names.

    Raises:
        InputError: Nobody calls an environment that.
    """
    if not name:
        return Environment.UNKNOWN
    if name.lower() in {item.value for item in Environment}:
        return Environment(name.lower())
    from neural_hive.understanding.ontology import ontology

    found = ontology().environment_of(name)
    if found is Environment.UNKNOWN:
        raise InputError("error.cli_environment", name=name[:40], known=", ".join(Environment))
    return found


def _plan(source: Source, notation: str) -> SourcePlan:
    return SourcePlan(source=source.text, format=_notation(source, notation).replace("text", "auto"))


def _notation(source: Source, stated: str) -> str:
    """How a text is written: as stated, else as its content and its name show."""
    if stated != "auto":
        return stated
    from neural_hive.planning import detect

    found = detect(source.text, source.file)
    suffix = Path(source.file).suffix.lower()
    if found == "text" and suffix == ".tf":
        raise InputError("error.cli_hcl", path=source.file)
    return {".json": "json", ".yaml": "yaml", ".yml": "yaml"}.get(suffix, found) if found == "text" else found


def _source(argument: str, limit: int) -> Source:
    """The argument itself, or what it names: a path that exists, or "-"."""
    if argument == "-" or _exists(argument):
        return read_source(argument, limit)
    if FILE_NAME.fullmatch(argument):
        raise InputError("error.cli_no_file", path=argument)
    return Source(argument)


def _exists(argument: str) -> bool:
    try:
        return bool(argument) and Path(argument).exists()
    except (OSError, ValueError):  # longer than a path may be, or not one at all
        return False


def read_source(name: str, limit: int) -> Source:
    """What a file, or standard input for "-", holds.

    Raises:
        InputError: No such file, a folder, or no text.
        LimitError: It is longer than `limit` bytes.
    """
    return Source(decoded(_read(name, limit), name), name)


def _read(name: str, limit: int) -> bytes:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError("error.cli_no_file", path=name) from None
    except IsADirectoryError:
        raise InputError("error.cli_folder", path=name) from None
    except OSError as error:
        raise InputError("error.cli_unreadable", path=name, reason=error.strerror or type(error).__name__) from error
    if len(content) > limit:
        raise LimitError("error.cli_too_long", path=_called(name), limit=limit)
    return content


def _called(name: str) -> str:
    from neural_hive.cli.terminal import language

    return text("cli.stdin", language()) if name == "-" else name


def decoded(content: bytes, name: str) -> str:
    """Bytes as text: UTF-8, UTF-16 with its mark, else the Windows code page of western Europe.

    Raises:
        InputError: It is no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if b"\x00" in content:
        raise InputError("error.cli_no_text", path=_called(name))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A file to write results to.

    Raises:
        InputError: It cannot be written.
    """
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError("error.cli_unwritable", path=str(path), reason=error.strerror or type(error).__name__) from error
    with file:
        yield file
