"""As much of an HTTP client as a load needs: cheap, since it shares its processors with what it asks, and without a second try."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_HEAD = 65_536  # bytes that a head may have

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """What the body says; nothing when it is no JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass
class Caller:
    """A client of one server.

    Args:
        url: Scheme http, host and port.
        keeps: Whether connections are kept for the next request. One that the server has closed meanwhile is not taken again.
    """

    url: str
    keeps: bool
    _idle: list[Connection] = field(default_factory=list)

    async def post(self, path: str, body: object) -> Reply:
        """Ask, once.

        Raises:
            OSError: There is no connection, or it was lost.
            EOFError: The server closed it before the answer was whole.
        """
        connection = await self._connection()
        reader, writer = connection
        ended = True
        try:
            writer.write(self._request(path, json.dumps(body).encode()))
            status, told = _head(await reader.readuntil(b"\r\n\r\n"))
            content = await reader.readexactly(int(told.get("content-length", "0")))
            ended = not self.keeps or told.get("connection", "").lower() == "close"
        finally:
            if ended:
                writer.close()
            else:
                self._idle.append(connection)
        return Reply(status, content)

    async def _connection(self) -> Connection:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        place = urlsplit(self.url)
        return await asyncio.open_connection(place.hostname, place.port, limit=_HEAD)

    def _request(self, path: str, body: bytes) -> bytes:
        kept = "keep-alive" if self.keeps else "close"
        head = f"POST {path} HTTP/1.1\r\nHost: {urlsplit(self.url).netloc}\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\nConnection: {kept}\r\n\r\n".encode() + body

    def close(self) -> None:
        """Close what is kept."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, by their names in small letters."""
    first, *lines = raw.decode("latin-1").rstrip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}
