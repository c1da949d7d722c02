"""Whether a process is alive, ready and how it does: shared by the gateway, the worker and the specialists.

`health` depends on nothing; a `Probe` asks the dependencies, each with its own deadline, so it neither hangs
nor guesses. What answers `/ready` from memory is the `Watch` of `watch.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from neural_hive.errors import HiveError
from neural_hive.messages import LANGUAGES, text
from neural_hive.telemetry import frames

Check = Callable[[], Awaitable[str]]
"""Asks one dependency: returns a word on its state, raises when it cannot be used."""

_SLICES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of one dependency.

    Attributes:
        required: Whether the process is not ready without it.
        latency_ms: Milliseconds that its answer took, or was waited for.
        checked_ms: Milliseconds since then; None when it was never asked.
    """

    name: str
    ok: bool
    required: bool
    latency_ms: float
    checked_ms: float | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the process can answer now, and each dependency by name, sorted."""

    ready: bool
    dependencies: tuple[Health, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking a dependency once.

    Attributes:
        at: When that was known, on the monotonic clock, in seconds.
        late: Whether it took longer than its deadline; then it counts as failed, whatever it says.
        words: The detail by language.
    """

    at: float
    ok: bool
    late: bool
    latency_ms: float
    words: Mapping[str, str]


@dataclass(slots=True)
class _Run:
    """A check under way; `late` once its deadline has passed."""

    task: asyncio.Future[str]
    start: float
    late: bool = False


class Probe:
    """Asks the dependencies of a process, each with its own deadline.

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
        self.deadline = deadline
        self._optional = optional
        self._one_of = one_of
        self._runs: dict[str, _Run] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The dependencies, sorted."""
        return tuple(self._checks)

    async def readiness(self, language: str = "en") -> Readiness:
        """Ask all dependencies at once; details are worded in `language`. Never raises."""
        answers = await asyncio.gather(*map(self.ask, self._checks))
        return self.concluded(dict(zip(self._checks, answers, strict=True)), language)

    async def ask(self, name: str) -> Answer:
        """Ask one dependency, or wait for the answer that it owes; never longer than the deadline. Never raises."""
        run = self._runs.get(name)
        if run is None:
            run = self._runs[name] = _Run(asyncio.ensure_future(self._checks[name]()), time.monotonic())
            run.task.add_done_callback(lambda done: self._finished(name, done))
        if not await self._in_time(run.task):
            run.late = True
        ok, words = _said(run, self.deadline)
        now = time.monotonic()
        return Answer(at=now, ok=ok, late=run.late, latency_ms=round((now - run.start) * 1000, 3), words=words)

    def concluded(self, answers: Mapping[str, Answer], language: str, stale: float = float("inf")) -> Readiness:
        """What the answers amount to.

        Args:
            answers: By name; who is missing was never asked.
            language: In which details are worded.
            stale: Seconds after which an answer counts for nothing.
        """
        now = time.monotonic()
        states = tuple(self._health(name, answers.get(name), language, now, stale) for name in self._checks)
        well = {state.name for state in states if state.ok}
        enough = not self._one_of or bool(self._one_of & well)
        return Readiness(ready=enough and self._checks.keys() - self._optional <= well, dependencies=states)

    async def close(self) -> None:
        """Give up the checks that are under way."""
        tasks = [run.task for run in self._runs.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self.deadline)

    def _health(self, name: str, answer: Answer | None, language: str, now: float, stale: float) -> Health:
        required = name not in self._optional
        if answer is None:
            return Health(name=name, ok=False, required=required, latency_ms=0.0, checked_ms=None, detail=text("ops.unseen", language))
        age = now - answer.at
        fresh = age <= stale
        detail = answer.words["pt" if language == "pt" else "en"] if fresh else text("ops.stale", language)
        return Health(
            name=name,
            ok=answer.ok and fresh,
            required=required,
            latency_ms=answer.latency_ms,
            checked_ms=round(age * 1000, 1),
            detail=detail,
        )

    async def _in_time(self, task: asyncio.Future[str]) -> bool:
        """Whether it is done within the deadline.

        Time in which other work kept the event loop busy is not the dependency's: it is waited for in slices, and
        however long a slice really took, it counts as one.
        """
        for _ in range(_SLICES):
            await asyncio.wait({task}, timeout=self.deadline / _SLICES)
            if task.done():
                return True
        return False

    def _finished(self, name: str, task: asyncio.Future[str]) -> None:
        self._runs.pop(name, None)
        if not task.cancelled():
            task.exception()  # marks it as seen


class Pulse:
    """Whether what a process serves can do its work: told by who looks, heard by who serves."""

    def __init__(self) -> None:
        self.well = True
        self._ending = False
        self._changed = asyncio.Event()

    def tell(self, *, well: bool) -> None:
        """Say how it is now."""
        if well is not self.well:
            self.well = well
            self._changed.set()

    def end(self) -> None:
        """Say that it takes its leave: whoever asks is still answered, but should go elsewhere."""
        self._ending = True
        self._changed.set()

    async def changes(self) -> AsyncIterator[bool]:
        """Whether others should come, each time after that has changed; for one listener."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            yield self.well and not self._ending


def _said(run: _Run, deadline: float) -> tuple[bool, Mapping[str, str]]:
    """Whether it is well, and what it says in each language."""
    if run.late:
        return False, {language: text("ops.no_answer", language, seconds=f"{deadline:g}") for language in LANGUAGES}
    error = run.task.exception() if not run.task.cancelled() else TimeoutError()
    if error is None:
        return True, dict.fromkeys(LANGUAGES, run.task.result())
    # Whatever a driver raises means that the dependency cannot be used; a foreign message may quote text, so it is not shown.
    if isinstance(error, HiveError):
        return False, {language: error.render(language) for language in LANGUAGES}
    return False, dict.fromkeys(LANGUAGES, frames(error))
