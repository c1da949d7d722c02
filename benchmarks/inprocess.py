"""A whole decision in process, durable, against the commit that it cannot do without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.floor import Row as FloorRow
from benchmarks.measure import Effort, Row, middle
from benchmarks.texts import intents
from neural_hive.bootstrap import open_hive
from neural_hive.hive import Hive
from neural_hive.settings import Settings
from neural_hive.types import Intent

_WARM_UP = 60
_ROUND = 20
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
    """Rounds of decisions without a pause and of floor commits, in milliseconds, on one disk."""
    decisions: list[float] = []
    commits: list[float] = []
    with TemporaryDirectory() as name:
        floor = FloorRow(Path(name) / "floor.db")
        async with open_hive(Settings(data_dir=Path(name) / "data")) as hive:
            texts = intents(start)
            await _decide(hive, islice(texts, _WARM_UP))
            for _ in range(max(1, samples // _ROUND)):
                decisions += await _decide(hive, islice(texts, _ROUND))
                commits += _commit(floor, islice(texts, _ROUND))
        floor.close()
    return decisions, commits


async def _decide(hive: Hive, texts: Iterable[str]) -> list[float]:
    times: list[float] = []
    for text in texts:
        began = perf_counter()
        await hive.review(Intent(text=text, user_id="bench"))
        times.append((perf_counter() - began) * 1e3)
    return times


def _commit(floor: FloorRow, texts: Iterable[str]) -> list[float]:
    times: list[float] = []
    for text in texts:
        began = perf_counter()
        floor.commit(json.dumps({"intent_text": text}).encode())
        times.append((perf_counter() - began) * 1e3)
    return times
