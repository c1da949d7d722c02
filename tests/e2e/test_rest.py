"""The REST interface from outside: in this process, over a socket, or at `HIVE_TEST_URL`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.gateway.app import create_app
from neural_hive.settings import load_settings

URL = os.environ.get("HIVE_TEST_URL", "")
PAIRS = [
    (
        "Apagar todos os registros da tabela clientes em produção, sem backup",
        "Delete every row of the customers table in production, without a backup",
    ),
    ("Mudar o texto do botão Enviar para Salvar na tela de cadastro", "Change the label of the Send button to Save on the sign-up screen"),
]
SERVER = "from neural_hive.cli import main; main()"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    if URL:
        async with httpx.AsyncClient(base_url=URL, timeout=30) as client:
            yield client
        return
    settings = load_settings(data_dir=tmp_path)
    async with (
        open_hive(settings) as hive,
        hive.watch.looking(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(settings, hive)), base_url="http://hive") as client,
    ):
        yield client


async def test_ask_read_approve_report_and_prove(api: httpx.AsyncClient) -> None:
    size = int((await api.get("/api/v1/ledger/checkpoint")).text.splitlines()[1])
    asked = await api.post("/api/v1/intents", json={"intent_text": PAIRS[0][0], "user_id": "e2e"}, headers={"Idempotency-Key": uuid4().hex})
    assert asked.status_code == 200, asked.text
    decision = asked.json()
    assert decision["verdict"] in ("reject", "review_required")
    identity = decision["decision_id"]
    assert (await api.get(f"/api/v1/decisions/{identity}")).json()["verdict"] == decision["verdict"]
    assert (await api.post(f"/api/v1/decisions/{identity}/approval", json={"approved": False, "user_id": "e2e"})).status_code == 201
    assert (await api.post(f"/api/v1/decisions/{identity}/feedback", json={"outcome": "harmful"})).status_code == 201
    proof = (await api.get(f"/api/v1/ledger/proof?id={identity}")).json()
    assert proof["leaf_hash"] == decision["receipt"]["leaf_hash"]
    assert proof["tree_size"] >= size + 3
    assert (await api.get(f"/api/v1/ledger/consistency?since={size}")).status_code == 200


@pytest.mark.parametrize(("portuguese", "english"), PAIRS)
async def test_both_languages_get_the_same_answer(api: httpx.AsyncClient, portuguese: str, english: str) -> None:
    answers = [(await api.post("/api/v1/intents", json={"intent_text": words})).json() for words in (portuguese, english)]
    assert [answer["understanding"]["language"] for answer in answers] == ["pt", "en"]
    assert answers[0]["verdict"] == answers[1]["verdict"]
    assert answers[0]["harm_probability"] == pytest.approx(answers[1]["harm_probability"], abs=0.05)


async def test_the_page_answers_a_form(api: httpx.AsyncClient) -> None:
    page = await api.post("/", data={"intent_text": PAIRS[0][1], "lang": "en"})
    assert page.status_code == 200
    assert re.search(r"Rejected|Review required", page.text)


async def test_errors_are_problem_documents(api: httpx.AsyncClient) -> None:
    refused = await api.post("/api/v1/intents", json={"intent_text": ""}, headers={"Accept-Language": "pt-BR"})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"].startswith("Não há nada a decidir")


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server of its own, as `hive serve` runs it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVER, "serve", "--port", str(port), "--data-dir", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | variables)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield process, url
    finally:
        process.terminate()
        process.wait(15)
        if process.stderr:
            process.stderr.close()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready", timeout=1).status_code == 200:
                return
        time.sleep(0.02)
    pytest.fail("the server did not become ready")


@pytest.mark.skipif(bool(URL), reason="the server at HIVE_TEST_URL is not ours to kill")
def test_an_acknowledged_decision_survives_kill_9(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        identity = httpx.post(f"{url}/api/v1/intents", json={"intent_text": PAIRS[0][1]}).json()["decision_id"]
        process.send_signal(signal.SIGKILL)
        process.wait(15)
    with serving(tmp_path) as (_, url):
        assert httpx.get(f"{url}/ready").status_code == 200
        assert httpx.get(f"{url}/api/v1/decisions/{identity}").json()["decision_id"] == identity


@pytest.mark.skipif(bool(URL), reason="its log is not ours to read")
def test_a_server_stops_in_order_and_logs_no_words(tmp_path: Path) -> None:
    with serving(tmp_path, HIVE_LOG_LEVEL="debug") as (process, url):
        with httpx.stream(
            "POST", f"{url}/api/v1/intents", json={"intent_text": "drop the zebra table"}, headers={"accept": "text/event-stream"}
        ) as stream:
            names = [line for line in stream.iter_lines() if line.startswith("event: ")]
        assert names[-1] == "event: recorded"
        httpx.get(f"{url}/decisions?x=zebra")
        httpx.post(f"{url}/api/v1/intents", content=b'{"intent_text": "zebra', headers={"content-type": "application/json"})
        process.terminate()
        _, log = process.communicate(timeout=15)
    assert process.returncode in (0, -signal.SIGTERM)
    assert b"zebra" not in log
    assert b"stopping" in log
