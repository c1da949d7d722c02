"""What can go wrong between two processes: a TCP proxy that does it, and specialists that do."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from neural_hive.types import ModelInfo, Opinion, Plan, Verdict

Fault = Literal["none", "hang", "garbage", "drop"]
MODEL = ModelInfo(name="test", version="1")


def opinion_of(name: str, risk: float = 0.1) -> Opinion:
    return Opinion(specialist=name, recommendation=Verdict.APPROVE, risk=risk, confidence=1.0, model=MODEL)


@dataclass
class Proxy:
    """Passes bytes on, or does what `fault` says: to new connections and to those that are open.

    hang: nothing is passed on any more; garbage: the server's bytes are replaced by noise; drop: the
    connection is cut when the server answers.
    """

    target: int
    fault: Fault = "none"
    port: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers += [writer, there_writer]
        await asyncio.gather(self._pass(reader, there_writer, back=False), self._pass(there_reader, writer, back=True))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.fault == "hang":
                    continue
                if self.fault == "drop" and back:
                    break
                writer.write(b"\x99garbage" * 9 if self.fault == "garbage" and back else data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@asynccontextmanager
async def proxy(target: int, fault: Fault = "none") -> AsyncIterator[Proxy]:
    """A proxy in front of a port of this machine."""
    between = Proxy(target, fault)
    server = await asyncio.start_server(between.meet, "127.0.0.1", 0)
    between.port = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        server.close()
        between.cut()
        await asyncio.sleep(0)


@dataclass
class Scripted:
    """A specialist that does what the test says, and counts how often it was asked."""

    name: str = "technical"
    does: Callable[[Plan], Opinion] | None = None
    delay: float = 0.0
    asked: int = 0

    async def evaluate(self, plan: Plan) -> Opinion:
        self.asked += 1
        await asyncio.sleep(self.delay)
        return self.does(plan) if self.does else opinion_of(self.name)

    async def describe(self) -> ModelInfo:
        return MODEL


@dataclass
class Slow:
    """A specialist that computes, as ours do: its answer blocks a thread."""

    name: str = "technical"
    delay: float = 0.0
    asked: int = 0

    async def evaluate(self, plan: Plan) -> Opinion:
        return opinion_of(self.name)

    def evaluate_sync(self, plan: Plan) -> Opinion:
        self.asked += 1
        time.sleep(self.delay)
        return opinion_of(self.name)

    async def describe(self) -> ModelInfo:
        return MODEL
