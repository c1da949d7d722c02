"""The quality table as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neural_hive.evaluation.figures import Figures
from neural_hive.evaluation.runner import Evaluation
from neural_hive.messages import text

_COLUMNS = ("accuracy", "macro_f1", "kappa", "let_go", "blocked", "auc", "ece", "brier", "coverage", "error_outside")
_SHOWN_FROM = 4  # a rate over fewer cases says nothing
_PERCENT = frozenset({"accuracy", "coverage", "error_outside"})


def tables(evaluation: Evaluation, language: str = "en") -> str:
    """Every set's figures, worded in "pt" or "en"."""
    return "\n\n".join("\n".join(_set(name, figures, language)) for name, figures in evaluation.sets.items()) + "\n"


def _set(name: str, figures: Mapping[str, Any], language: str) -> Iterable[str]:
    panel = figures["panel"]
    yield text("evaluation.set", language, name=name, cases=panel["cases"])
    if "accuracy" in panel:
        yield from _quality(figures, language)
        yield from _specialists(figures, language)
    if "read_only_approved" in panel:
        destructive, read_only = percent(panel.get("destructive_approved")), percent(panel["read_only_not_approved"])
        yield text("evaluation.commands", language, destructive=destructive, read_only=read_only)
    if "lower_risk_approved" in panel:
        reject, lower_risk = percent(panel.get("reject_approved")), percent(panel["lower_risk_approved"])
        yield text("evaluation.attacks", language, reject=reject, lower_risk=lower_risk)
    if "language" in panel:
        yield _reading(panel, language)
    for part in ("kinds", "tags"):
        if figures.get(part):
            yield from _breakdown(part, figures[part], language)


def _quality(figures: Mapping[str, Any], language: str) -> Iterable[str]:
    rows = {text("evaluation.panel", language): figures["panel"], **figures["specialists"]}
    rows |= {text(f"evaluation.{name}", language): row for name, row in figures["baselines"].items()}
    heads = text("evaluation.columns", language).split("|")
    cells = [["", *heads], *([name, *(_cell(row, column) for column in _COLUMNS)] for name, row in rows.items())]
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]))]
    for row in cells:
        yield "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])


def _specialists(figures: Mapping[str, Any], language: str) -> Iterable[str]:
    panel, voices = figures["panel"], figures["specialists"]
    yield text(
        "evaluation.twins", language, agree=percent(panel["twins_agree"]), count=panel["twins"], gap=number(panel["twins_gap"]),
        ordered=percent(panel["pairs_ordered"]), pairs=panel["pairs"],
    )  # fmt: skip
    if voices:
        best = max(sorted(voices), key=lambda name: voices[name]["accuracy"])
        yield text(
            "evaluation.best_single", language, name=best, panel=percent(panel["accuracy"]), single=percent(voices[best]["accuracy"])
        )
        shares = ", ".join(f"{name} {percent(row['highest'])}" for name, row in voices.items())
        ranks = ", ".join(f"{pair} {number(value)}" for pair, value in figures["correlations"].items())
        yield text("evaluation.highest", language, shares=shares, correlations=ranks)


def _reading(panel: Figures, language: str) -> str:
    return text(
        "evaluation.reading", language, spoken=percent(panel["language"]), domain=percent(panel["domain"]),
        best=percent(panel["domain_best"]), leaks=panel["pii_leaks"], pii=panel["pii"],
        wrongly=percent(panel["masked_wrongly"]), refused=panel.get("refused", 0),
    )  # fmt: skip


def _breakdown(part: str, groups: Mapping[str, Figures], language: str) -> Iterable[str]:
    yield text(f"evaluation.{part}", language)
    width = max(map(len, groups))
    for name, row in groups.items():
        if row["cases"] and row["cases"] >= _SHOWN_FROM:
            yield f"  {name.ljust(width)}  {row['cases']:>4}  {percent(row['accuracy']):>6}  {row['let_go']:>3}  {row['blocked']:>3}"


def _cell(row: Figures, column: str) -> str:
    if column in ("let_go", "blocked"):
        return f"{row[column]} ({percent(row[f'{column}_share'])})"
    return percent(row[column]) if column in _PERCENT else number(row[column])


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal; a dash when there is none."""
    return "-" if value is None else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """A figure with three decimals; a dash when there is none."""
    return "-" if value is None else f"{value:.3f}"
