"""A server that drips: each piece comes in time, the whole never does."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.models.mlflow import open_mlflow_models
from neural_hive.models.tracking import Tracking

DEADLINE = 0.5  # seconds
DRIP = 0.1  # seconds between two bytes
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def drip(wire: socket.socket, head: bytes, stop: threading.Event) -> None:
    with wire, suppress(OSError):
        wire.recv(4096)
        wire.sendall(head)
        while not stop.wait(DRIP):
            wire.sendall(b"x")


@pytest.fixture(params=[HEAD, b"HTTP/1.1 200 OK\r\nX-Long: ", b""], ids=["body", "headers", "first line"])
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that sends one byte now and then, from the body, the headers or the first line on."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while not stop.is_set():
                    wire, _ = listening.accept()
                    threading.Thread(target=drip, args=(wire, request.param, stop), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"mlflow+http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)


def test_the_deadline_is_for_the_whole_answer(dripping: str) -> None:
    start = time.monotonic()
    with pytest.raises(UnavailableError):
        Tracking(dripping, deadline=DEADLINE).healthy()
    assert time.monotonic() - start < DEADLINE + 0.5


def test_nothing_waits_for_a_server_that_drips(dripping: str) -> None:
    """Neither the start nor the end of a process; the packaged model answers."""

    async def used() -> str:
        async with open_mlflow_models(dripping, names=("technical",)) as models:
            with suppress(TimeoutError, UnavailableError):
                await asyncio.wait_for(models.ping(), 0.2)
            return models.load("technical").fallback

    start = time.monotonic()
    assert asyncio.run(used()) == "unreachable"
    assert time.monotonic() - start < 6.0


def test_an_answer_in_pieces_that_ends_in_time_is_read() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n", b"Transfer-Encoding: chunked\r\n\r\n2\r\nO", b"K\r\n0\r\n\r\n"]

    def serve(listening: socket.socket) -> None:
        wire, _ = listening.accept()
        with wire:
            wire.recv(4096)
            for piece in pieces:
                wire.sendall(piece)
                time.sleep(DRIP)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        Tracking(f"mlflow+http://127.0.0.1:{listening.getsockname()[1]}", deadline=2.0).healthy()
