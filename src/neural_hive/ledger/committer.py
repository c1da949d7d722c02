"""One writer at a time: appends gather and share a commit, on the event loop's thread or on one of its own.

While commits are quick, what gathered in one turn of the event loop is committed on its thread:
waking another thread and being woken by it costs more than the commit. When the disk is slow,
another process holds the file, or other work waits, the writer thread does it and the loop goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from neural_hive.errors import HiveError, LedgerError
from neural_hive.ledger.leaf import Leaf
from neural_hive.ledger.store import LedgerStore, is_locked

_BATCH = 256
_QUICK = 0.004  # seconds that a commit may hold up the event loop, as a moving mean
_MEMORY = 0.2  # share of the newest commit in that mean
_Waiting = tuple["asyncio.Future[Any]", asyncio.AbstractEventLoop]
_Job = tuple[Leaf | Callable[[], Any], _Waiting]


class Committer:
    """Writes to a store for any number of event loops.

    Args:
        store: Used by nobody else.
        path: The store's file, for messages.
    """

    def __init__(self, store: LedgerStore, path: str) -> None:
        self._store = store
        self._path = path
        self._turn = Lock()
        self._pace = 0.0
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._write, name="ledger-writer", daemon=True)
        self._thread.start()

    async def append(self, leaf: Leaf) -> Any:
        """The receipt, once the leaf is on the disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        gathered = self._gathered.setdefault(loop, [])
        gathered.append((leaf, (future, loop)))
        if len(gathered) == 1:
            loop.call_soon(self._commit_gathered, loop)
        return await future

    async def run(self, work: Callable[[], Any]) -> Any:
        """What `work` returns; it is done on the writer thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.put((work, (future, loop)))
        return await future

    async def close(self) -> None:
        """Commit what waits, then stop."""
        self._commit_gathered(asyncio.get_running_loop())
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _commit_gathered(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = self._gathered.pop(loop, [])
        if not jobs or self._committed_at_once(jobs):
            return
        for job in jobs:
            self._jobs.put(job)

    def _committed_at_once(self, jobs: list[_Job]) -> bool:
        """Commit on this thread; False when that would keep it waiting."""
        if self._pace > _QUICK or not self._turn.acquire(blocking=False):
            return False
        try:
            outcomes = self._append(jobs, wait=False)
        finally:
            self._turn.release()
        if isinstance(outcomes, LedgerError) and is_locked(outcomes):
            return False
        _settle([(waiting[0], outcome) for (_, waiting), outcome in _paired(jobs, outcomes)])
        return True

    def _write(self) -> None:
        """The writer thread: take what waits, commit it at once, answer."""
        while (job := self._jobs.get()) is not None:
            jobs, last = [job], False
            while len(jobs) < _BATCH and not last:
                try:
                    following = self._jobs.get_nowait()
                except Empty:
                    break
                if following is None:
                    last = True
                else:
                    jobs.append(following)
            with self._turn:
                self._commit(jobs)
            if last:
                return

    def _commit(self, jobs: list[_Job]) -> None:
        appends = [job for job in jobs if isinstance(job[0], Leaf)]
        if appends:
            _answer([(waiting, outcome) for (_, waiting), outcome in _paired(appends, self._append(appends, wait=True))])
        for work, waiting in jobs:
            if not isinstance(work, Leaf):
                _answer([(waiting, self._attempt(work))])

    def _append(self, jobs: Sequence[_Job], *, wait: bool) -> Any:
        start = perf_counter()
        leaves = [work for work, _ in jobs if isinstance(work, Leaf)]
        outcomes = self._attempt(lambda: self._store.append(leaves, wait=wait))
        self._pace += _MEMORY * (perf_counter() - start - self._pace)
        return outcomes

    def _attempt(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except HiveError as error:
            return error
        except Exception as error:  # noqa: BLE001 -- the caller must hear of it; a dead writer thread would leave him waiting for ever
            return LedgerError("error.ledger_unwritable", reason=repr(error), path=self._path)


def _paired(jobs: Sequence[_Job], outcomes: Any) -> list[tuple[_Job, Any]]:
    """Each append with its own outcome, or all with the error that befell them."""
    each = [outcomes] * len(jobs) if isinstance(outcomes, BaseException) else outcomes
    return list(zip(jobs, each, strict=True))


def _answer(outcomes: list[tuple[_Waiting, Any]]) -> None:
    """Hand results to their event loops, one wake-up per loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for (future, loop), outcome in outcomes:
        by_loop.setdefault(loop, []).append((future, outcome))
    for loop, results in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, results)


def _settle(results: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in results:
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
