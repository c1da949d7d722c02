"""How long a call takes, as a multiple of a floor timed beside it: a bound in seconds fails on a busy machine."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

_ROUNDS = 100_000


def pace(call: Callable[[], object]) -> float:
    """CPU time of one call (a second one may find its answer remembered), in multiples of the floor: about 10 ms of plain Python."""
    before = _seconds(_floor)
    found = _seconds(call)
    return found / min(before, _seconds(_floor), _seconds(_floor))


def _floor() -> int:
    return sum(len(str(number)) for number in range(_ROUNDS))


def _seconds(call: Callable[[], object]) -> float:
    start = process_time()
    call()
    return process_time() - start
