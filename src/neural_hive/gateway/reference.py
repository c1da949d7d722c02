"""The reference of the API as a plain page, made from the OpenAPI document itself."""

from __future__ import annotations

from typing import Any

import msgspec

from neural_hive.gateway.markup import Markup, el
from neural_hive.gateway.pages import frame
from neural_hive.messages import text

_SHOWN = 6_000  # characters of an example that are shown


def reference_page(language: str, document: dict[str, Any]) -> bytes:
    """Every operation with its parameters, examples and answers."""
    examples = document["components"]["examples"]
    operations = [
        _operation(method, path, described, examples, language)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if isinstance(described, dict) and "responses" in described
    ]
    lead = el("p", text("page.reference", language), " ", el("a", "openapi.json", href="/openapi.json"), class_="lead")
    return frame(text("page.nav.api", language), language, "/docs", el("h1", text("page.nav.api", language)), lead, *operations)


def _operation(method: str, path: str, described: dict[str, Any], examples: dict[str, Any], language: str) -> Markup:
    parameters = [
        el("div", el("dt", el("code", item["name"]), f" ({item['in']})"), el("dd", item.get("description", "")))
        for item in described.get("parameters", [])
    ]
    answers = [el("div", el("dt", status), el("dd", answer.get("description", ""))) for status, answer in described["responses"].items()]
    asked = [_example(name, examples) for name in _names(described.get("requestBody", {}))]
    answered = [_example(name, examples) for name in _names(described["responses"].get("200", {}))]
    return el(
        "section",
        el("h2", el("span", method.upper(), class_="method"), " ", el("code", path)),
        el("p", described.get("description") or described.get("summary", "")),
        el("dl", *parameters, class_="facts") if parameters else None,
        *asked,
        el("h3", text("page.answers", language)),
        el("dl", *answers, class_="facts"),
        *answered,
        class_="card operation",
        lang="en",
    )


def _names(part: dict[str, Any]) -> list[str]:
    return [name for media in part.get("content", {}).values() for name in media.get("examples", {})]


def _example(name: str, examples: dict[str, Any]) -> Markup:
    shown = msgspec.json.format(msgspec.json.encode(examples[name]["value"]), indent=2).decode()
    return el(
        "details", el("summary", name.replace("_", " ")), el("pre", el("code", shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "\n…"))
    )
