"""One intention, one trace: from the caller's header through the gateway to each specialist's process, without its words."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.collector import Collector, collector
from tests.services.ports import free_ports

HIVE = str(Path(sys.executable).with_name("hive"))
PANEL = {"architecture", "behavior", "evolution", "technical"}
WORDS = "Apagar a tabela de clientes em produção, não há backup. Zoraide, zoraide@example.com"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SERVER = 2


@contextmanager
def distributed(folder: Path, endpoint: str) -> Iterator[str]:
    """A gateway and four specialists that send their spans to `endpoint`; all have ended when the block has."""
    (port,) = free_ports(1)
    variables = os.environ | {"HIVE_DATA_DIR": str(folder), "HIVE_TRACES__ENDPOINT": endpoint, "HIVE_LOG_FORMAT": "json"}
    command = [HIVE, "serve", "--distributed", "--port", str(port)]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready", timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail("not ready in time")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    with collector() as spans:
        with distributed(tmp_path_factory.mktemp("traced"), spans.url) as url:
            answer = httpx.post(
                f"{url}/api/v1/intents", json={"intent_text": WORDS}, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}, timeout=20
            )
            assert answer.status_code == 200
            assert len(answer.json()["opinions"]) == len(PANEL)
        return spans


def test_the_callers_trace_goes_through_the_gateway(taken: Collector) -> None:
    ours = {span.name: span for span in taken.spans if span.trace == TRACE and span.service == "hive-gateway"}
    request = ours["POST /api/v1/intents"]
    assert (request.parent, request.kind, request.attributes["http.response.status_code"]) == (PARENT, SERVER, 200)
    assert {"understand", "plan", "conclude", "record"} <= ours.keys()
    assert all(ours[name].parent == request.id for name in ("understand", "plan", "conclude", "record"))
    assert ours["record"].attributes["hive.verdict"] == "reject"


def test_each_specialist_continues_it_in_its_own_process(taken: Collector) -> None:
    asked = {span.attributes["hive.specialist"]: span for span in taken.spans if span.trace == TRACE and span.name == "opinion"}
    judged = {span.service: span for span in taken.spans if span.trace == TRACE and span.name.endswith("/EvaluatePlan")}
    assert asked.keys() == PANEL
    assert judged.keys() == {f"hive-specialist-{name}" for name in PANEL}
    assert {name: judged[f"hive-specialist-{name}"].parent for name in PANEL} == {name: asked[name].id for name in PANEL}


def test_no_word_of_the_caller_is_in_a_span(taken: Collector) -> None:
    told = taken.raw.decode(errors="replace").lower()
    assert [word for word in ("zoraide", "clientes", "apagar", "produção") if word in told] == []


def test_probes_are_not_traced(taken: Collector) -> None:
    assert [span.name for span in taken.spans if "ready" in span.name or "health" in span.name] == []
