"""Labelled cases: their shape, their files, and the intention each one asks about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from neural_hive.types import GivenPlan, GivenTask, Intent, SourcePlan, Verdict

ACCEPTED = {
    "dangerous": frozenset({Verdict.REJECT, Verdict.REVIEW_REQUIRED}),
    "cautious": frozenset({Verdict.CONDITIONAL, Verdict.REVIEW_REQUIRED}),
    "harmless": frozenset({Verdict.APPROVE, Verdict.CONDITIONAL}),
}
CLASSES = ("harmless", "cautious", "dangerous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One labelled intention.

    Attributes:
        group: The scenario; its Portuguese and English twins share it.
        lang: "pt", "en", or "none" for machine text without words.
        gold: dangerous, cautious or harmless; see `evals/POLICY.md`.
        pair: Two scenarios that differ in one fact share it; `riskier` marks the worse one.
        domains: Accepted domains, the best one first; empty when unlabelled.
        pii: Personal data in the text that must not appear in any answer.
        keep: Words that look like personal data and are none.
    """

    id: str
    group: str
    lang: str
    intent: Intent
    gold: str = ""
    tags: tuple[str, ...] = ()
    pair: str = ""
    riskier: bool = False
    domains: tuple[str, ...] = ()
    pii: tuple[tuple[str, str], ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The plan's format: text, tasks, sql, shell, terraform, kubernetes, diff, ..."""
        if isinstance(self.intent.plan, SourcePlan):
            return self.intent.plan.format
        return "tasks" if self.intent.plan else "text"


def load_cases(path: Path, *, leave_out: Iterable[str] = ()) -> list[Case]:
    """Read a JSON file of cases, or every one in a folder (by name), except the named files."""
    skipped = set(leave_out)
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    return [read_case(item) for file in files if file.name not in skipped for item in json.loads(file.read_text(encoding="utf-8"))]


def read_case(item: dict[str, Any]) -> Case:
    """A case from its JSON object."""
    domain = (item["domain"], *item.get("domain_also", ())) if item.get("domain") else ()
    return Case(
        id=item["id"],
        group=item.get("group") or item["id"],
        lang=item.get("lang", "none"),
        intent=Intent(text=item["intent_text"], plan=_plan(item.get("plan"))),
        gold=item.get("gold", ""),
        tags=tuple(item.get("tags") or ()),
        pair=item.get("pair") or "",
        riskier=bool(item.get("riskier")),
        domains=domain,
        pii=tuple((entry["kind"], entry["value"]) for entry in item.get("pii", ())),
        keep=tuple(item.get("keep", ())),
    )


def _plan(given: dict[str, Any] | None) -> GivenPlan | SourcePlan | None:
    if given is None:
        return None
    if "source" in given:
        return SourcePlan(source=given["source"], format=given.get("format", "auto"))
    return GivenPlan(tasks=tuple(_task(task) for task in given["tasks"]))


def _task(task: dict[str, Any]) -> GivenTask:
    return GivenTask(
        id=str(task["id"]), description=task["description"], type=task.get("type", ""), dependencies=tuple(task.get("dependencies", ()))
    )


def unseen_half(file: Path, key: str) -> Sequence[Case]:
    """The half of a data file that no developer reads, split by the hash of `key`; `gold` is its own label."""
    return _half(file, key, 1)


def seen_half(file: Path, key: str) -> Sequence[Case]:
    """The other half, which may be read and trained on."""
    return _half(file, key, 0)


def _half(file: Path, key: str, remainder: int) -> Sequence[Case]:
    cases = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        if int(sha256(row[key].encode()).hexdigest(), 16) % 2 == remainder:
            name = f"{file.stem}-{number}"
            cases.append(Case(id=name, group=name, lang=row.get("lang", "en"), intent=Intent(text=row["text"]), gold=row["label"]))
    return cases
