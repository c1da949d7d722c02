"""A decision over REST against a bare Starlette POST that commits one SQLite row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.client import Client
from benchmarks.measure import Effort, Row, quantile
from benchmarks.server import INTENTS, bare, hive
from benchmarks.texts import intents

_FLOOR = "bare Starlette POST, one SQLite commit"
_ROUND = 20
_WARM_UP = 100


def measure(effort: Effort) -> list[Row]:
    """The ratio of the medians: both servers live at once and are asked by turns, round after round."""
    texts = intents(200_000_000)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (
            hive(folder, next(texts)) as decided,
            bare(folder, next(texts)) as floor,
            Client(decided.port) as first,
            Client(floor.port) as second,
        ):
            ask(first, texts, _WARM_UP)
            ask(second, texts, _WARM_UP)
            number = max(1, effort.runs * effort.samples // _ROUND)
            rounds = [(ask(first, texts, _ROUND), ask(second, texts, _ROUND)) for _ in range(number)]
    return [row("REST decision, p50", 0.5, rounds)]


def row(name: str, share: float, rounds: list[tuple[list[float], list[float]]]) -> Row:
    """Hive and floor at one quantile: each the median over the rounds."""
    value = median(quantile(ours, share) for ours, _ in rounds)
    floor = median(quantile(bare_, share) for _, bare_ in rounds)
    return Row(name=name, value=value, unit="ms", floor=floor, floor_name=_FLOOR, bar=3.0, bar_kind="ratio")


def ask(client: Client, texts: Iterator[str], number: int) -> list[float]:
    """Milliseconds of `number` requests on one connection, one after the other."""
    times: list[float] = []
    for text in islice(texts, number):
        began = perf_counter()
        client.post(INTENTS, {"intent_text": text, "user_id": "bench"})
        times.append((perf_counter() - began) * 1e3)
    return times
