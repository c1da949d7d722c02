"""The frame of every page, the form, the list of decisions, an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neural_hive.gateway.markup import Child, Markup, el, join
from neural_hive.messages import text

FORMATS = ("auto", "sql", "shell", "terraform", "kubernetes", "diff", "json", "yaml")
ENVIRONMENTS = ("unknown", "production", "staging", "development")
EXAMPLES = ("rename", "purge", "safe_purge", "open_port")


def frame(title: str, language: str, path: str, *body: Child) -> bytes:
    """A whole page.

    Args:
        title: For the window.
        language: "pt" or "en".
        path: The page's own path, for the language switch.
        *body: The content of `main`.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} · Neural Hive-Mind"),
        el("link", rel="icon", href="/static/hive.svg", type="image/svg+xml"),
        el("link", rel="stylesheet", href="/static/hive.css"),
    )
    page = el(
        "html",
        head,
        el("body", _header(language, path), el("main", *body, id="main"), _footer(language)),
        lang="pt-BR" if language == "pt" else "en",
    )
    return f"<!doctype html>\n{page}".encode()


def _header(language: str, path: str) -> Markup:
    brand = el(
        "a", el("span", class_="mark", aria_hidden="true"), el("span", "Neural Hive-Mind"), href=f"/?lang={language}", class_="brand"
    )
    links = el(
        "nav",
        el("a", text("page.nav.decisions", language), href=f"/decisions?lang={language}"),
        el("a", text("page.nav.api", language), href=f"/docs?lang={language}"),
        _switch(language, path),
        aria_label=text("page.nav.label", language),
    )
    return join([el("a", text("page.skip", language), href="#main", class_="skip"), el("header", brand, links)])


def _switch(language: str, path: str) -> Markup:
    other = "en" if language == "pt" else "pt"
    name = text(f"page.read_in_{other}", other)
    return el(
        "a",
        name,
        href=f"{path}?lang={other}",
        hreflang="pt-BR" if other == "pt" else "en",
        lang="pt-BR" if other == "pt" else "en",
        class_="switch",
    )


def _footer(language: str) -> Markup:
    return el("footer", el("p", text("page.footer", language)))


def home(language: str, *, given: Mapping[str, str] | None = None, error: str | None = None) -> bytes:
    """The page with the form.

    Args:
        language: "pt" or "en".
        given: What stands in the form.
        error: Why what was sent could not be used.
    """
    hero = el("section", el("h1", text("page.title", language)), el("p", text("page.tagline", language), class_="lead"), class_="hero")
    return frame(text("page.title", language), language, "/", hero, form(language, given or {}, error), _examples(language))


def form(language: str, given: Mapping[str, str], error: str | None = None) -> Markup:
    """The form; it works without JavaScript."""
    has_plan = bool(given.get("source"))
    alert = el("p", error, class_="alert", role="alert", id="problem") if error else None
    intention = el(
        "div",
        el("label", text("page.form.intent", language), for_="intent_text"),
        el(
            "textarea",
            given.get("intent_text", ""),
            id="intent_text",
            name="intent_text",
            rows=4,
            maxlength=10_000,
            placeholder=text("page.form.placeholder", language),
            aria_describedby="problem" if error else "intent_hint",
        ),
        el("p", text("page.form.hint", language), class_="hint", id="intent_hint"),
        class_="field",
    )
    plan = el(
        "details",
        el("summary", text("page.form.add_plan", language)),
        _select(language, "format", FORMATS, given.get("format", "auto")),
        el(
            "div",
            el("label", text("page.form.source", language), for_="source"),
            el("textarea", given.get("source", ""), id="source", name="source", rows=8, spellcheck="false", class_="code"),
            class_="field",
        ),
        open=has_plan,
    )
    submit = el(
        "div",
        _select(language, "environment", ENVIRONMENTS, given.get("environment", "unknown")),
        el("button", text("page.form.ask", language), type="submit"),
        class_="row",
    )
    hidden = el("input", type="hidden", name="lang", value=language)
    return el("form", alert, hidden, intention, plan, submit, method="post", action="/", class_="card")


def _select(language: str, name: str, options: Sequence[str], chosen: str) -> Markup:
    shown = [el("option", text(f"page.{name}.{option}", language), value=option, selected=option == chosen) for option in options]
    return el("div", el("label", text(f"page.form.{name}", language), for_=name), el("select", *shown, id=name, name=name), class_="field")


def _examples(language: str) -> Markup:
    items = [el("li", el("a", text(f"page.example.{name}", language), href=f"/?example={name}&lang={language}")) for name in EXAMPLES]
    return el("section", el("h2", text("page.examples", language)), el("ul", *items, class_="examples"))


def chip(verdict: str, language: str) -> Markup:
    """A verdict as a small label."""
    return el("span", text(f"page.verdict.{verdict}", language), class_=f"chip {verdict}")


def percent(share: float, language: str) -> str:
    """A share in [0, 1] as a percentage with one decimal where it matters."""
    value = share * 100
    shown = f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
    return (shown.replace(".", ",") if language == "pt" else shown) + " %"


def listing(language: str, entries: Sequence[Mapping[str, Any]], after: int | None) -> bytes:
    """Past decisions, newest first."""
    title = text("page.nav.decisions", language)
    rows = [
        el(
            "tr",
            el("td", chip(entry["verdict"], language)),
            el("td", percent(entry["harm_probability"], language), class_="number"),
            el("td", el("a", entry["title"] or text("page.erased", language), href=f"/decisions/{entry['decision_id']}?lang={language}")),
            el("td", el("time", entry["created_at"][:16].replace("T", " "), datetime=entry["created_at"])),
        )
        for entry in entries
    ]
    heads = [el("th", text(f"page.column.{name}", language), scope="col") for name in ("verdict", "harm", "intent", "when")]
    table = el("div", el("table", el("thead", el("tr", *heads)), el("tbody", *rows)), class_="wide card")
    more = el("p", el("a", text("page.older", language), href=f"/decisions?before={after}&lang={language}")) if after else None
    return frame(title, language, "/decisions", el("h1", title), table if rows else el("p", text("page.none_yet", language)), more)


def failure(language: str, title: str, detail: str) -> bytes:
    """A page for an error."""
    back = el("p", el("a", text("page.back", language), href=f"/?lang={language}"))
    return frame(title, language, "/", el("h1", title), el("p", detail, class_="lead"), back)
