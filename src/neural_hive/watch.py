"""Readiness from memory: the dependencies are asked in the background, so that nobody who asks has to wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from neural_hive import telemetry
from neural_hive.messages import text
from neural_hive.ops import Answer, Health, Probe, Readiness

_EVERY = 0.5  # seconds; with a check's deadline of one second, what is true is known within two
_log = logging.getLogger(__name__)


class Watch:
    """Asks the dependencies of a process again and again, each by itself, and remembers what they said.

    One that hangs delays no news of another one; it is asked anew as soon as it has answered.

    Args:
        probe: Asks them, each with its own deadline.
        language: In which details are worded for who does not say.
        every: Seconds between a dependency's answer and the next question.
        patience: Seconds beyond that and the deadline after which an answer counts for nothing: nobody looks any more.
        told: Called after each answer, with all that is known.
    """

    def __init__(
        self,
        probe: Probe,
        *,
        language: str = "en",
        every: float = _EVERY,
        patience: float = 3.0,
        told: Callable[[Readiness], None] = lambda _: None,
    ) -> None:
        self._probe = probe
        self._language = language
        self._every = every
        self._stale = probe.deadline + every + patience
        self._told = told
        self._answers: dict[str, Answer] = {}
        self._all = asyncio.Event()
        self._ending = False
        self._ready = False

    @property
    def names(self) -> tuple[str, ...]:
        """The dependencies, sorted."""
        return self._probe.names

    @property
    def ending(self) -> bool:
        """Whether the process takes its leave."""
        return self._ending

    def readiness(self, language: str | None = None) -> Readiness:
        """What is known, at once; not ready before all that is required has answered, after `end`, and when nobody has looked for long."""
        language = language or self._language
        known = self._probe.concluded(self._answers, language, self._stale)
        if not self._ending:
            return known
        detail = text("ops.ending", language)
        own = Health(name="process", ok=False, required=True, latency_ms=0.0, checked_ms=0.0, detail=detail)
        return Readiness(ready=False, dependencies=(*known.dependencies, own))

    def end(self) -> None:
        """From now on the process is not ready: it finishes what it has, and nobody new should come."""
        self._ending = True
        self._tell()

    async def seen(self) -> None:
        """Wait until everybody was asked once; a deadline bounds that."""
        await self._all.wait()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Ask in the background, from now until the block ends."""
        followers = [asyncio.create_task(self._follow(name)) for name in self._probe.names]
        try:
            yield
        finally:
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
            await self._probe.close()

    async def _follow(self, name: str) -> None:
        while True:
            try:
                late = await self._look(name)
            except Exception as error:  # noqa: BLE001 -- whoever stops looking at one part would leave its last answer standing in the metrics
                _log.error("looking at %s failed: %s", name, telemetry.frames(error))
                late = False
            if not late:  # who was late is waited for, not left alone
                await asyncio.sleep(self._every)

    async def _look(self, name: str) -> bool:
        """Ask one dependency and say what came of it; whether it was late."""
        answer = self._answers[name] = await self._probe.ask(name)
        telemetry.DEPENDENCY_UP.labels(name=name).set(answer.ok)
        if len(self._answers) == len(self._probe.names):
            self._all.set()
        self._tell()
        return answer.late

    def _tell(self) -> None:
        state = self.readiness()
        telemetry.READY.set(state.ready)
        if state.ready is not self._ready and not self._ending:
            self._ready = state.ready
            if state.ready:
                _log.info("ready")
            else:
                _log.warning("not ready: %s", _missing(state))
        self._told(state)


def _missing(state: Readiness) -> str:
    """What keeps it from being ready."""
    return ", ".join(part.name for part in state.dependencies if part.required and not part.ok) or "no specialist"
