"""A Redis of one test's own, and a line to it, both of which can be made to fail in the ways that servers and networks do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.services import Instance, private
from tests.services.ports import free_ports

FAULTS = ("refused", "hanging", "slow", "garbage", "dropped", "stopped", "killed")
SLOW = 0.1  # seconds: twice the deadline of a call
_CHUNK = 65536


class Line:
    """Carries bytes to a port of this machine, or does what `fault` says."""

    def __init__(self, target: int) -> None:
        self.target = target
        (self.port,) = free_ports(1)
        self.fault = ""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers.add(back)
        await asyncio.gather(self._copy(reader, back, answers=False), self._copy(onward, writer, answers=True))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if not answers:
                    writer.write(data)
                elif not await self._answer(data, writer):
                    break
                await writer.drain()
        writer.close()

    async def _answer(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        """Carry an answer back; False ends the connection."""
        if self.fault == "slow":
            await asyncio.sleep(SLOW)
        if self.fault == "garbage":
            data = os.urandom(len(data) + 7)
        if self.fault != "hanging":
            writer.write(data[: len(data) // 2] if self.fault == "dropped" else data)
        return self.fault != "dropped"


class Faulty:
    """A Redis behind a line."""

    def __init__(self, server: Instance, line: Line) -> None:
        self._server = server
        self._line = line
        self.url = f"redis://127.0.0.1:{line.port}/0"

    async def break_(self, fault: str) -> None:
        """Begin to fail: the line for the first five kinds, the server itself for the last two."""
        self._line.fault = fault
        if fault == "refused":
            await self._line.close()
        elif fault == "stopped":
            self._server.pause()
        elif fault == "killed":
            await asyncio.to_thread(self._server.kill)

    async def mend(self) -> None:
        """Be well again."""
        fault, self._line.fault = self._line.fault, ""
        if fault == "refused":
            await self._line.open()
        elif fault == "stopped":
            self._server.resume()
        elif fault == "killed":
            await asyncio.to_thread(self._server.start)


@asynccontextmanager
async def open_faulty() -> AsyncIterator[Faulty]:
    """A Redis of its own behind a line of its own, both well."""
    with private("redis") as server:
        line = Line(urlsplit(server.url).port or 0)
        await line.open()
        try:
            yield Faulty(server, line)
        finally:
            await line.close()
            server.resume()
