"""kill -9 of any process of a distributed hive, its stores included, while it is asked: nothing that it acknowledged is lost.

The dice are thrown from HIVE_TEST_SEED, so that a failure is looked for with the same kills in the same order.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from neural_hive.bootstrap import open_hive
from neural_hive.bulk.message import decision_id
from neural_hive.evaluation.cases import load_cases
from neural_hive.ledger.mongo_form import size_of
from neural_hive.settings import Settings
from neural_hive.types import Intent, Verdict
from tests.real.chaos import HIVE, Crowd, open_crowd
from tests.real.chaos_load import Caller, asked

pytestmark = pytest.mark.real

CASES = Path(__file__).resolve().parents[2] / "evals" / "dev" / "scenarios.json"
SEED = int(os.environ.get("HIVE_TEST_SEED", "4"))
KILLS = [12, pytest.param(500, marks=pytest.mark.soak)]
ROUND = 50  # kills of one hive; the ledger's stand-in reads all of it for each request, so it must not grow for ever
CALLERS = 4
PACE = 1.6  # seconds between two kills, at most
WELL = 60.0  # seconds until all is well again, when the killing has ended
Verdicts = Mapping[str, Verdict]
_log = logging.getLogger(__name__)


@pytest.mark.parametrize("kills", KILLS)
def test_nothing_acknowledged_is_lost(kills: int, tmp_path: Path) -> None:
    _log.warning("HIVE_TEST_SEED=%d", SEED)
    dice = random.Random(SEED)  # noqa: S311 -- repeatable on purpose
    texts = sorted({case.intent.text for case in load_cases(CASES) if case.intent.plan is None})
    healthy = asyncio.run(verdicts_of(texts, tmp_path / "healthy"))
    for number in range(0, kills, ROUND):
        began = time.monotonic()
        with open_crowd(tmp_path / f"round{number}") as crowd:
            callers = endured(crowd, dice, texts, min(ROUND, kills - number))
            jobs = outcomes_of(callers[-1], healthy)
            all_is_well(crowd)
            crowd.end()
            everything_told_is_there(crowd, callers, jobs, healthy)
            is_whole(crowd)
            _log.warning(report(crowd, callers, time.monotonic() - began))


async def verdicts_of(texts: Sequence[str], folder: Path) -> Verdicts:
    """What a hive without any fault answers."""
    async with open_hive(Settings(data_dir=folder)) as hive:
        return {text: (await hive.review(Intent(text=text))).verdict for text in texts}


def endured(crowd: Crowd, dice: random.Random, texts: Sequence[str], kills: int) -> list[Caller]:
    """Callers, the last one of whom queues batches, after so many kills and after all of them have their last answer."""
    callers = [Caller(crowd.ports, texts, random.Random(dice.random())) for _ in range(CALLERS + 1)]  # noqa: S311 -- as above
    with calling(callers) as running:
        wait_for_more(callers, running)  # until the hive has started
        while crowd.kills.total() < kills:
            crowd.kill(dice)
            time.sleep(dice.uniform(0.0, PACE))
            wait_for_more(callers, running)
    return callers


@contextmanager
def calling(callers: Sequence[Caller]) -> Iterator[list[Future[None]]]:
    stop = threading.Event()
    with ThreadPoolExecutor(len(callers)) as pool:
        running = [pool.submit(caller.ask, stop) for caller in callers[:-1]] + [pool.submit(callers[-1].queue, stop)]
        try:
            yield running
        finally:
            stop.set()
    for each in running:
        each.result()


def wait_for_more(callers: Sequence[Caller], running: Sequence[Future[None]]) -> None:
    """One more decision, or the failure of a caller."""
    before = sum(len(caller.told) for caller in callers)
    while sum(len(caller.told) for caller in callers) == before:
        assert not any(each.done() for each in running), [each.exception() for each in running if each.done()]
        time.sleep(0.01)


def outcomes_of(caller: Caller, healthy: Verdicts) -> dict[str, str]:
    """The verdict on every job, by decision; none was given up, and none is milder than without faults."""
    verdicts: dict[str, str] = {}
    for batch, texts in caller.batches.items():
        deadline = time.monotonic() + WELL
        found = caller.until_told("GET", f"/api/v1/batches/{batch}", 200)
        while found["done"] < found["total"]:
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
            found = caller.until_told("GET", f"/api/v1/batches/{batch}", 200)
        assert (found["total"], found["decided"]) == (len(texts), len(texts)), found
        for place, outcome in enumerate(found["outcomes"]):
            assert Verdict(outcome["verdict"]).severity >= healthy[texts[place]].severity, texts[place]
            verdicts[decision_id(batch, place)] = outcome["verdict"]
    return verdicts


def all_is_well(crowd: Crowd) -> None:
    """Both gateways find all their parts and hear all specialists, without help."""
    deadline = time.monotonic() + WELL
    for port in crowd.ports:
        while what := unwell(port):
            assert time.monotonic() < deadline, what
            time.sleep(0.2)


def unwell(port: int) -> str:
    """What is wrong with a gateway, or nothing."""
    body = json.dumps({"intent_text": f"Fix the typo number {time.monotonic_ns()} in the README"})
    try:
        broken = [item["name"] for item in asked(port, "GET", "/ready")[1]["dependencies"] if not item["ok"]]
        status, answer = asked(port, "POST", "/api/v1/intents", body, {"Content-Type": "application/json"})
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    return ", ".join([*broken, *answer.get("abstentions", ())]) or ("" if status == 200 else str(status))


def everything_told_is_there(crowd: Crowd, callers: Sequence[Caller], jobs: Mapping[str, str], healthy: Verdicts) -> None:
    """Each decision once, at the place and with the content that its caller was told; none is milder than without faults."""
    kept = leaves(crowd.variables["HIVE_LEDGER"])
    told = [each for caller in callers for each in caller.told]
    assert [each for each in told if kept.get(each.decision_id) != (each.leaf_index, each.leaf_hash, each.verdict)] == []
    assert len({each.decision_id for each in told}) == len(told)
    assert [each.text for each in told if Verdict(each.verdict).severity < healthy[each.text].severity] == []
    assert {name: kept[name][2] for name in jobs} == jobs


def leaves(url: str) -> dict[str, tuple[int, str, str]]:
    """Place, hash and verdict of every record."""
    with MongoClient[dict[str, Any]](url) as client:
        found = list(client.get_default_database()["leaves"].find({}, {"record_id": 1, "verdict": 1, "body": 1}))
    kept = [each for each in found if "record_id" in each]
    assert len({each["record_id"] for each in kept}) == len(kept) == len(found) - 1
    return {each["record_id"]: (size_of(each) - 1, sha256(b"\x00" + each["body"]).hexdigest(), each["verdict"]) for each in kept}


def is_whole(crowd: Crowd) -> None:
    """The product's own verifiers find nothing."""
    for words in ((), ("--independent",)):
        done = subprocess.run([HIVE, "ledger", "verify", *words], env=crowd.variables, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def report(crowd: Crowd, callers: Sequence[Caller], seconds: float) -> str:
    troubles = sum((caller.troubles for caller in callers), Counter[str]())
    jobs = sum(map(len, callers[-1].batches.values()))
    fell = {part.log.stem: part.fell for part in crowd.parts if part.fell}
    return (
        f"{crowd.kills.total()} kills {dict(crowd.kills)}; {sum(len(caller.told) for caller in callers)} decisions acknowledged, "
        f"{jobs} jobs; {troubles.total()} times asked again {dict(troubles)}; ended by themselves: {fell}; {seconds:.0f} s"
    )
