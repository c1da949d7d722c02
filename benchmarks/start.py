"""From nothing to an answer: `hive serve` and `hive review`, each a new process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measure import Effort, Row
from benchmarks.server import Server, bare, clean_environment, hive, hive_command
from benchmarks.texts import intents

VERDICT_CODES = (0, 10, 20, 30)


def measure_serve(effort: Effort) -> list[Row]:
    """Seconds from starting the process to its first decision, in an empty data directory."""
    texts = intents(300_000_000)
    _first_answer(hive, texts)  # unmeasured: the bytecode is written as an installer would have
    ours, floors = zip(*((_first_answer(hive, texts), _first_answer(bare, texts)) for _ in range(_repeats(effort))), strict=True)
    floor_name = "bare Starlette to its first commit"
    return [Row(name="start to first answer", value=median(ours), unit="s", floor=median(floors), floor_name=floor_name, bar=2.0)]


def measure_review(effort: Effort) -> list[Row]:
    """Seconds of a whole `hive review TEXT`, in an empty data directory."""
    texts = intents(400_000_000)
    _review(next(texts))  # unmeasured, as above
    ours, floors = zip(*((_review(next(texts)), _python()) for _ in range(_repeats(effort))), strict=True)
    floor_name = "python that imports typer and sqlite3"
    return [Row(name="hive review, cold", value=median(ours), unit="s", floor=median(floors), floor_name=floor_name, bar=1.5)]


def _repeats(effort: Effort) -> int:
    return 2 * effort.runs + 1


def _first_answer(start: Callable[[Path, str], AbstractContextManager[Server]], texts: Iterator[str]) -> float:
    with TemporaryDirectory() as name, start(Path(name), next(texts)) as server:
        return server.first_answer


def _review(text: str) -> float:
    with TemporaryDirectory() as name:
        return _timed([hive_command(), "review", "--data-dir", name, text], VERDICT_CODES)


def _python() -> float:
    return _timed([sys.executable, "-c", "import typer, sqlite3"], (0,))


def _timed(command: list[str], codes: tuple[int, ...]) -> float:
    began = perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, env=clean_environment(), timeout=60)
    took = perf_counter() - began
    if done.returncode not in codes:
        raise RuntimeError(f"{command[:2]} ended with {done.returncode}: {done.stderr[-1000:].decode(errors='replace')}")
    return took
