"""A gateway and a specialist as processes of their own that ask for tokens, and an issuer whose keys rotate meanwhile."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.settings import Tls
from neural_hive.testing import sample_plans
from neural_hive.transport.client import open_grpc_specialist
from tests.unit.tokens.issuer import AUDIENCE, Issuer, issuing, jwk, rsa_key

HIVE = str(Path(sys.executable).with_name("hive"))
ROWS = '{"id": "a", "text": "rename the label of a button"}\n'


@contextmanager
def running(words: list[str], folder: Path, variables: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A process until the block ends; yields the fields of its line that says where it listens."""
    log = folder / f"{words[0]}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen([HIVE, *words], stdout=stream, stderr=stream, env=variables)
        try:
            yield until(lambda: listening(log), 60, process)
        finally:
            process.terminate()
            process.wait(30)
    assert "eyJ" not in log.read_text(encoding="utf-8")  # how every token begins


def listening(log: Path) -> dict[str, Any] | None:
    lines = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
    return next((line for line in lines if line["event"] == "listening"), None)


def until(found: Callable[[], dict[str, Any] | None], seconds: float, process: subprocess.Popen[bytes] | None = None) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while (value := found()) is None:
        assert time.monotonic() < end, "not in time"
        assert process is None or process.poll() is None, "it ended"
        time.sleep(0.05)
    return value


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture(scope="module")
def variables(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return os.environ | {
        "HIVE_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "HIVE_LOG_FORMAT": "json",
        "HIVE_SPECIALIST_DEADLINE": "5",
        "HIVE_AUTH__MODE": "oidc",
        "HIVE_AUTH__ISSUER": issuer.url,
        "HIVE_AUTH__AUDIENCE": AUDIENCE,
        "HIVE_AUTH__REFRESH": "1",
    }


@pytest.fixture(scope="module")
def places(variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The gateway's URL and the specialist's gRPC port."""
    folder = tmp_path_factory.mktemp("logs")
    with ExitStack() as stack:
        told = stack.enter_context(running(["specialist", "technical", "--port", "0", "--grpc-port", "0"], folder, variables))
        there = variables | {"HIVE_SPECIALISTS__TECHNICAL": f"grpc://127.0.0.1:{told['grpc']}"}
        yield stack.enter_context(running(["serve", "--port", "0"], folder, there))["url"], told["grpc"]


def asked(url: str, token: str, path: str = "/api/v1/intents", words: str = "rename the label of a button") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps({"intent_text": words}) if path == "/api/v1/intents" else None
    connection.request("POST" if body else "GET", path, body, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_a_caller_is_heard_by_gateway_and_specialist_or_by_neither(places: tuple[str, int], issuer: Issuer) -> None:
    url, _ = places
    status, answer = asked(url, issuer.token(scope="intents:write"))
    assert status == 200, answer
    assert answer["abstentions"] == {}
    assert set(answer["opinions"]) == {"architecture", "behavior", "evolution", "technical"}
    assert asked(url, "")[0] == 401
    assert asked(url, issuer.token(aud="payroll"))[0] == 401
    assert asked(url, issuer.token(scope="decisions:read"))[0] == 403
    assert asked(url, issuer.token(scope="decisions:read"), f"/api/v1/decisions/{answer['decision_id']}")[0] == 200
    until(lambda: {} if asked(url, "", "/ready")[0] == 200 else None, 20)


async def test_a_specialist_judges_for_nobody_without_a_token(places: tuple[str, int]) -> None:
    async with open_grpc_specialist(f"grpc://127.0.0.1:{places[1]}", name="technical", tls=Tls(), specialist_deadline=5.0) as remote:
        assert (await remote.describe()).version
        with pytest.raises(UnavailableError, match="token"):
            await remote.evaluate(sample_plans()[4])


def test_the_issuer_is_a_part_that_is_watched(places: tuple[str, int]) -> None:
    parts = {part["name"]: part["ok"] for part in asked(places[0], "", "/ready")[1]["dependencies"]}
    assert parts["issuer"]
    assert parts["token-keys"]


def test_the_command_line_shows_its_token(places: tuple[str, int], variables: dict[str, str], issuer: Issuer, tmp_path: Path) -> None:
    url, _ = places
    (tmp_path / "rows.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "token").write_text(issuer.token(), encoding="utf-8")
    words = [HIVE, "review", "--input", str(tmp_path / "rows.jsonl"), "--url", url, "--fresh", "--exit-zero"]
    for shown in ({"HIVE_TOKEN": issuer.token()}, {"HIVE_AUTH__TOKEN_FILE": str(tmp_path / "token")}):
        done = subprocess.run(words, env=variables | shown, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        assert json.loads(done.stdout)["verdict"]
    for shown in ({}, {"HIVE_TOKEN": issuer.token(scope="ledger:read")}):
        refused = subprocess.run(words, env=variables | shown | {"HIVE_LANG": "en"}, capture_output=True, check=False, timeout=60)
        assert refused.returncode == 64, refused.stderr.decode()
        assert b"HIVE_TOKEN" in refused.stderr
    status = [HIVE, "status", "--url", url, "--json"]
    told = json.loads(subprocess.run(status, env=variables | {"HIVE_TOKEN": issuer.token()}, capture_output=True, check=False).stdout)
    assert next(part["model"] for part in told["dependencies"] if part["name"] == "specialist-technical")


def test_keys_rotate_without_a_restart(places: tuple[str, int], issuer: Issuer) -> None:
    url, _ = places
    old, new = issuer.token(), issuer.token(key=rsa_key(2), kid="r2")
    assert [asked(url, old, words="rotate one")[0], asked(url, new, words="rotate one")[0]] == [200, 401]
    before, issuer.keys = issuer.keys, [jwk(rsa_key(2), "r2")]
    try:
        until(lambda: {} if asked(url, new, words="rotate two")[0] == 200 and asked(url, old)[0] == 401 else None, 15)
        until(lambda: {} if asked(url, new, words=f"rotate {time.monotonic()}")[1]["abstentions"] == {} else None, 15)
    finally:
        issuer.keys = before


@pytest.mark.parametrize("words", [["serve", "--host", "0.0.0.0"], ["specialist", "technical", "--host", "0.0.0.0"]])  # noqa: S104 -- refused
def test_on_the_network_nobody_serves_everybody_by_accident(words: list[str], tmp_path: Path) -> None:
    plain = os.environ | {"HIVE_DATA_DIR": str(tmp_path), "HIVE_LANG": "en"}
    done = subprocess.run([HIVE, *words, "--port", "0"], env=plain, capture_output=True, check=False, timeout=60)
    assert done.returncode == 64
    assert b"HIVE_AUTH__ALLOW_ANONYMOUS" in done.stderr
    assert not (tmp_path / "ledger.db").exists()
