from __future__ import annotations

from dataclasses import dataclass

import pytest

from neural_hive.transport.guard import Breaker


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tripped(clock: Clock) -> Breaker:
    breaker = Breaker(failures=2, rest=1.0, clock=clock)
    for _ in range(2):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = Breaker(failures=2)
    for answer in (breaker.failed, breaker.succeeded, breaker.failed):
        assert breaker.admits()
        answer()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    assert breaker.state == "open"


def test_after_its_rest_one_call_at_a_time_tries(tripped: Breaker, clock: Clock) -> None:
    clock.now += 1.0
    assert tripped.state == "half_open"
    assert tripped.admits()
    assert not tripped.admits()


def test_success_closes_it(tripped: Breaker, clock: Clock) -> None:
    clock.now += 1.0
    assert tripped.admits()
    tripped.succeeded()
    assert tripped.state == "closed"
    assert tripped.admits()
    assert tripped.admits()


def test_failure_opens_it_for_another_rest(tripped: Breaker, clock: Clock) -> None:
    clock.now += 1.0
    assert tripped.admits()
    tripped.failed()
    assert not tripped.admits()
    clock.now += 1.0
    assert tripped.admits()


def test_a_caller_that_went_away_leaves_the_trial_to_the_next(tripped: Breaker, clock: Clock) -> None:
    clock.now += 1.0
    assert tripped.admits()
    tripped.abandoned()
    assert tripped.admits()


def test_who_is_heard_to_be_well_is_asked_at_once_and_its_next_failure_closes_the_door_again() -> None:
    breaker = Breaker(failures=2, rest=60.0)
    for _ in range(2):
        assert breaker.admits()
        breaker.failed()
    assert not breaker.admits()
    breaker.revived()
    assert (breaker.state, breaker.admits()) == ("closed", True)
    breaker.failed()
    assert breaker.state == "open"
