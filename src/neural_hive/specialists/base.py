"""The port of a specialist."""

from __future__ import annotations

from typing import Protocol

from neural_hive.types import ModelInfo, Opinion, Plan


class Specialist(Protocol):
    """One independent voice on a plan; in process by default, behind a URL when configured."""

    name: str

    async def evaluate(self, plan: Plan) -> Opinion:
        """Judge the plan in this specialist's concern.

        Deterministic: equal plans give equal opinions. Never sees another specialist.

        Raises:
            UnavailableError: No opinion can be had now; the caller records an abstention.
        """
        ...

    async def describe(self) -> ModelInfo:
        """What answers here: model name, version and source."""
        ...
