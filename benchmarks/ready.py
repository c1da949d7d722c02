"""/ready of a gateway whose cache and one of whose specialists hang, against /health, which depends on nothing."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measure import Effort, Row, middle
from benchmarks.server import PATIENCE, clean_environment, free_port, hive_command

_LEAST = 1.5  # seconds until checks that hang have failed once


def measure(effort: Effort) -> list[Row]:
    """Milliseconds on one connection, both pages by turns; the server also asks its parts twice a second meanwhile."""
    with TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as silent, _gateway(Path(name), silent) as page:
        pairs = [[(_timed(page, "/ready"), _timed(page, "/health")) for _ in range(effort.samples)] for _ in range(effort.runs)]
    ours, floors = ([[pair[place] for pair in run] for run in pairs] for place in (0, 1))
    floor = middle(floors, 0.99)
    return [Row(name="/ready while parts hang, p99", value=middle(ours, 0.99), unit="ms", floor=floor, floor_name="/health, p99", bar=5.0)]


@contextmanager
def _gateway(folder: Path, silent: socket.socket) -> Iterator[http.client.HTTPConnection]:
    """`hive serve` with parts behind a door that takes connections and never answers; ready without them."""
    port, hanging = free_port(), silent.getsockname()[1]
    variables = clean_environment() | {
        "HIVE_CACHE": f"redis://127.0.0.1:{hanging}",
        "HIVE_SPECIALISTS__TECHNICAL": f"grpc://127.0.0.1:{hanging}",
    }
    command = [hive_command(), "serve", "--port", str(port), "--data-dir", str(folder / "data")]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            _until_ready(connection)
            time.sleep(_LEAST)
            yield connection
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_ready(connection: http.client.HTTPConnection) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if _asked(connection, "/ready") == 200:
                return
        except OSError:
            connection.close()
        time.sleep(0.02)
    raise RuntimeError(f"not ready within {PATIENCE:g} s")


def _timed(connection: http.client.HTTPConnection, page: str) -> float:
    began = perf_counter()
    if _asked(connection, page) != 200:
        raise RuntimeError(f"{page} is not well any more")
    return (perf_counter() - began) * 1e3


def _asked(connection: http.client.HTTPConnection, page: str) -> int:
    connection.request("GET", page)
    response = connection.getresponse()
    response.read()
    return response.status
