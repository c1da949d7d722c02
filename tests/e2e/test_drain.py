"""A gateway that is told to end says so at once, and turns nobody away who does not know it yet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.services.ports import free_ports

HIVE = str(Path(sys.executable).with_name("hive"))
DRAIN = 1.5  # seconds
INTENT = {"intent_text": "Rename the Send button to Save on the sign-up screen"}


@contextmanager
def gateway(folder: Path, drain: float) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`hive serve` with a time to drain, ready."""
    (port,) = free_ports(1)
    variables = os.environ | {"HIVE_DATA_DIR": str(folder), "HIVE_DRAIN": str(drain)}
    with subprocess.Popen(
        [HIVE, "serve", "--port", str(port)], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + 30
            while status(url) != 200:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield process, url
        finally:
            process.kill()


def status(url: str) -> int:
    """What /ready answers; 0 when nobody does."""
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/ready", timeout=2).status_code
    return 0


def test_it_says_no_at_once_and_fails_no_request_until_the_door_closes(tmp_path: Path) -> None:
    codes: list[int] = []
    stop = threading.Event()

    def ask(url: str) -> None:
        with httpx.Client(timeout=5) as client:  # holds its connection as long as the gateway lets it
            while not stop.wait(0.005):
                codes.append(client.post(f"{url}/api/v1/intents", json=INTENT).status_code)

    with gateway(tmp_path, DRAIN) as (process, url):
        caller = threading.Thread(target=ask, args=(url,))
        caller.start()
        time.sleep(0.3)
        before = len(codes)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        while status(url) != 503:
            assert time.monotonic() - began < 0.5
        while time.monotonic() - began < DRAIN - 0.4:  # Kubernetes has told everybody by then
            assert status(url) == 503
            time.sleep(0.05)
        stop.set()
        caller.join()
        assert process.wait(10) == 0
        assert DRAIN <= time.monotonic() - began < DRAIN + 5
    assert set(codes) == {200}
    assert len(codes) > before > 0


def test_asked_a_second_time_it_waits_no_longer(tmp_path: Path) -> None:
    with gateway(tmp_path, 60.0) as (process, url):
        process.send_signal(signal.SIGTERM)
        while status(url) != 503:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_without_a_time_to_drain_it_ends_at_once(tmp_path: Path) -> None:
    with gateway(tmp_path, 0.0) as (process, _):
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 3
