"""How often one caller may ask: a token bucket for each caller."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from neural_hive.errors import LimitError

_CALLERS = 10_000  # the longest idle caller beyond these starts again with a full bucket


class Limiter:
    """Token buckets by caller.

    Args:
        per_minute: Tokens that flow back each minute; None means no limit.
        burst: Tokens in a full bucket.
        clock: Seconds, monotonic.
    """

    def __init__(self, per_minute: float | None, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60 if per_minute else None
        self._burst = float(burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, *callers: str) -> None:
        """Take one token of each caller's bucket.

        Raises:
            LimitError: One of them is empty; `retry_after` says in how many seconds to come back.
        """
        if self._rate is None:
            return
        now = self._clock()
        levels = {caller: self._level(caller, now) for caller in callers if caller}
        lowest = min(levels.values(), default=1.0)
        if lowest < 1.0:
            wait = max(1, round((1.0 - lowest) / self._rate + 0.5))
            raise LimitError("error.rate_limited", retry_after=wait)
        for caller, level in levels.items():
            self._buckets[caller] = (level - 1.0, now)
            self._buckets.move_to_end(caller)
        while len(self._buckets) > _CALLERS:
            self._buckets.popitem(last=False)

    def _level(self, caller: str, now: float) -> float:
        level, since = self._buckets.get(caller, (self._burst, now))
        return min(self._burst, level + (now - since) * (self._rate or 0.0))
