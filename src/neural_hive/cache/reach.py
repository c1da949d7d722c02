"""A server that may be away: asked with a short deadline, left alone while it does not answer, found again when it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from neural_hive import telemetry
from neural_hive.errors import UnavailableError

T = TypeVar("T")
_log = logging.getLogger(__name__)
_SLICES = 10
_PATIENCE = 0.8  # seconds that a look may take, connecting included; below the deadline of /ready
_PAUSE = 1.0  # seconds between two looks
_TRIES = 3  # a single late sign of life may be the fault of a busy process


class Reach:
    """Asks a server as long as it answers in time.

    The first call that fails or is late takes the server out of use; no further call waits for it.
    Looks in the background put it back into use.

    Args:
        sign: Asks the server for a sign of life.
        place: Where it is, without credentials; for messages.
        refusal: What the driver raises when the server answers, but with an error.
        deadline: Seconds that a caller waits.
    """

    def __init__(self, sign: Callable[[], Awaitable[object]], *, place: str, refusal: type[Exception], deadline: float) -> None:
        self._sign = sign
        self._place = place
        self._refusal = refusal
        self._deadline = deadline
        self._under_way: set[asyncio.Future[Any]] = set()
        self._mending: asyncio.Task[None] | None = None

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call returns.

        A call that is late is left to itself rather than cancelled, so its connection stays in order.

        Raises:
            UnavailableError: The server is away, late, or refuses.
        """
        if self._mending is not None:
            raise self._failed("away")
        task = asyncio.ensure_future(call())
        self._under_way.add(task)
        task.add_done_callback(self._landed)
        if not await self._in_time(task):
            self._lose("late")
            raise self._failed("late")
        error = task.exception()
        if error is None:
            return task.result()
        if isinstance(error, self._refusal):
            raise self._failed("refused") from error
        self._lose("broken")
        raise self._failed("broken") from error

    async def start(self) -> None:
        """Connect, or find out that the server is away; that is no error."""
        try:
            await self.look()
        except UnavailableError:
            self._lose("away")

    async def look(self) -> None:
        """Look whether the server answers, and answers in time; if so it is used from now on.

        Raises:
            UnavailableError: It does not.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._sign()  # the first time may have to connect
                in_time = False
                for _ in range(_TRIES):
                    in_time = in_time or await self._alive()
        except TimeoutError as error:  # silent, or this process is too busy to hear it: a caller's deadline tells which
            raise self._error("late") from error
        except Exception as error:  # whatever the driver raises means that the server cannot be used
            why = "refused" if isinstance(error, self._refusal) else "broken"
            self._lose(why)
            raise self._error(why) from error
        if not in_time:
            self._lose("late")
            raise UnavailableError("error.cache_slow", place=self._place, deadline=round(self._deadline * 1000))
        self._find()

    async def close(self) -> None:
        """Give up what is under way."""
        left: list[asyncio.Future[Any]] = [*self._under_way, *([self._mending] if self._mending is not None else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _alive(self) -> bool:
        """Whether a sign of life comes in time; it is waited for in any case."""
        task = asyncio.ensure_future(self._sign())
        try:
            in_time = await self._in_time(task)
            await task
        finally:
            task.cancel()
        return in_time

    async def _in_time(self, task: asyncio.Future[Any]) -> bool:
        """Whether it is done within the deadline.

        Time in which other work kept the event loop busy is not the server's: it is waited for in slices, and
        however long a slice really took, it counts as one.
        """
        for _ in range(_SLICES):
            await asyncio.wait({task}, timeout=self._deadline / _SLICES)
            if task.done():
                return True
        return False

    def _lose(self, why: str) -> None:
        if self._mending is None:
            _log.warning("the cache at %s is out of use: %s", self._place, why)
            self._mending = asyncio.get_running_loop().create_task(self._mend())

    def _find(self) -> None:
        mending, self._mending = self._mending, None
        if mending is not None:
            _log.info("the cache at %s is in use again", self._place)
            if mending is not asyncio.current_task():
                mending.cancel()

    async def _mend(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            with suppress(UnavailableError):
                await self.look()
                return

    def _failed(self, reason: str) -> UnavailableError:
        telemetry.CACHE_FAILURES.labels(reason=reason).inc()
        return self._error(reason)

    def _error(self, reason: str) -> UnavailableError:
        return UnavailableError("error.cache_refused" if reason == "refused" else "error.cache_away", place=self._place)

    def _landed(self, task: asyncio.Future[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as seen: nobody waits for a late one
