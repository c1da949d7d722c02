"""A log of one test on a real MongoDB server: its database, its key, and what the tests write into it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from pymongo import MongoClient

from neural_hive.ledger.mongo import MongoLedger, open_mongo_ledger
from neural_hive.ledger.verify import verify
from neural_hive.types import Receipt

DEADLINE = 20.0  # seconds; the server and its neighbours share two cores
WRITER = """
import asyncio, itertools, os, sys
from pathlib import Path
from neural_hive.ledger.mongo import open_mongo_ledger

async def client(ledger, name, numbers):
    for number in numbers:
        record = {"schema": "decision/v1", "id": f"{name}-{number}", "created_at": "2025", "verdict": "approve",
                  "content": {"text": "x" * 300}}
        receipt = await ledger.append(record)
        os.write(1, f"{record['id']} {receipt.leaf_index} {receipt.leaf_hash} {receipt.root_hash}\\n".encode())

async def main(url, key, name, count):
    numbers = iter(range(int(count))) if int(count) else itertools.count()
    async with open_mongo_ledger(url, ledger_key_path=Path(key), ledger_deadline=30.0) as ledger:
        await asyncio.gather(*(client(ledger, name, numbers) for _ in range(32)))

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass(frozen=True)
class Place:
    """A database of one test, the key of its log, and whether to go mongod's way to the head (None: the server's own)."""

    url: str
    key: Path
    ordered: bool | None = None

    def open(self, deadline: float = DEADLINE, **options: Any) -> contextlib.AbstractAsyncContextManager[MongoLedger]:
        return open_mongo_ledger(self.url, ledger_key_path=self.key, ledger_deadline=deadline, ordered=self.ordered, **options)

    @property
    def leaves(self) -> Any:
        return MongoClient[dict[str, Any]](self.url).get_default_database()["leaves"]

    def is_whole(self, leaves: int | None = None) -> None:
        report = verify(self.url, key_file=self.key, deadline=60.0)
        assert report.findings == ()
        assert leaves in {None, report.leaves}

    def writer(self, name: str, count: int = 0) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", WRITER, self.url, str(self.key), name, str(count)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)


@contextlib.contextmanager
def database(server: str, folder: Path) -> Iterator[Place]:
    name = f"ledger_{uuid4().hex[:12]}"
    yield Place(_within(server, name), folder / "shared.key")
    with MongoClient[dict[str, Any]](server) as client:
        client.drop_database(name)


def _within(server: str, name: str) -> str:
    """The server's URL with this database; who logged in against the one that it named, or "admin", still does."""
    parts = urlsplit(server)
    query = parts.query
    if "@" in parts.netloc and "authsource=" not in query.lower():
        query += f"{'&' if query else ''}authSource={parts.path.strip('/') or 'admin'}"
    return parts._replace(path=f"/{name}", query=query).geturl()


def record(name: str, **more: Any) -> dict[str, Any]:
    content = {"text": f"apagar a tabela {name}"}
    return {"schema": "decision/v1", "id": name, "created_at": "2025", "verdict": "reject", "content": content, **more}


async def filled(place: Place, count: int) -> list[Receipt]:
    async with place.open() as ledger:
        return [await ledger.append(record(f"d{number}")) for number in range(count)]
