"""What stands between a caller and a specialist that keeps failing.

Calls are retried by gRPC itself (see `client`), because only it knows whether anything was received.
Hedging, a second call while the first is under way, is off: on a busy specialist it doubles the load
exactly when there is too much of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half_open"]


class Breaker:
    """A circuit breaker: after failures in a row it lets nobody through, then one call that tries.

    It is closed while calls succeed; open for `rest` seconds after `failures` failures in a row; then
    half-open: one call at a time is let through, success closes it and failure opens it again.

    Args:
        failures: Failures in a row that open it, at least 1.
        rest: Seconds that it stays open.
        clock: Where the time comes from, in seconds.
    """

    def __init__(self, *, failures: int = 4, rest: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = failures
        self._rest = rest
        self._clock = clock
        self._failures = 0
        self._opened = 0.0
        self._trying = False

    @property
    def state(self) -> State:
        """What a call would meet now."""
        if self._failures < self._most:
            return "closed"
        return "open" if self._clock() - self._opened < self._rest else "half_open"

    def admits(self) -> bool:
        """Whether a call may go through; each that may must end in `succeeded`, `failed` or `abandoned`."""
        state = self.state
        if state == "half_open" and not self._trying:
            self._trying = True
            return True
        return state == "closed"

    def succeeded(self) -> None:
        """An admitted call was answered."""
        self._failures = 0
        self._trying = False

    def failed(self) -> None:
        """An admitted call was not answered, or with nonsense."""
        self._failures += 1
        self._trying = False
        self._opened = self._clock()

    def revived(self) -> None:
        """It was heard to be well: calls may go through at once, and the next failure opens it again."""
        self._failures = min(self._failures, self._most - 1)

    def abandoned(self) -> None:
        """The caller went away; nothing was learned."""
        self._trying = False
