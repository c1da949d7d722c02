"""A decision with four specialists in processes of their own, against a bare gRPC fan-out of the same messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import psutil

from benchmarks.fanout import Fanout, open_fanout
from benchmarks.measure import Effort, Row, quantile
from benchmarks.texts import intents
from neural_hive.bootstrap import open_hive
from neural_hive.counterfactual import proposals
from neural_hive.hive import Hive
from neural_hive.planning import plan
from neural_hive.settings import Settings
from neural_hive.specialists import registry
from neural_hive.station.children import open_children
from neural_hive.transport import wire
from neural_hive.transport.generated import specialist_pb2 as pb
from neural_hive.types import Intent, Plan
from neural_hive.understanding import understand

_FLOOR = "bare four-way gRPC fan-out, same messages"
_WARM_UP = 100
_ROUND = 20
_CALLERS = 16
_MEBIBYTE = 1 << 20


def measure(effort: Effort) -> list[Row]:
    """p50 of a decision, the time of each among many at once, and what a specialist's process takes."""
    logging.getLogger("neural_hive").setLevel(logging.ERROR)
    with TemporaryDirectory() as name:
        settings = Settings(data_dir=Path(name) / "data")
        began = perf_counter()
        with open_children(settings, registry.names()) as urls:
            found = urls()
            ready = perf_counter() - began
            rows = asyncio.run(_measured(settings.model_copy(update={"specialists": found}), Path(name), effort))
            memory = max(_resident())
    floor = psutil.Process().memory_info().rss / _MEBIBYTE
    return [
        *rows,
        Row(name="specialists ready", value=ready, unit="s", floor=rows[0].floor / 1e3, floor_name=_FLOOR, bar=3.0),
        Row(name="memory of one specialist", value=memory, unit="MB", floor=floor, floor_name="this benchmark's own process", bar=120.0),
    ]


async def _measured(settings: Settings, folder: Path, effort: Effort) -> list[Row]:
    texts = intents(900_000_000)
    answers = [wire.encode_answer([await registry.open_local(name).evaluate(_plan(next(texts)))]) for name in registry.names()]
    async with open_hive(settings) as hive, open_fanout(answers, folder) as fanout:
        await _decide(hive, texts, _WARM_UP)
        await _fan(fanout, texts, _WARM_UP)
        number = max(1, effort.runs * effort.samples // _ROUND)
        rounds = [(await _decide(hive, texts, _ROUND), await _fan(fanout, texts, _ROUND)) for _ in range(number)]
        crowd = [(await _crowd_of_decisions(hive, texts), await _crowd_of_calls(fanout, texts)) for _ in range(max(1, number // 4))]
    return [_row("distributed decision, p50", rounds), _row(f"distributed decision, {_CALLERS} at once, each", crowd)]


def _row(name: str, rounds: list[tuple[list[float], list[float]]]) -> Row:
    value, floor = (median(quantile(side[place], 0.5) for side in rounds) for place in (0, 1))
    return Row(name=name, value=value, unit="ms", floor=floor, floor_name=_FLOOR, bar=2.0, bar_kind="ratio")


async def _decide(hive: Hive, texts: Iterator[str], number: int) -> list[float]:
    times = []
    for text in islice(texts, number):
        began = perf_counter()
        await hive.review(Intent(text=text, user_id="bench"))
        times.append((perf_counter() - began) * 1e3)
    return times


async def _fan(fanout: Fanout, texts: Iterator[str], number: int) -> list[float]:
    return [await fanout.ask(_question(text)) for text in islice(texts, number)]


async def _crowd_of_decisions(hive: Hive, texts: Iterator[str]) -> list[float]:
    """Milliseconds for each of several decisions under way at the same time: the inverse of the throughput."""
    began = perf_counter()
    await asyncio.gather(*(hive.review(Intent(text=text, user_id="bench")) for text in islice(texts, _CALLERS)))
    return [(perf_counter() - began) * 1e3 / _CALLERS]


async def _crowd_of_calls(fanout: Fanout, texts: Iterator[str]) -> list[float]:
    questions = [_question(text) for text in islice(texts, _CALLERS)]
    began = perf_counter()
    await asyncio.gather(*(fanout.ask(question) for question in questions))
    return [(perf_counter() - began) * 1e3 / _CALLERS]


def _plan(text: str) -> Plan:
    intent = Intent(text=text)
    return plan(understand(intent), intent)


def _question(text: str) -> pb.EvaluatePlanRequest:
    made = _plan(text)
    return pb.EvaluatePlanRequest.FromString(wire.encode_question([made, *(proposal.plan for proposal in proposals(made))]))


def _resident() -> list[float]:
    """Mebibytes of each process below this one that serves a specialist."""
    children = psutil.Process().children(recursive=True)
    return [child.memory_info().rss / _MEBIBYTE for child in children if "neural_hive.station" in " ".join(child.cmdline())]
