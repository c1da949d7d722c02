"""Rows of a batch: JSON lines as the REST interface takes them, or CSV with a head."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from neural_hive.cli.inputs import Asked, decoded, request_intent
from neural_hive.errors import InputError
from neural_hive.types import Intent

_TEXT_NAMES = ("intent_text", "intent", "intention", "text", "texto", "intencao", "intenção", "description", "descricao", "descrição")
_MOST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Row:
    """One intention of a file.

    Attributes:
        line: Where it stands, from 1.
        id: The caller's own name for it, "" when there is none.
        body: The request as JSON, None when the line holds none.
    """

    line: int
    id: str
    body: bytes | None

    def intent(self, asked: Asked) -> Intent:
        """The intention.

        Raises:
            InputError: The line holds no usable request.
        """
        if self.body is None:
            raise InputError("error.cli_row_shape")
        return request_intent(self.body, asked)


def read(path: Path) -> list[Row]:
    """All rows of a file, also those that cannot be used.

    Raises:
        InputError: No such file, or none that is called .jsonl, .ndjson or .csv.
    """
    suffix = path.suffix.lower()
    if suffix not in (".jsonl", ".ndjson", ".csv"):
        raise InputError("error.cli_rows_kind", path=str(path))
    words = _content(path)
    found = _csv_rows(words) if suffix == ".csv" else _json_rows(words)
    if not found:
        raise InputError("error.cli_no_rows", path=str(path))
    return found


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("error.cli_too_long", path=str(path), limit=_MOST_BYTES)
        return decoded(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise InputError("error.cli_no_file", path=str(path)) from None
    except OSError as error:
        raise InputError("error.cli_unreadable", path=str(path), reason=error.strerror or type(error).__name__) from error


def _json_rows(words: str) -> list[Row]:
    return [_json_row(number, line) for number, line in enumerate(words.split("\n"), 1) if line.strip()]


def _json_row(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, "", None)
    if isinstance(value, str):
        value = {"intent_text": value}
    return _row(number, value) if isinstance(value, dict) else Row(number, "", None)


def _csv_rows(words: str) -> list[Row]:
    """Rows below the head; the dialect follows the head, where a semicolon is what Brazilian spreadsheets write."""
    head = words.partition("\n")[0]
    reader = csv.DictReader(StringIO(words, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    found = []
    try:
        for values in reader:
            named = {name.strip().lower(): value for name, value in values.items() if name and isinstance(value, str) and value}
            if any(value.strip() for value in named.values()):
                found.append(_row(reader.line_num, named))
    except csv.Error:
        found.append(Row(reader.line_num, "", None))
    return found


def _row(number: int, value: Mapping[str, Any]) -> Row:
    """A row under the names of the REST interface; those of a flat table are lifted to their places."""
    body = {name: value[name] for name in ("intent_text", "context", "user_id", "plan", "language") if name in value}
    if "intent_text" not in body:
        words = next((value[name] for name in _TEXT_NAMES if value.get(name)), None)
        body |= {"intent_text": words} if words is not None else {}
    flat = {name: value[name] for name in ("environment", "project", "domain", "priority") if value.get(name)}
    if flat and "context" not in body:
        body["context"] = flat
    if value.get("source") and "plan" not in body:
        body["plan"] = {"source": value["source"], "format": value.get("format") or "auto"}
    usable = "intent_text" in body or "plan" in body
    name = value.get("id", "")
    return Row(number, str(name) if isinstance(name, (str, int)) else "", json.dumps(body).encode() if usable else None)
