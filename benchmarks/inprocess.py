"""A whole decision in process, durable, against the commit that it cannot do without."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.floor import Row as FloorRow
from benchmarks.measure import Effort, Row, middle
from benchmarks.texts import intents
from neural_hive.bootstrap import open_hive
from neural_hive.settings import Settings
from neural_hive.types import Intent

_WARM_UP = 60
_FLOOR = "one SQLite commit of the same text"


def measure(effort: Effort) -> list[Row]:
    """p50 and p99 of `Hive.review`, one decision after the other."""
    runs = [asyncio.run(_run(effort.samples, start=number * 10_000_000)) for number in range(effort.runs)]
    decisions, commits = [run[0] for run in runs], [run[1] for run in runs]
    return [
        _row("in-process decision, p50", middle(decisions, 0.5), middle(commits, 0.5), bar=3.0),
        _row("in-process decision, p99", middle(decisions, 0.99), middle(commits, 0.99), bar=12.0),
    ]


def _row(name: str, value: float, floor: float, bar: float) -> Row:
    return Row(name=name, value=value, unit="ms", floor=floor, floor_name=_FLOOR, bar=bar)


async def _run(samples: int, start: int) -> tuple[list[float], list[float]]:
    """Decisions and floor commits by turns, in milliseconds, in one directory on one disk."""
    decisions: list[float] = []
    commits: list[float] = []
    with TemporaryDirectory() as name:
        floor = FloorRow(Path(name) / "floor.db")
        async with open_hive(Settings(data_dir=Path(name) / "data")) as hive:
            for number, text in zip(range(_WARM_UP + samples), intents(start), strict=False):
                began = perf_counter()
                await hive.review(Intent(text=text, user_id="bench"))
                decided = perf_counter()
                floor.commit(json.dumps({"intent_text": text}).encode())
                committed = perf_counter()
                if number >= _WARM_UP:
                    decisions.append((decided - began) * 1e3)
                    commits.append((committed - decided) * 1e3)
        floor.close()
    return decisions, commits
