"""The issuer's keys: fetched in the background, replaced as a whole, kept for a while when the issuer is away."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context

from neural_hive.errors import UnavailableError
from neural_hive.tokens.base import TokenError
from neural_hive.tokens.jose import Head, Key

KEPT = 3600.0
"""Seconds past their time that keys go on when newer ones cannot be had."""
_AGAIN = 10.0  # seconds at least between two fetches that tokens with unknown keys bring about
_WAITS = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds after a fetch that failed, and after each further one
_log = logging.getLogger(__name__)

Source = Callable[[], Awaitable[tuple[Key, ...]]]
"""Asks the issuer; raises UnavailableError."""


class Keys:
    """Keys to verify with.

    Args:
        source: Where they come from.
        refresh: Seconds that they are taken for the newest.
        clock: Seconds, monotonic.
    """

    def __init__(self, source: Source, refresh: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.version = 0
        self._source = source
        self._refresh = refresh
        self._clock = clock
        self._keys: tuple[Key, ...] = ()
        self._had = self._asked = float("-inf")
        self._failures = 0
        self._trouble = UnavailableError("error.issuer_unasked")
        self._fetching: asyncio.Task[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether there are keys, and none that is too old to be believed."""
        return bool(self._keys) and self._clock() - self._had < self._refresh + KEPT

    async def key(self, head: Head) -> Key:
        """The one key that a token can have been signed with.

        An unknown one is looked for at the issuer, at most once in ten seconds however many ask: it may be new.

        Raises:
            TokenError: There is no such key, or more than one.
            UnavailableError: No keys can be had.
        """
        fitting = self._fitting(head)
        if (not fitting and (head.kid is not None or not self._keys)) or not self.usable:
            await self._look_again()
            fitting = self._fitting(head)
        if not self.usable:
            raise self._away()
        if len(fitting) != 1:
            raise TokenError("error.token_invalid")
        return fitting[0]

    async def issuer(self) -> str:
        """How many keys the issuer last gave; raises UnavailableError when it did not the last time it was asked."""
        if self._failures or not self._keys:
            raise self._away()
        return f"{len(self._keys)} keys"

    async def held(self) -> str:
        """How old the keys are; raises UnavailableError when there are none that can be used."""
        if not self.usable:
            raise self._away()
        return f"{self._clock() - self._had:.0f} s"

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Fetch the keys now and again and again in the background, until the block ends."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()

    async def _watch(self) -> None:
        while True:
            await self._fetched()
            wait = _WAITS[min(self._failures, len(_WAITS)) - 1] if self._failures else self._refresh
            await asyncio.sleep(min(wait, self._refresh) * random.uniform(0.9, 1.0))  # noqa: S311 -- spreads many gateways, guards nothing

    async def _look_again(self) -> None:
        if self._fetching is not None or self._clock() - self._asked >= _AGAIN:
            await self._fetched()

    async def _fetched(self) -> None:
        """Fetch once, however many wait for it; one of them that goes away does not end it for the others."""
        if self._fetching is None:
            # In a context of its own: it must not hold the token of the request that happened to start it.
            self._fetching = asyncio.get_running_loop().create_task(self._fetch(), context=Context())
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            self._take(await self._source())
        except UnavailableError as error:
            self._missed(error)
        except Exception as error:  # noqa: BLE001 -- no thread or memory to be had, say: whatever it is, the keys must be asked for again
            self._missed(UnavailableError("error.issuer_unreachable", reason=type(error).__name__))
        finally:
            self._asked = self._clock()
            self._fetching = None

    def _missed(self, error: UnavailableError) -> None:
        self._trouble = error.with_traceback(None)
        self._failures += 1
        if self._failures == 1:
            _log.warning("the issuer's keys cannot be had: %s", error)

    def _take(self, keys: tuple[Key, ...]) -> None:
        if not keys:
            raise UnavailableError("error.issuer_keys")
        if self._failures or keys != self._keys:
            _log.info("the issuer's keys were fetched", extra={"fields": {"keys": len(keys)}})
        if keys != self._keys:
            self._keys, self.version = keys, self.version + 1
        self._failures, self._had = 0, self._clock()

    def _away(self) -> UnavailableError:
        """A new one each time: an error that is raised again and again would keep the places of them all."""
        return UnavailableError(self._trouble.key, **self._trouble.params)

    def _fitting(self, head: Head) -> list[Key]:
        """Those that a token names; one that names none can mean an only key, and no other."""
        named = [key for key in self._keys if key.kid == head.kid] if head.kid is not None else self._keys if len(self._keys) == 1 else ()
        return [key for key in named if key.algorithm == head.algorithm]
