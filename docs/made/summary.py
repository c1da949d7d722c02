"""The figures of the one-page summary: what the labelled cases say, and what the hive costs where it was last measured."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docs.made.figures import kept_figures
from docs.made.parts import local, percent, table, word

KEPT = Path(__file__).resolve().parent / "measured.json"
SHOWN = {
    "in-process decision, p50": "decision",
    "in-process decision, p99": "slow_decision",
    "start to first answer": "start",
    "memory after": "memory",
    "memory of one specialist": "specialist",
}
"""Rows of `make bench` that the summary shows, by the beginning of their name."""
_BENCHES = ("inprocess", "start", "memory", "distributed")
_ASIDE = "test"
"""The set that nobody who changes the hive may look at."""


def proof(language: str) -> str:
    """What was measured on the cases that were set aside, the hive beside a keyword list."""
    found = (kept_figures() or {})[_ASIDE]
    head = [word(f"proof.{key}", language) for key in ("figure", "hive", "keywords")]
    hive, keywords = found["panel"], found["keywords"]
    rows = [
        (word("proof.accepted", language), percent(hive["accuracy"], language), percent(keywords["accuracy"], language)),
        (word("proof.let_go", language), *(_counted(row, "let_go", language) for row in (hive, keywords))),
        (word("proof.blocked", language), *(_counted(row, "blocked", language) for row in (hive, keywords))),
    ]
    return word("proof.cases", language, cases=hive["cases"]) + "\n\n" + table(head, rows)


def errs(language: str) -> str:
    """How many wordings passed among the cases that were set aside."""
    row = (kept_figures() or {})[_ASIDE]["panel"]
    dangerous = round(row["let_go"] / row["let_go_share"]) if row["let_go_share"] else row["let_go"]
    share = percent(row["let_go_share"], language)
    return word("proof.errs", language, let_go=row["let_go"], dangerous=dangerous, share=share) + "\n"


def _counted(row: dict[str, Any], name: str, language: str) -> str:
    return f"{row[name]} ({percent(row[f'{name}_share'], language)})"


def cost(language: str) -> str:
    """What was last measured, beside what it may be at most."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    rows = [
        (word(f"cost.{key}", language), _amount(row["value"], row["unit"], language), _amount(row["bar"], row["unit"], language))
        for row in kept["rows"]
        for name, key in SHOWN.items()
        if row["name"].startswith(name)
    ]
    head = [word(f"cost.{key}", language) for key in ("what", "measured", "most")]
    when = word("cost.when", language, date=kept["date"], cores=kept["cores"], load=local(str(kept["load"]), language))
    return f"{when}\n\n{table(head, rows)}"


def _amount(value: float, unit: str, language: str) -> str:
    return f"{local(f'{value:.3g}', language)} {unit}"


def measure() -> None:
    """Run `make bench` for the rows that are shown, on this machine, and keep what came of it."""
    from benchmarks.__main__ import measure as rows_of
    from benchmarks.measure import FULL, Row

    load = round(os.getloadavg()[0], 1)
    rows: Sequence[Row] = [row for name in _BENCHES for row in rows_of(name, FULL)]
    shown = [row for row in rows if row.name.startswith(tuple(SHOWN))]
    kept = [{"name": row.name, "value": round(row.value, 3), "unit": row.unit, "bar": row.bar} for row in shown]
    found = {"date": datetime.now(tz=UTC).date().isoformat(), "cores": os.cpu_count(), "load": load, "rows": kept}
    KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
