"""kill -9 at any moment: what was acknowledged stands in the ledger, and the next start needs no help."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import pytest

from neural_hive.ledger import independent
from neural_hive.ledger.sqlite import public_key_of
from neural_hive.ledger.verify import verify

KILLS = [5, pytest.param(200, marks=pytest.mark.soak)]

WRITER = """
import asyncio, os, sys
from neural_hive.ledger.sqlite import open_sqlite_ledger

async def client(ledger, name):
    number = 0
    while True:
        record = {"schema": "decision/v1", "id": f"{name}-{number}", "created_at": "2025", "content": {"text": "x" * 3000}}
        receipt = await ledger.append(record)
        os.write(1, f"{record['id']} {receipt.leaf_index} {receipt.leaf_hash}\\n".encode())
        number += 1

async def main(path, name):
    async with open_sqlite_ledger(path) as ledger:
        await asyncio.gather(*(client(ledger, f"{name}-{each}") for each in range(8)))

asyncio.run(main(*sys.argv[1:]))
"""
SERVER = "from neural_hive.cli import main; main()"
INTENTS = [
    {"intent_text": "apagar a tabela de clientes em produção sem backup"},
    {"intent_text": "rename a button on the settings page"},
    {"intent_text": "", "plan": {"source": "DELETE FROM users;", "format": "sql"}},
]


@dataclass
class Acknowledged:
    """What the client was told: leaf index and hash by record id."""

    receipts: dict[str, tuple[int, str]] = field(default_factory=dict)

    def missing_from(self, path: Path) -> list[str]:
        """Ids that the ledger does not hold at that place with that hash."""
        with contextlib.closing(sqlite3.connect(path)) as database:
            rows = database.execute("SELECT record_id, leaf_index, body FROM leaves")
            found = {name: (index, sha256(b"\x00" + body).hexdigest()) for name, index, body in rows}
        return [name for name, receipt in self.receipts.items() if found.get(name) != receipt]


def is_whole(path: Path, told: Acknowledged) -> None:
    """Nothing acknowledged is missing, and both verifiers find nothing."""
    assert told.receipts
    assert told.missing_from(path) == []
    assert verify(path).findings == ()
    assert independent.main([str(path), "--public-key", public_key_of(path)]) == 0


@pytest.mark.parametrize("kills", KILLS)
def test_ledger_survives_kills(tmp_path: Path, kills: int) -> None:
    path, told, dice = tmp_path / "ledger.db", Acknowledged(), random.Random(kills)  # noqa: S311 -- repeatable on purpose
    for kill in range(kills):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), f"round{kill}"], stdout=subprocess.PIPE, bufsize=0)
        assert writer.stdout is not None
        first = writer.stdout.read(1)
        assert first, "the ledger did not open again by itself"
        time.sleep(dice.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        acknowledge(first + drain(writer.stdout), told)
        writer.wait()
    is_whole(path, told)


def drain(stream: IO[bytes]) -> bytes:
    with stream:
        return b"".join(iter(lambda: stream.read(65536), b""))


def acknowledge(lines: bytes, told: Acknowledged) -> None:
    for line in lines.decode().splitlines(keepends=True):
        if line.endswith("\n"):  # the last one may be torn
            name, index, leaf = line.split()
            told.receipts[name] = (int(index), leaf)


@contextlib.contextmanager
def server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`hive serve` on a data directory, ready for questions; killed without warning at the end."""
    command = [sys.executable, "-c", SERVER, "serve", "--port", str(port), "--data-dir", str(folder)]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not is_ready(port):
            assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the service did not become ready again by itself"
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def is_ready(port: int) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    return False


def wait_for_more(told: Acknowledged, than: int) -> None:
    deadline = time.monotonic() + 30
    while len(told.receipts) <= than:
        assert time.monotonic() < deadline, "the service answers nothing"
        time.sleep(0.005)


def ask_until_it_dies(port: int, told: Acknowledged, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 -- repeatable on purpose
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
        while True:
            connection.request("POST", "/api/v1/intents", json.dumps(dice.choice(INTENTS)), {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
            assert response.status == 200, answer
            told.receipts[answer["decision_id"]] = (answer["receipt"]["leaf_index"], answer["receipt"]["leaf_hash"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("kills", KILLS)
def test_service_survives_kills(tmp_path: Path, kills: int) -> None:
    port, told, dice = free_port(), Acknowledged(), random.Random(kills)  # noqa: S311 -- repeatable on purpose
    for kill in range(kills):
        with server(tmp_path, port) as process:
            clients = [threading.Thread(target=ask_until_it_dies, args=(port, told, 10 * kill + each)) for each in range(4)]
            for client in clients:
                client.start()
            wait_for_more(told, than=len(told.receipts))
            time.sleep(dice.uniform(0, 0.3))
            process.send_signal(signal.SIGKILL)
        for client in clients:
            client.join()
        assert told.missing_from(tmp_path / "ledger.db") == []
    with server(tmp_path, port):
        is_whole(tmp_path / "ledger.db", told)
