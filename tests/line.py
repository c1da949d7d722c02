"""A line to a server of this machine that fails in the ways that servers and networks do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

FAULTS = ("refused", "hanging", "slow", "garbage", "dropped", "restarted")
_CHUNK = 65536


class Line:
    """Carries bytes to a port of this machine, or does what a fault does, to open connections and to new ones.

    refused: nobody listens, open connections are cut. hanging: connections open, no answer comes. slow:
    every answer comes `delay` seconds late. garbage: noise instead of answers. dropped: cut in the middle
    of an answer. restarted: as refused for `delay` seconds, then well again.
    """

    def __init__(self, target: int, delay: float) -> None:
        self.target = target
        self.delay = delay
        self.fault = ""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._return: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        self._writers.clear()

    async def fail(self, fault: str) -> None:
        """Begin to fail."""
        self.fault = fault
        if fault in ("refused", "restarted"):
            await self.close()
        if fault == "restarted":
            self._return = asyncio.get_running_loop().create_task(self._come_back())

    async def mend(self) -> None:
        """Be well again; what hung is cut, as a server that starts again cuts it."""
        if self._return is not None:
            await self._return
            self._return = None
        if self.fault == "hanging":
            await self.close()
        self.fault = ""
        if self._server is None:
            await self.open()

    async def _come_back(self) -> None:
        await asyncio.sleep(self.delay)
        await self.open()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            answers, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers.add(onward)
        try:
            await asyncio.gather(self._ask(reader, onward), self._answer(answers, writer))
        finally:
            self._writers -= {writer, onward}

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.fault == "slow":
                    await asyncio.sleep(self.delay)
                if self.fault == "hanging":
                    continue
                if self.fault == "dropped":
                    writer.write(data[: len(data) // 2])
                    break
                writer.write(os.urandom(len(data) + 7) if self.fault == "garbage" else data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def line_to(port: int, delay: float) -> AsyncIterator[Line]:
    """An open line to a port, closed at the end."""
    between = Line(port, delay)
    await between.open()
    try:
        yield between
    finally:
        await between.close()
