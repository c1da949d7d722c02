"""Runs the reviewers over the sets of a checkout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neural_hive.errors import InputError
from neural_hive.evaluation import figures as fig
from neural_hive.evaluation.answers import Answer, Reviewer, hive
from neural_hive.evaluation.baselines import always_review, keyword_list
from neural_hive.evaluation.cases import Case, load_cases, unseen_half
from neural_hive.types import SourcePlan, Verdict

APART = ("pii.json", "language.json")
SHARED = {
    "plain": ("plain.json",),
    "hard": ("operations.json", "product.json", "security.json", "machine.json"),
    "contrast": ("contrast_text.json", "contrast_machine.json"),
}
DESCRIPTIONS = {"commands": ("commands_en_train.jsonl", "page"), "attacks": ("atomic_red_team_train.jsonl", "attack")}
SETS = ("dev", "test", *SHARED, *DESCRIPTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The figures of each set and the misses that may be read.

    Attributes:
        sets: Figures by set: "panel", "specialists", "baselines", "correlations", "tags", "kinds".
        misses: One object per unacceptable verdict, pair out of order, or leak, of sets that may be read.
    """

    sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    misses: list[dict[str, Any]] = field(default_factory=list)


def run(path: Path, *, sets: Sequence[str] = (), reviewer: Reviewer = hive, misses: Path | None = None) -> Evaluation:
    """Evaluate a reviewer.

    Args:
        path: The `evals` folder of a checkout, or one file (or folder) of cases.
        sets: Which sets; all that are present when empty. Ignored for a single file.
        reviewer: Who answers; the hive in process by default.
        misses: File to write the misses to, one JSON object a line; never those of the test sets.

    Raises:
        InputError: There are no such cases.
    """
    evaluation = asyncio.run(_evaluate(path, tuple(sets), reviewer))
    if misses is not None:
        misses.write_text("".join(json.dumps(miss, ensure_ascii=False) + "\n" for miss in evaluation.misses), encoding="utf-8")
    return evaluation


async def _evaluate(path: Path, sets: tuple[str, ...], reviewer: Reviewer) -> Evaluation:
    evaluation = Evaluation()
    for name, cases in _sets(path, sets):
        if not cases:
            raise InputError("error.no_cases", path=str(path / name))
        outcomes = await _answer(cases, reviewer)
        if name in DESCRIPTIONS:
            evaluation.sets[name] = {"panel": fig.command_figures(outcomes)}
        elif cases[0].gold:
            evaluation.sets[name] = await _figures(cases, outcomes)
        else:
            evaluation.sets[name] = {"panel": fig.reading_figures(outcomes) | fig.privacy_figures(outcomes) | {"cases": len(cases)}}
        if not name.startswith("test") and name not in DESCRIPTIONS:
            evaluation.misses.extend(_misses(name, outcomes))
    return evaluation


def _sets(path: Path, wanted: tuple[str, ...]) -> Iterable[tuple[str, list[Case]]]:
    if not path.exists():
        raise InputError("error.no_cases", path=str(path))
    if not (path / "dev").is_dir():
        yield ("test-" if "test" in path.resolve().parts[-2:] else "") + path.stem, load_cases(path)
        return
    unknown = sorted(set(wanted) - set(SETS))
    if unknown:
        raise InputError("error.unknown_set", name=unknown[0], known=", ".join(SETS))
    for name in wanted or SETS:
        yield from _own(path / name, name) if name in ("dev", "test") else _shared(path.resolve().parent.parent / "shared", name)


def _own(folder: Path, name: str) -> Iterable[tuple[str, list[Case]]]:
    if folder.is_dir():
        yield name, load_cases(folder, leave_out=APART)
        for file in APART:
            if (folder / file).is_file():
                yield f"{name}-{Path(file).stem}", load_cases(folder / file)


def _shared(shared: Path, name: str) -> Iterable[tuple[str, list[Case]]]:
    if name in DESCRIPTIONS:
        file, key = DESCRIPTIONS[name]
        source = shared / "data" / "technical" / file
        if source.is_file():
            yield name, list(unseen_half(source, key))
    elif all((shared / "cases" / file).is_file() for file in SHARED[name]):
        yield name, [case for file in SHARED[name] for case in load_cases(shared / "cases" / file)]


async def _answer(cases: Iterable[Case], reviewer: Reviewer) -> list[fig.Outcome]:
    outcomes = []
    for case in cases:
        try:
            answer = await reviewer(case.intent)
        except InputError as error:
            answer = Answer(verdict=Verdict.REVIEW_REQUIRED, harm_probability=0.5, error=error.render("en"))
        except Exception as error:
            error.add_note(f"while answering case {case.id}")
            raise
        outcomes.append(fig.Outcome(case, answer))
    return outcomes


async def _figures(cases: list[Case], outcomes: list[fig.Outcome]) -> dict[str, Any]:
    panel = fig.verdict_figures(outcomes) | fig.twin_figures(outcomes) | fig.pair_figures(outcomes)
    return {
        "panel": panel | fig.reading_figures(outcomes) | fig.privacy_figures(outcomes),
        "specialists": fig.specialist_figures(outcomes),
        "correlations": fig.correlations(outcomes),
        "baselines": {
            "constant": fig.verdict_figures(await _answer(cases, always_review)),
            "keywords": fig.verdict_figures(await _answer(cases, keyword_list)),
        },
        "tags": fig.breakdown(outcomes, lambda case: case.tags),
        "kinds": fig.breakdown(outcomes, lambda case: (case.kind,)),
    }


def _misses(name: str, outcomes: Iterable[fig.Outcome]) -> Iterable[dict[str, Any]]:
    for outcome in outcomes:
        case, answer = outcome.case, outcome.answer
        wrong = [
            *(["verdict"] if case.gold and not outcome.acceptable else []),
            *(["language"] if answer.language and case.lang in ("pt", "en") and answer.language != case.lang else []),
            *(["domain"] if answer.domain and case.domains and answer.domain not in case.domains else []),
            *(["leak"] if any(fig.leaks(value, answer.document) for _kind, value in case.pii) else []),
        ]
        if wrong:
            yield _miss(name, wrong, case, answer)


def _miss(name: str, wrong: list[str], case: Case, answer: Answer) -> dict[str, Any]:
    plan = case.intent.plan
    steps = plan.source if isinstance(plan, SourcePlan) else [task.description for task in plan.tasks] if plan else None
    return {
        "set": name, "wrong": wrong, "id": case.id, "gold": case.gold, "verdict": answer.verdict,
        "harm_probability": answer.harm_probability, "risks": answer.risks, "language": answer.language,
        "domain": answer.domain, "domains": case.domains, "tags": case.tags, "kind": case.kind, "text": case.intent.text,
        "plan": steps, "error": answer.error,
    }  # fmt: skip
