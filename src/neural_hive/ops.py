"""Whether a process is alive, ready and how it does: shared by the gateway and the specialists.

`health` depends on nothing; `readiness` asks every dependency, each with its own deadline, so it
neither hangs nor guesses.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from neural_hive.errors import HiveError
from neural_hive.messages import text
from neural_hive.telemetry import frames

Check = Callable[[], Awaitable[str]]
"""Asks one dependency: returns a word on its state, raises when it cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of one dependency; `latency_ms` is in milliseconds."""

    name: str
    ok: bool
    latency_ms: float
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the process can answer now, and each dependency by name, sorted."""

    ready: bool
    dependencies: tuple[Health, ...]


class Probe:
    """Asks every dependency of a process, each with its own deadline.

    A check that did not answer is not started a second time while it still runs, so asking often
    costs no more threads than there are dependencies.

    Args:
        checks: One check by name.
        deadline: Seconds that each has; one that takes longer counts as failed.
        optional: Names whose failure is reported but does not make the process unready.
        one_of: Names of which at least one has to be well.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        deadline: float = 1.0,
        optional: frozenset[str] = frozenset(),
        one_of: frozenset[str] = frozenset(),
    ) -> None:
        self._checks = dict(sorted(checks.items()))
        self._deadline = deadline
        self._optional = optional
        self._one_of = one_of
        self._running: dict[str, asyncio.Future[str]] = {}

    async def readiness(self, language: str = "en") -> Readiness:
        """Ask all dependencies at once; details are worded in `language`. Never raises."""
        states = await asyncio.gather(*(self._ask(name, language) for name in self._checks))
        well = {state.name for state in states if state.ok}
        enough = not self._one_of or bool(self._one_of & well)
        return Readiness(ready=enough and self._checks.keys() - self._optional <= well, dependencies=tuple(states))

    async def _ask(self, name: str, language: str) -> Health:
        start = time.perf_counter()
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.ensure_future(self._checks[name]())
            task.add_done_callback(lambda done: self._finished(name, done))
        await asyncio.wait({task}, timeout=self._deadline)
        ok, detail = _state(task, self._deadline, language)
        return Health(name=name, ok=ok, latency_ms=round((time.perf_counter() - start) * 1000, 3), detail=detail)

    def _finished(self, name: str, task: asyncio.Future[str]) -> None:
        self._running.pop(name, None)
        if not task.cancelled():
            task.exception()  # marks it as seen


class Pulse:
    """Whether what a process serves can do its work: told by who looks, heard by who serves."""

    def __init__(self) -> None:
        self.well = True
        self._changed = asyncio.Event()

    def tell(self, *, well: bool) -> None:
        """Say how it is now."""
        if well is not self.well:
            self.well = well
            self._changed.set()

    async def changes(self) -> AsyncIterator[bool]:
        """How it is, each time after that has changed; for one listener."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            yield self.well


def _state(task: asyncio.Future[str], deadline: float, language: str) -> tuple[bool, str]:
    if not task.done():
        return False, text("ops.no_answer", language, seconds=f"{deadline:g}")
    error = task.exception() if not task.cancelled() else TimeoutError()
    if error is None:
        return True, task.result()
    # Whatever a driver raises means that the dependency cannot be used; a foreign message may quote text, so it is not shown.
    return False, error.render(language) if isinstance(error, HiveError) else frames(error)
