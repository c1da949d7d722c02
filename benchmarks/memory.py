"""Resident memory of the whole service after it has worked for a while."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.client import Client
from benchmarks.measure import Effort, Row
from benchmarks.rest import ask
from benchmarks.server import Server, bare, hive
from benchmarks.texts import intents

DECISIONS = 500
_MEBIBYTE = 1 << 20


def measure(effort: Effort) -> list[Row]:
    """Mebibytes of `hive serve` after 500 decisions; no effort changes the number."""
    del effort
    ours, floor = _after_work(hive, 500_000_000), _after_work(bare, 600_000_000)
    floor_name = f"bare Starlette after {DECISIONS} commits"
    return [Row(name=f"memory after {DECISIONS} decisions", value=ours, unit="MB", floor=floor, floor_name=floor_name, bar=200.0)]


def resident(process_id: int) -> float:
    """Resident mebibytes of a process and all that it started."""
    process = psutil.Process(process_id)
    return float(sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))) / _MEBIBYTE


def _after_work(start: Callable[[Path, str], AbstractContextManager[Server]], first: int) -> float:
    texts = intents(first)
    with TemporaryDirectory() as name, start(Path(name), next(texts)) as server, Client(server.port) as client:
        ask(client, texts, DECISIONS - 1)
        return resident(server.process.pid)
