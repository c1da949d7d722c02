"""The figures of the repository's own sets: measured, kept in `evals/figures.json`, shown in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from docs.made.parts import ROOT, number, percent

FIGURES = ROOT / "evals" / "figures.json"
SETS = ("dev", "test")

_WORDS = {
    "en": {
        "head": ("set", "who answers", "accepted", "dangerous let go", "harmless blocked", "AUC", "ECE"),
        "panel": "the hive",
        "keywords": "keyword list",
        "constant": "always review",
        "more": "{name} ({cases} cases): the same verdict in both languages {twins}; language {language}; domain {domain}.",
        "none": "No figures are kept yet: `make eval` prints them.",
    },
    "pt": {
        "head": ("conjunto", "quem responde", "aceito", "perigosos liberados", "inofensivos bloqueados", "AUC", "ECE"),
        "panel": "a colmeia",
        "keywords": "lista de palavras",
        "constant": "sempre revisar",
        "more": "{name} ({cases} casos): mesmo veredito nos dois idiomas {twins}; idioma {language}; domínio {domain}.",
        "none": "Ainda não há números guardados: o `make eval` os mostra.",
    },
}


def measure(names: tuple[str, ...] = SETS) -> dict[str, Any]:
    """The figures of the repository's own sets, panel and baselines, rounded as they are kept."""
    from neural_hive.evaluation.runner import run

    kept = ("cases", "accuracy", "let_go", "let_go_share", "blocked", "blocked_share", "auc", "ece")
    figures: dict[str, Any] = {}
    for name, found in run(ROOT / "evals", sets=names).sets.items():
        if name in names:
            reviewers = {"panel": found["panel"], **found["baselines"]}
            figures[name] = {who: {key: _rounded(row[key]) for key in kept} for who, row in reviewers.items()}
            extra = ("twins_agree", "language", "domain")
            figures[name]["panel"] |= {key: _rounded(found["panel"][key]) for key in extra}
    return figures


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)


def figures_table(figures: Mapping[str, Any] | None, language: str) -> str:
    """The figures in a README's language; a sentence when there are none."""
    words = _WORDS[language]
    if not figures:
        return f"{words['none']}\n"
    head = words["head"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, reviewers in figures.items():
        for who, row in reviewers.items():
            lines.append(f"| {' | '.join((name, str(words[who]), *_cells(row, language)))} |")
    more = [_more(name, reviewers["panel"], language) for name, reviewers in figures.items()]
    return "\n".join([*lines, "", *more]) + "\n"


def _cells(row: Mapping[str, Any], language: str) -> tuple[str, ...]:
    let_go, blocked = (f"{row[name]} ({percent(row[f'{name}_share'], language)})" for name in ("let_go", "blocked"))
    return percent(row["accuracy"], language), let_go, blocked, number(row["auc"], language), number(row["ece"], language)


def _more(name: str, panel: Mapping[str, Any], language: str) -> str:
    fields = {"twins": "twins_agree", "language": "language", "domain": "domain"}
    shares = {key: percent(panel[field], language) for key, field in fields.items()}
    return "- " + str(_WORDS[language]["more"]).format(name=name, cases=panel["cases"], **shares)


def kept_figures() -> dict[str, Any] | None:
    """The figures that were measured last; None when none are kept."""
    if not FIGURES.exists():
        return None
    figures: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def keep(figures: Mapping[str, Any]) -> None:
    """Write the figures down."""
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
