"""The parts of an answer that people read, whatever draws them. `answer` is the public form of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neural_hive.cli.terminal import line
from neural_hive.messages import catalogue, text

Answer = Mapping[str, Any]
_SHOWN = 200  # characters of an intention that is repeated: two lines of a terminal
LEAST_SCORE = 0.05  # a factor below it is no reason


@dataclass(frozen=True, slots=True)
class Voice:
    """One opinion in a line: name, risk in [0, 1], what it recommends, and its main reason."""

    name: str
    risk: float
    recommendation: str
    says: str
    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """A headed list of sentences."""

    title: str
    sentences: tuple[str, ...]


def verdict_word(verdict: str, language: str) -> str:
    """The verdict as a reader knows it."""
    return text(f"page.verdict.{verdict}", language)


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage; one decimal where it matters."""
    value = share * 100
    return f"{value:.0f}%" if value >= 10 or value == 0 else f"{value:.1f}%"


def figures(answer: Answer, language: str) -> list[tuple[str, str]]:
    """Probability of harm, confidence and divergence, each with its name."""
    names = (("page.harm", "harm_probability"), ("page.confidence", "confidence"), ("page.divergence", "divergence"))
    return [(text(key, language), percent(answer[name])) for key, name in names]


def explanation(answer: Answer, language: str) -> str:
    """Why, in a paragraph."""
    return line(answer.get("explanation") or text(f"page.meaning.{answer['verdict']}", language))


def voices(answer: Answer, language: str) -> list[Voice]:
    """The opinions, the one that warns most first."""
    opinions = sorted((answer.get("opinions") or {}).items(), key=lambda item: (-item[1]["risk"], item[0]))
    return [
        Voice(
            name=specialist_name(name, language),
            risk=opinion["risk"],
            recommendation=opinion["recommendation"],
            says=text(f"cli.says.{opinion['recommendation']}", language),
            reason=_reason(opinion, language),
        )
        for name, opinion in opinions
    ]


def specialist_name(name: str, language: str) -> str:
    """A specialist's name for a reader; that of a plug-in as it is."""
    return text(f"page.specialist.{name}", language) if f"page.specialist.{name}" in catalogue() else name


def reasons(opinion: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The factors that count and have words to show, the heaviest first."""
    named = [factor for factor in opinion["factors"] if factor["score"] >= LEAST_SCORE and factor["evidence"]]
    return sorted(named, key=lambda factor: (-factor["score"], -factor["weight"], factor["name"]))


def _reason(opinion: Mapping[str, Any], language: str) -> str:
    found = reasons(opinion)
    return line(found[0]["sentence"] or found[0]["name"]) if found else text("page.no_concern", language)


def sections(answer: Answer, language: str) -> list[Section]:
    """What follows the opinions; empty sections are left out."""
    others = answer.get("counterfactuals") or ()
    listed = [
        ("cli.abstained", [f"{specialist_name(name, language)}: {reason}" for name, reason in answer["abstentions"].items()]),
        ("page.rules", [rule["sentence"] or rule["name"] for rule in answer.get("rules") or ()]),
        ("page.conditions", [item["sentence"] for item in answer.get("conditions") or ()]),
        ("page.would_change", [f"{item['sentence']} ({percent(item['harm_probability'])})" for item in others]),
        ("page.precedents", [_precedent(item, language) for item in answer.get("precedents") or ()]),
        ("page.masked", _masked(answer)),
    ]
    return [Section(text(key, language), tuple(line(item) for item in items)) for key, items in listed if items]


def _precedent(item: Mapping[str, Any], language: str) -> str:
    return f"{verdict_word(item['verdict'], language)}: {item['title'] or item['decision_id']}"


def _masked(answer: Answer) -> list[str]:
    kinds = [finding["kind"] for finding in (answer.get("understanding") or {}).get("pii", ())]
    return [", ".join(f"{kind} × {kinds.count(kind)}" for kind in sorted(set(kinds)))] if kinds else []


def receipt(answer: Answer, language: str) -> str:
    """Where the decision stands in the ledger, in a line."""
    found = answer["receipt"] or {}
    root = str(found.get("root_hash") or "")[:16]
    return text("cli.receipt", language, id=answer["decision_id"], leaf=found.get("leaf_index"), size=found.get("tree_size"), root=root)


def asked(answer: Answer) -> str:
    """The intention as it was masked, shortened; of a plan without words, the tasks one after the other."""
    plan = answer.get("plan") or {}
    words = line(plan.get("title") or " · ".join(task["description"] for task in plan.get("tasks") or ()))
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"
