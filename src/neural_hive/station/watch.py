"""Readiness from memory: the parts are asked in the background, so that nobody who asks has to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from neural_hive.messages import text
from neural_hive.ops import Health, Probe, Readiness

_EVERY = 0.5  # seconds between two looks; with the deadline of a check it bounds how old an answer is


class Watch:
    """Looks at the parts of a process again and again, and remembers what it saw.

    Args:
        probe: Asks the parts, each with its own deadline.
        language: In which details are worded.
        every: Seconds between two looks.
        stale: Seconds after which what was seen counts for nothing.
        told: Called after each look, with what was seen.
    """

    def __init__(
        self,
        probe: Probe,
        *,
        language: str = "en",
        every: float = _EVERY,
        stale: float = 5.0,
        told: Callable[[Readiness], None] = lambda _: None,
    ) -> None:
        self._probe = probe
        self._language = language
        self._every = every
        self._stale = stale
        self._told = told
        self._seen: Readiness | None = None
        self._when = 0.0
        self._ending = False

    @property
    def state(self) -> Readiness:
        """What was seen last; not ready before the first look, after `end`, and when nobody has looked for long."""
        if self._ending:
            return self._without("station.ending")
        if self._seen is None or time.monotonic() - self._when > self._stale:
            return self._without("station.unseen")
        return self._seen

    async def look(self) -> Readiness:
        """Ask all parts now."""
        self._seen = await self._probe.readiness(self._language)
        self._when = time.monotonic()
        self._told(self._seen)
        return self.state

    def end(self) -> None:
        """From now on the process is not ready: it finishes what it has and takes nothing new."""
        self._ending = True

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Look once, then in the background until the block ends."""
        await self.look()
        task = asyncio.create_task(self._again_and_again())
        try:
            yield
        finally:
            task.cancel()

    async def _again_and_again(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self.look()

    def _without(self, reason: str) -> Readiness:
        """Not ready, with the parts as they were seen last."""
        own = Health(name="station", ok=False, latency_ms=0.0, detail=text(reason, self._language))
        return Readiness(ready=False, dependencies=(*(self._seen.dependencies if self._seen else ()), own))
