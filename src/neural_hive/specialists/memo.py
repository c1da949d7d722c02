"""Answers about the plan at hand, worked out once although four specialists ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")


def once_for(function: Callable[[A], T]) -> Callable[[A], T]:
    """Keep the function's answer about the last object; pure functions of objects that nobody changes only.

    Identity, not equality, is compared: hashing a plan costs as much as judging it. Two threads at
    work at the same time only lose the saving, because object and answer are kept in one tuple.
    """
    kept: tuple[A, T] | None = None

    @wraps(function)
    def once(given: A) -> T:
        nonlocal kept
        last = kept
        if last is not None and last[0] is given:
            return last[1]
        answer = function(given)
        kept = (given, answer)
        return answer

    return once
