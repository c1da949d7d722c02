"""The floors: a bare Starlette app whose POST commits one SQLite row, and that commit alone."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


class Row:
    """A table that commits durably, one row at a time (WAL, synchronous=FULL)."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def commit(self, body: bytes) -> int:
        """Store one record; when this returns it is on the disk. Its number is returned."""
        return self._connection.execute("INSERT INTO record (body) VALUES (?)", (body,)).lastrowid or 0

    def close(self) -> None:
        """Release the file."""
        self._connection.close()


def app(path: Path) -> Starlette:
    """POST /api/v1/intents reads JSON, commits it and answers with the row's number."""
    row = Row(path)

    async def post(request: Request) -> JSONResponse:
        # The commit runs in the event loop: a thread would be kinder to other requests and slower for this one.
        body = await request.json()
        number = row.commit(await request.body())
        return JSONResponse({"id": number, "length": len(body["intent_text"])})

    return Starlette(routes=[Route("/api/v1/intents", post, methods=["POST"])])


def main() -> None:
    """Serve: python -m benchmarks.floor PORT FILE."""
    bare = {"access_log": False, "server_header": False, "date_header": False}
    uvicorn.run(app(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_config=None, **bare)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
