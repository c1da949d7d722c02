"""Answers about the plan at hand, worked out once although four specialists ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from neural_hive.types import Plan

T = TypeVar("T")


def once_per_plan(function: Callable[[Plan], T]) -> Callable[[Plan], T]:
    """Keep the function's answer about the last plan object; pure functions only.

    Identity, not equality, is compared: hashing a plan costs as much as judging it. Two threads at
    work at the same time only lose the saving, because plan and answer are kept in one tuple.
    """
    kept: tuple[Plan, T] | None = None

    @wraps(function)
    def once(plan: Plan) -> T:
        nonlocal kept
        last = kept
        if last is not None and last[0] is plan:
            return last[1]
        answer = function(plan)
        kept = (plan, answer)
        return answer

    return once
