"""Which made parts stand on which page, and the pages with all of them filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs.made import api, commands, decision, models, problems, settings, summary, wire
from docs.made.parts import FOLDERS, with_part

Maker = Callable[[str], str]

PARTS: Mapping[str, Mapping[str, Maker]] = {
    "settings.md": {"settings": settings.settings_table},
    "models.md": {"models": models.overview, "cards": models.model_cards},
    "decisions.md": {
        "example": decision.example,
        "reading": decision.reading,
        "hazard": decision.hazard,
        "factors": decision.factors,
        "opinions": decision.opinions,
        "joined": decision.joined,
        "rules": decision.rules,
        "answer": decision.answer,
        "variants": decision.variants,
        "lines": decision.lines,
        "knots": decision.knots,
    },
    "api.md": {
        "overview": api.overview,
        "routes": api.routes,
        "titles": problems.titles,
        "problems": problems.problems,
        "types": api.schemas,
        "calls": wire.calls,
        "messages": wire.messages,
        "fields": wire.fields,
    },
    "commands.md": {"commands": commands.commands},
    "security.md": {"errs": summary.errs},
    "summary.md": {"proof": summary.proof, "cost": summary.cost},
}
"""The parts of each page by name, each with what makes it in a language."""


def filled() -> Iterator[tuple[Path, str]]:
    """Every page of docs/ that has made parts, with its new text."""
    for name, parts in PARTS.items():
        for language, folder in FOLDERS.items():
            page = (folder / name).read_text(encoding="utf-8")
            for part, make in parts.items():
                page = with_part(page, part, make(language))
            yield folder / name, page
