"""`hive serve --distributed`: five real processes, one of which dies, and then all of which end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import pytest
from pymongo import MongoClient

from tests.services import url_of

HIVE = str(Path(sys.executable).with_name("hive"))
PANEL = {"architecture", "behavior", "evolution", "technical"}
SEVERITY = ("approve", "conditional", "review_required", "reject")
MOST_RESIDENT = 120 * 1_048_576  # bytes of one specialist's process


@dataclass
class Distributed:
    """A distributed hive from outside: what it logged, its processes, its answers."""

    process: subprocess.Popen[bytes]
    log: Path

    def told(self, event: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == event]

    @property
    def url(self) -> str:
        return str(self.told("listening")[0]["url"])

    def pids(self) -> dict[str, int]:
        """The latest process of each specialist."""
        return {line["specialist"]: line["pid"] for line in self.told("specialist listens")}

    def asked(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=15)
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def review(self, words: str) -> dict[str, Any]:
        status, answer = self.asked("POST", "/api/v1/intents", {"intent_text": words})
        assert status == 200, answer
        return answer

    def parts(self) -> dict[str, bool]:
        return {item["name"]: item["ok"] for item in self.asked("GET", "/ready")[1]["dependencies"]}


def start(folder: Path) -> Distributed:
    log = folder / "hive.log"
    command = [HIVE, "serve", "--distributed", "--port", "0"]
    variables = os.environ | {"HIVE_DATA_DIR": str(folder / "data"), "HIVE_LOG_FORMAT": "json", "HIVE_SPECIALIST_DEADLINE": "3"}
    with log.open("wb") as stream:
        hive = Distributed(subprocess.Popen(command, stdout=stream, stderr=stream, env=variables), log)
    until(lambda: bool(hive.told("listening")), 60, hive)
    return hive


def until(holds: Callable[[], bool], seconds: float, hive: Distributed | None = None) -> float:
    """How long it took, in seconds, until something holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, hive.log.read_text() if hive else "not in time"
        assert hive is None or hive.process.poll() is None, hive.log.read_text()
        time.sleep(0.02)
    return time.monotonic() - began


def gone(pids: list[int]) -> bool:
    return not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def hive(tmp_path: Path) -> Iterator[Distributed]:
    running = start(tmp_path)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        for pid in running.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def tells_how_it_is_and_stays_small(hive: Distributed) -> None:
    assert "--distributed" not in subprocess.run([HIVE, "status", "--url", hive.url], capture_output=True, check=True).stdout.decode()
    for line in {line["specialist"]: line for line in hive.told("specialist listens")}.values():
        place = f"http://127.0.0.1:{line['http']}"
        with urlopen(f"{place}/ready", timeout=5) as response:  # noqa: S310 -- http, and ours
            ready = json.load(response)
        assert {item["name"] for item in ready["dependencies"]} == {"grpc", "model"}
        with urlopen(f"{place}/metrics", timeout=5) as response:  # noqa: S310 -- as above
            assert b"process_resident_memory_bytes" in response.read()
        assert psutil.Process(line["pid"]).memory_info().rss < MOST_RESIDENT


def test_a_specialist_dies_and_the_hive_goes_on(hive: Distributed) -> None:
    assert set(hive.pids()) == PANEL
    until(lambda: hive.asked("GET", "/ready")[0] == 200, 20, hive)
    whole = hive.review("rename the label of a button on the settings page, number 1")
    assert set(whole["opinions"]) == PANEL
    assert whole["abstentions"] == {}

    victim = hive.pids()["technical"]
    os.kill(victim, signal.SIGSTOP)  # it hangs first, so that there is a moment without it
    answer = hive.review("rename the label of a button on the settings page, number 2")
    assert set(answer["abstentions"]) == {"technical"}
    assert answer["abstentions"]["technical"]
    assert SEVERITY.index(answer["verdict"]) >= SEVERITY.index(whole["verdict"])
    assert hive.review("drop the orders table in production without a backup, number 2")["verdict"] in SEVERITY[2:]
    until(lambda: not hive.parts()["specialist-technical"], 5, hive)

    os.kill(victim, signal.SIGKILL)
    until(lambda: hive.pids()["technical"] != victim, 10, hive)
    until(lambda: hive.parts()["specialist-technical"], 5, hive)
    names = (f"rename the label of a button on the settings page, try {number}" for number in range(1000))
    assert until(lambda: hive.review(next(names))["abstentions"] == {}, 5, hive) < 5
    assert [line["specialist"] for line in hive.told("specialist ended and is started again")] == ["technical"]
    tells_how_it_is_and_stays_small(hive)


def test_sigterm_leaves_no_process_behind(hive: Distributed) -> None:
    pids = [child.pid for child in psutil.Process(hive.process.pid).children(recursive=True)]
    assert {*hive.pids().values()} <= {*pids}
    hive.process.send_signal(signal.SIGTERM)
    assert hive.process.wait(20) == 0, hive.log.read_text()
    until(lambda: gone(pids), 1)
    assert {line["specialist"] for line in hive.told("ending")} == PANEL
    assert "Traceback" not in hive.log.read_text()


def test_children_do_not_outlive_a_parent_that_was_killed(hive: Distributed) -> None:
    pids = list(hive.pids().values())
    hive.process.kill()
    until(lambda: gone(pids), 10)


@pytest.mark.real
def test_real_servers_are_reached_and_told(tmp_path: Path) -> None:
    """`hive doctor` and `hive status` over a ledger, a graph, a cache, a queue and models on real servers."""
    database = f"status_{os.getpid()}"
    variables = os.environ | {
        "HIVE_DATA_DIR": str(tmp_path),
        "HIVE_LEDGER": f"{url_of('mongodb')}/{database}",
        "HIVE_GRAPH": url_of("neo4j"),
        "HIVE_CACHE": url_of("redis"),
        "HIVE_QUEUE": f"{url_of('redis')}?prefix={database}&idle=20",
        "HIVE_MODELS": url_of("mlflow"),
        "HIVE_LEDGER_DEADLINE": "20",
        "HIVE_GRAPH_DEADLINE": "5",
        "HIVE_READY_DEADLINE": "10",
    }
    try:
        examined = subprocess.run([HIVE, "doctor"], env=variables, capture_output=True, check=False, timeout=120)
        assert examined.returncode == 0, examined.stdout.decode()
        assert examined.stdout.count(b"connection ") == 5
        told = subprocess.run([HIVE, "status", "--json"], env=variables, capture_output=True, check=False, timeout=120)
        assert told.returncode == 0, told.stdout.decode()
        broken = [part for part in json.loads(told.stdout)["dependencies"] if not part["ok"]]
        assert all(part["name"] == "models" and "unregistered" in part["detail"] for part in broken), broken  # nobody may have published
    finally:
        with MongoClient[dict[str, Any]](url_of("mongodb")) as client:
            client.drop_database(database)
