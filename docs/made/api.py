"""The routes of the HTTP interface, from its OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docs.made import types
from docs.made.parts import code, said, table, word

Operation = Mapping[str, Any]
_SHOWN = {"en": ("ask_in_english", "ask_with_tasks", "ask_with_sql"), "pt": ("ask_in_portuguese", "ask_with_tasks", "ask_with_sql")}
_ANSWER = "decision"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the gateway with its default settings."""
    from neural_hive.gateway.app import create_app
    from neural_hive.settings import Settings

    with TemporaryDirectory() as folder:
        found: dict[str, Any] = create_app(Settings(data_dir=Path(folder))).openapi()
    return found


def operations() -> Iterator[tuple[str, str, Operation]]:
    """Method, path and description of each operation, in the order of the document."""
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            yield method.upper(), path, described


def overview(language: str) -> str:
    """One line for each operation."""
    head = [word(f"api.{key}", language) for key in ("route", "does", "scope")]
    rows = (
        (
            f"{code(f'{method} {path}')}",
            f"[{said(described['summary'], language)}](#{_anchor(described, language)})",
            _scope(described, language),
        )
        for method, path, described in operations()
    )
    return table(head, rows)


def _anchor(described: Operation, language: str) -> str:
    kept = "".join(sign for sign in said(described["summary"], language).lower() if sign.isalnum() or sign in "- _")
    return kept.replace(" ", "-")


def scopes_of(described: Operation) -> tuple[str, ...]:
    """The scopes that a token needs for an operation; none for those that are open to everybody."""
    return tuple(scope for each in described.get("security", ()) for scopes in each.values() for scope in scopes)


def _scope(described: Operation, language: str) -> str:
    return ", ".join(map(code, scopes_of(described))) or word("api.open", language)


def routes(language: str) -> str:
    """A section for each operation."""
    return "\n".join(_operation(method, path, described, language) for method, path, described in operations())


def _operation(method: str, path: str, described: Operation, language: str) -> str:
    parts = [
        f"### {said(described['summary'], language)}\n",
        f"{code(f'{method} {path}')}. {said(described['description'], language)}\n",
        f"{word('api.scope', language).capitalize()}: {_scope(described, language)}.\n",
        _parameters(described, language),
        _body(described, language),
        _answers(described, language),
        *_examples(described, language),
    ]
    return "\n".join(part for part in parts if part)


def _parameters(described: Operation, language: str) -> str:
    rows = [
        (
            code(item["name"]),
            said(f"in {item['in']}", language),
            types.kind_of(item.get("schema", {}), language),
            said(item.get("description", ""), language),
        )
        for item in described.get("parameters", ())
    ]
    head = [word(f"api.{key}", language) for key in ("parameter", "place", "type", "meaning")]
    return table(head, rows) if rows else ""


def _body(described: Operation, language: str) -> str:
    content = described.get("requestBody", {}).get("content", {})
    told = (f"{types.kind_of(part['schema'], language)} ({media})" for media, part in content.items())
    return f"{word('api.body', language)}: {'; '.join(told)}.\n" if content else ""


def _answers(described: Operation, language: str) -> str:
    head = [word(f"api.{key}", language) for key in ("status", "meaning", "answer")]
    rows = (
        (status, said(answer["description"], language), "; ".join(_content(answer, language)))
        for status, answer in sorted(described["responses"].items())
    )
    return table(head, rows)


def _content(answer: Mapping[str, Any], language: str) -> Iterator[str]:
    for media, part in answer.get("content", {}).items():
        yield f"{types.kind_of(part['schema'], language)} ({media})"


def _examples(described: Operation, language: str) -> Iterator[str]:
    """Requests in the page's language; of an answer, the members that are no lists and no objects."""
    for name in _named(described.get("requestBody", {})):
        if name in _SHOWN[language] or not name.startswith("ask_"):
            yield _json(_value(name))
    if "requestBody" in described and _ANSWER in _named(described["responses"].get("200", {})):
        flat = {key: value for key, value in _value(_ANSWER).items() if not isinstance(value, dict | list)}
        yield f"{word('api.flat', language)}\n"
        yield _json(flat)


def _named(part: Mapping[str, Any]) -> list[str]:
    return [name for media in part.get("content", {}).values() for name in media.get("examples", {})]


def _value(name: str) -> dict[str, Any]:
    value: dict[str, Any] = document()["components"]["examples"][name]["value"]
    return value


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```\n"


def schemas(language: str) -> str:
    """A section for each type."""
    return types.types(document()["components"]["schemas"], language)


def sentences() -> Iterator[str]:
    """Every English sentence that the pages show of the document."""
    for _, _, described in operations():
        yield from (described["summary"], described["description"])
        for item in described.get("parameters", ()):
            yield from (f"in {item['in']}", item.get("description", ""))
        yield from (answer["description"] for answer in described["responses"].values())
    for schema in document()["components"]["schemas"].values():
        yield from types.used_by(schema)
