"""The panel: every specialist with its deadline; one that does not answer abstains, with a reason."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping

from neural_hive import telemetry
from neural_hive.errors import HiveError
from neural_hive.messages import text
from neural_hive.specialists.base import Specialist
from neural_hive.types import Abstention, Opinion, Plan

Judge = Callable[[Plan], Opinion]
"""The short way to ask a specialist in process: risk, confidence, recommendation and vetoes, without words."""

_log = logging.getLogger(__name__)


class Panel:
    """Asks all specialists about a plan.

    Args:
        specialists: The voices by name.
        remote: Names of those that sit behind a URL; they are asked while those in process think.
        deadline: Seconds that each has.
    """

    def __init__(self, specialists: Mapping[str, Specialist], *, remote: frozenset[str] = frozenset(), deadline: float = 2.0) -> None:
        self._specialists = dict(sorted(specialists.items()))
        self._remote = remote
        self._deadline = deadline
        judges = {name: getattr(voice, "judge", None) for name, voice in self._specialists.items() if name not in remote}
        # Only when every voice can be asked the short way: otherwise all are asked the long way, at once.
        self._judges: dict[str, Judge] = (
            {name: judge for name, judge in judges.items() if judge} if all(judges.values()) and not remote else {}
        )
        self._seconds = {name: telemetry.OPINION_SECONDS.labels(specialist=name) for name in self._specialists}

    @property
    def specialists(self) -> Mapping[str, Specialist]:
        """The voices by name, sorted."""
        return self._specialists

    async def consult(self, plan: Plan) -> AsyncIterator[Opinion | Abstention]:
        """Every voice as soon as it is ready.

        A specialist in process is awaited directly: a task for each would cost more than its answer.
        """
        calls = [asyncio.ensure_future(self._ask(name, plan)) for name in self._specialists if name in self._remote]
        try:
            for name in self._specialists:
                if name not in self._remote:
                    yield await self._ask(name, plan)
            for call in asyncio.as_completed(calls):
                yield await call
        finally:
            for pending in calls:
                pending.cancel()

    async def ask_again(self, plan: Plan) -> list[Opinion | Abstention]:
        """All voices on a changed plan, for what would change the answer; their words may be left out."""
        if not self._judges:
            return [voice async for voice in self.consult(plan)]
        return [self._judge(name, judge, plan) for name, judge in self._judges.items()]

    def _judge(self, name: str, judge: Judge, plan: Plan) -> Opinion | Abstention:
        try:
            return judge(plan)
        except Exception:  # noqa: BLE001 -- as in `_ask`
            return _abstention(name, plan, "failed")

    async def _ask(self, name: str, plan: Plan) -> Opinion | Abstention:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline):
                opinion = await self._specialists[name].evaluate(plan)
        except TimeoutError:
            return _abstention(name, plan, "deadline", seconds=f"{self._deadline:g}")
        except HiveError as error:
            _log.warning("specialist %s is unavailable: %s", name, error.key)
            return _abstention(name, plan, "unavailable")
        except Exception as error:  # noqa: BLE001 -- a specialist is foreign code: whatever it raises is an abstention, never an approval
            _log.warning("specialist %s failed: %s", name, telemetry.frames(error))
            return _abstention(name, plan, "failed")
        self._seconds[name].observe(time.perf_counter() - start)
        return opinion if _plausible(opinion, name) else _abstention(name, plan, "failed")


def _plausible(opinion: object, name: str) -> bool:
    """Whether it is this specialist's, with figures that are probabilities (NaN is none)."""
    return isinstance(opinion, Opinion) and opinion.specialist == name and 0 <= opinion.risk <= 1 and 0 <= opinion.confidence <= 1


def _abstention(name: str, plan: Plan, reason: str, **params: str) -> Abstention:
    telemetry.ABSTENTIONS.labels(specialist=name, reason=reason).inc()
    return Abstention(specialist=name, reason=text(f"abstention.{reason}", plan.language, **params))
