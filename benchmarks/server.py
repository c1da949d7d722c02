"""Servers as a newcomer would start them, each in its own process on a free loopback port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Client

PATIENCE = 30.0
INTENTS = "/api/v1/intents"


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers, its port and how long it took to give its first answer, in seconds."""

    process: subprocess.Popen[bytes]
    port: int
    first_answer: float


def hive_command() -> str:
    """The `hive` that was installed beside this Python."""
    return str(Path(sys.executable).with_name("hive"))


def clean_environment() -> dict[str, str]:
    """This environment without the settings of somebody's own hive."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HIVE_")}


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def hive(folder: Path, first_text: str) -> Iterator[Server]:
    """`hive serve` with an own data directory, after its first decision."""
    port = free_port()
    with _serving([hive_command(), "serve", "--port", str(port), "--data-dir", str(folder / "data")], port, folder, first_text) as server:
        yield server


@contextmanager
def bare(folder: Path, first_text: str) -> Iterator[Server]:
    """The bare Starlette app, after its first commit."""
    port = free_port()
    with _serving([sys.executable, "-m", "benchmarks.floor", str(port), str(folder / "floor.db")], port, folder, first_text) as server:
        yield server


@contextmanager
def _serving(command: Sequence[str], port: int, folder: Path, first_text: str) -> Iterator[Server]:
    log = folder / f"server-{port}.log"
    began = time.perf_counter()
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=sink, env=clean_environment()) as process:
        try:
            _first_answer(process, port, first_text, log)
            yield Server(process, port, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _first_answer(process: subprocess.Popen[bytes], port: int, text: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with Client(port) as client:
                client.post(INTENTS, {"intent_text": text, "user_id": "bench"})
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"no answer on port {port}:\n{log.read_text(errors='replace')[-2000:]}")
