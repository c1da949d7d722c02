"""A specialist whose opinions are timed where they are made, without the way to whoever asked."""

from __future__ import annotations

from collections.abc import Callable

from neural_hive.specialists.base import Specialist
from neural_hive.telemetry import OPINION_SECONDS, timed
from neural_hive.types import ModelInfo, Opinion, Plan

Voice = Callable[[Plan], Opinion]


class Measured:
    """A specialist with a clock; it can be asked in the ways in which the one inside can be.

    Args:
        voice: Who judges.
    """

    def __init__(self, voice: Specialist) -> None:
        self.name = voice.name
        self._voice = voice
        self._seconds = OPINION_SECONDS.labels(specialist=voice.name)
        self._worded: Voice | None = getattr(voice, "evaluate_sync", None)
        self.judge: Voice | None = getattr(voice, "judge", None)
        self.evaluate_sync: Voice | None = self._timed if self._worded else None

    async def evaluate(self, plan: Plan) -> Opinion:
        """Judge the plan; see the port. Timed where this is how plans come in."""
        if self._worded is not None:
            return await self._voice.evaluate(plan)
        with timed(self._seconds):
            return await self._voice.evaluate(plan)

    async def describe(self) -> ModelInfo:
        """What answers here."""
        return await self._voice.describe()

    def _timed(self, plan: Plan) -> Opinion:
        assert self._worded is not None  # noqa: S101 -- offered only where there is one
        with timed(self._seconds):
            return self._worded(plan)
