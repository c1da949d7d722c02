"""The page of one decision: verdict, probability of harm, four opinions with their words, what would change it, the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neural_hive.gateway.markup import Child, Markup, el
from neural_hive.gateway.pages import chip, frame, percent
from neural_hive.messages import catalogue, text

_FACTORS = 3  # reasons shown for each opinion; the others stand in the JSON
_SHOWN = 0.05  # a factor below this score is no reason


def decision_page(language: str, decision: Mapping[str, Any]) -> bytes:
    """The page of a decision in its public form."""
    verdict = decision["verdict"]
    title = text(f"page.verdict.{verdict}", language)
    path = f"/decisions/{decision['decision_id']}"
    if decision.get("erased"):
        return frame(
            title,
            language,
            path,
            _banner(decision, language),
            el("p", text("page.erased", language), class_="card"),
            _receipt(decision, language),
        )
    return frame(
        title,
        language,
        path,
        _banner(decision, language),
        _list("page.conditions", [item["sentence"] for item in decision["conditions"]], language),
        _counterfactuals(decision, language),
        el("h2", text("page.opinions", language)),
        el(
            "div",
            *(_opinion(name, opinion, language) for name, opinion in _by_risk(decision["opinions"])),
            *_silent(decision, language),
            class_="panel",
        ),
        _understood(decision, language),
        _list("page.rules", [rule["sentence"] or rule["name"] for rule in decision["rules"]], language),
        _precedents(decision, language),
        _receipt(decision, language),
    )


def _by_risk(opinions: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The voice that warns most comes first."""
    return sorted(opinions.items(), key=lambda item: (-item[1]["risk"], item[0]))


def _banner(decision: Mapping[str, Any], language: str) -> Markup:
    verdict = decision["verdict"]
    asked = (decision.get("plan") or {}).get("title")
    return el(
        "section",
        el("blockquote", asked) if asked else None,
        el("h1", el("span", class_="sign", aria_hidden="true"), text(f"page.verdict.{verdict}", language)),
        el("p", decision.get("explanation") or text(f"page.meaning.{verdict}", language), class_="lead"),
        el(
            "dl",
            _figure("page.harm", decision["harm_probability"], language),
            _figure("page.confidence", decision["confidence"], language),
            _figure("page.divergence", decision["divergence"], language),
            class_="figures",
        ),
        class_=f"verdict {verdict}",
    )


def _figure(key: str, share: float, language: str) -> Markup:
    return el("div", el("dt", text(key, language)), el("dd", el("strong", percent(share, language)), bar(share)))


def bar(share: float) -> Markup:
    """A share in [0, 1] as a bar; the number stands beside it, so it is hidden from readers of the page."""
    width = round(min(1.0, max(0.0, share)) * 100, 1)
    full = el("rect", width=100, height=6, rx=3, class_="track")
    return el(
        "svg",
        full,
        el("rect", width=width, height=6, rx=3, class_="level"),
        viewBox="0 0 100 6",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def _opinion(name: str, opinion: Mapping[str, Any], language: str) -> Markup:
    factors = sorted((item for item in opinion["factors"] if item["score"] >= _SHOWN), key=lambda item: -item["score"] * item["weight"])[
        :_FACTORS
    ]
    reasons: list[Child] = [el("li", item["sentence"] or item["name"], _quotes(item["evidence"])) for item in factors]
    advice: list[Child] = [el("li", item["sentence"]) for item in opinion["mitigations"][:_FACTORS]]
    model = opinion["model"]
    return el(
        "article",
        el("header", el("h3", specialist_name(name, language)), chip(opinion["recommendation"], language)),
        el("p", specialist_question(name, language), class_="hint"),
        el(
            "dl",
            _figure("page.risk", opinion["risk"], language),
            _figure("page.certainty", opinion["confidence"], language),
            class_="figures",
        ),
        el("ul", *reasons) if reasons else el("p", text("page.no_concern", language)),
        el("h4", text("page.mitigations", language)) if advice else None,
        el("ul", *advice) if advice else None,
        el("p", f"{model['name']} {model['version']} · {model['source']}", class_="hint"),
        class_=f"card opinion {opinion['recommendation']}",
    )


def _quotes(evidence: list[Mapping[str, Any]]) -> Markup | None:
    words = list(dict.fromkeys(item["quote"] for item in evidence if item["quote"]))[:_FACTORS]
    return el("span", *(el("mark", word) for word in words), class_="words") if words else None


def _silent(decision: Mapping[str, Any], language: str) -> list[Markup]:
    return [
        el("article", el("h3", specialist_name(name, language)), el("p", reason), class_="card opinion abstained")
        for name, reason in decision["abstentions"].items()
    ]


def _list(key: str, sentences: list[str], language: str) -> Markup | None:
    if not sentences:
        return None
    return el("section", el("h2", text(key, language)), el("ul", *(el("li", sentence) for sentence in sentences)), class_="card")


def _counterfactuals(decision: Mapping[str, Any], language: str) -> Markup | None:
    items = [
        el("li", item["sentence"], " ", el("span", f"({percent(item['harm_probability'], language)})", class_="hint"))
        for item in decision["counterfactuals"]
    ]
    return el("section", el("h2", text("page.would_change", language)), el("ul", *items), class_="card") if items else None


def _understood(decision: Mapping[str, Any], language: str) -> Markup:
    understanding, plan = decision["understanding"], decision["plan"]
    kinds = [item["kind"] for item in understanding["pii"]]
    masked = ", ".join(f"{kind} × {kinds.count(kind)}" for kind in sorted(set(kinds)))
    facts = [
        (text("page.written_in", language), _language(understanding["language"])),
        (text("page.domain", language), text(f"domain.{understanding['domain']}", language)),
        (text("page.plan_format", language), plan["format"]),
        (text("page.masked", language), masked or text("page.nothing", language)),
    ]
    tasks = [
        el("li", el("strong", task["id"]), " ", task["description"], *(_action(item, language) for item in task["actions"]))
        for task in plan["tasks"]
    ]
    listed = el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in facts), class_="facts")
    return el("section", el("h2", text("page.understood", language)), listed, el("ol", *tasks, class_="tasks"), class_="card")


def _language(code: str) -> str:
    return text(f"page.read_in_{code}", code) if code in ("pt", "en") else "-"


def _action(action: Mapping[str, Any], language: str) -> Markup:
    parts = [f"{action['operation']} → {action['object']}", action["environment"], action["scope"], *action["traits"]]
    if action["polarity"] != "affirmed":
        parts.append(action["polarity"])
    return el("span", " · ".join(part for part in parts if part != "unknown"), class_="action", title=text("page.action", language))


def _precedents(decision: Mapping[str, Any], language: str) -> Markup | None:
    items = [
        el(
            "li",
            chip(item["verdict"], language),
            " ",
            el("a", item["title"] or item["decision_id"], href=f"/decisions/{item['decision_id']}?lang={language}"),
        )
        for item in decision["precedents"]
    ]
    return el("section", el("h2", text("page.precedents", language)), el("ul", *items), class_="card") if items else None


def _receipt(decision: Mapping[str, Any], language: str) -> Markup:
    receipt, identity = decision["receipt"] or {}, decision["decision_id"]
    facts = [
        (text("page.decision", language), el("a", identity, href=f"/decisions/{identity}?lang={language}")),
        (text("page.when", language), decision["created_at"]),
        (text("page.leaf", language), f"{receipt.get('leaf_index')} / {receipt.get('tree_size')}"),
        (text("page.leaf_hash", language), receipt.get("leaf_hash")),
        (text("page.root", language), receipt.get("root_hash")),
    ]
    return el(
        "section",
        el("h2", text("page.receipt", language)),
        el("p", text("page.receipt_means", language), class_="hint"),
        el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in facts), class_="facts code"),
        el(
            "p",
            el("a", "JSON", href=f"/api/v1/decisions/{identity}"),
            " · ",
            el("a", text("page.proof", language), href=f"/api/v1/ledger/proof?id={identity}"),
            " · ",
            el("a", text("page.ask_again", language), href=f"/?lang={language}"),
        ),
        class_="card",
    )


def specialist_name(name: str, language: str) -> str:
    """A specialist's name for a reader; that of a plug-in as it is."""
    return text(f"page.specialist.{name}", language) if f"page.specialist.{name}" in catalogue() else name


def specialist_question(name: str, language: str) -> str | None:
    """What a specialist asks of a plan."""
    return text(f"page.question.{name}", language) if f"page.question.{name}" in catalogue() else None
