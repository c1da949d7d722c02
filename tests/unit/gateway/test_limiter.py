"""A bucket for each caller."""

from __future__ import annotations

import pytest

from neural_hive.errors import LimitError
from neural_hive.gateway.limiter import Limiter


class Clock:
    """Time that passes when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limiter = Limiter(60, 3, clock)
    for _ in range(3):
        limiter.admit("a")
    with pytest.raises(LimitError) as refused:
        limiter.admit("a")
    assert refused.value.params["retry_after"] >= 1
    limiter.admit("b")
    clock.now += 1.01
    limiter.admit("a")
    with pytest.raises(LimitError):
        limiter.admit("a")


def test_coming_back_when_told_is_admitted() -> None:
    clock = Clock()
    limiter = Limiter(7, 1, clock)
    limiter.admit("a")
    with pytest.raises(LimitError) as refused:
        limiter.admit("a")
    clock.now += refused.value.params["retry_after"]
    limiter.admit("a")


def test_another_user_name_does_not_refill_the_address() -> None:
    limiter = Limiter(1, 2, Clock())
    limiter.admit("address x", "user 1")
    limiter.admit("address x", "user 2")
    with pytest.raises(LimitError):
        limiter.admit("address x", "user 3")


def test_a_refusal_takes_no_token() -> None:
    clock = Clock()
    limiter = Limiter(60, 1, clock)
    limiter.admit("a")
    for _ in range(50):
        with pytest.raises(LimitError):
            limiter.admit("a", "fresh")
    limiter.admit("fresh")


def test_off_unless_set_and_bounded() -> None:
    unlimited = Limiter(None, 1)
    for _ in range(100):
        unlimited.admit("a")
    limited = Limiter(1, 1, Clock())
    for number in range(10_050):
        limited.admit(str(number))
    assert len(limited._buckets) == 10_000
