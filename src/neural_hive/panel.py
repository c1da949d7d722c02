"""The panel: every specialist with its deadline; one that does not answer abstains, with a reason."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from neural_hive import telemetry
from neural_hive.counterfactual import Proposal, proposals
from neural_hive.errors import HiveError
from neural_hive.messages import catalogue, text
from neural_hive.specialists.base import Specialist
from neural_hive.tracing import span
from neural_hive.types import Abstention, ModelInfo, Opinion, Plan

Judge = Callable[[Plan], Opinion]
"""The short way to ask a specialist in process: risk, confidence, recommendation and vetoes, without words."""

JudgeAll = Callable[[tuple[Plan, ...]], Awaitable[Sequence[Opinion]]]
"""The short way to ask a specialist behind a URL: a plan in full and changes of it briefly, in one call."""

_FRESH = 30.0  # seconds; a specialist that takes its model from a registry looks for a newer one about as often
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    """A specialist on the panel and the ways in which it can be asked."""

    name: str
    voice: Specialist
    remote: bool
    judge: Judge | None
    judge_all: JudgeAll | None
    seconds: Any


@dataclass(frozen=True, slots=True)
class _Silence:
    """Why a specialist did not answer: a reason of the catalogue and what it says more."""

    specialist: str
    reason: str
    seconds: str = ""


@dataclass(frozen=True, slots=True)
class _Roll:
    """What is known of the specialists from one plan to the next: who was heard when with which model, and who is away."""

    heard: dict[str, tuple[float, ModelInfo]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)

    def present(self, name: str, model: ModelInfo) -> None:
        self.heard[name] = (time.monotonic(), model)
        self.away.discard(name)

    def absent(self, name: str, why: str) -> None:
        """Only the first failure of an outage is logged."""
        if name not in self.away:
            self.away.add(name)
            _log.warning("specialist %s is away: %s", name, why)


class Panel:
    """Asks all specialists about a plan.

    Args:
        specialists: The voices by name.
        remote: Names of those that sit behind a URL; they are asked while those in process think.
        deadline: Seconds that each has for a plan, and again for all changes of it together.
        stand_ins: Packaged twins in process of those behind a URL, who speak, without a vote, for one that is silent.
    """

    def __init__(
        self,
        specialists: Mapping[str, Specialist],
        *,
        remote: frozenset[str] = frozenset(),
        deadline: float = 2.0,
        stand_ins: Mapping[str, Specialist] | None = None,
    ) -> None:
        self._specialists = dict(sorted(specialists.items()))
        self._seats = tuple(_seat(name, voice, remote=name in remote) for name, voice in self._specialists.items())
        self._deadline = deadline
        self._stand_ins = dict(stand_ins or {})
        self._roll = _Roll()

    @property
    def specialists(self) -> Mapping[str, Specialist]:
        """The voices by name, sorted."""
        return self._specialists

    def models(self) -> dict[str, ModelInfo]:
        """What judges, by specialist, as it was last heard; empty when one was not heard for a while, for it may have changed."""
        since = time.monotonic() - _FRESH
        known = {name: model for name, (at, model) in self._roll.heard.items() if at >= since}
        return known if len(known) == len(self._seats) else {}

    def hear(self, plan: Plan) -> Hearing:
        """Put a plan before the panel."""
        return Hearing(self._seats, plan, self._deadline, self._roll, self._stand_ins)

    def consult(self, plan: Plan) -> AsyncIterator[Opinion | Abstention]:
        """Every voice on a plan as soon as it is ready."""
        return self.hear(plan).voices()


class Hearing:
    """One plan before the panel: first every voice on it, then those that spoke on changes of it.

    A specialist behind a URL is asked about the plan and its changes in one call, before anybody knows
    whether the changes matter: judging them briefly costs it less than a second call would.
    """

    def __init__(
        self,
        seats: tuple[_Seat, ...],
        plan: Plan,
        deadline: float,
        roll: _Roll,
        stand_ins: Mapping[str, Specialist],
    ) -> None:
        self.plan = plan
        self.proposed: tuple[Proposal, ...] | None = tuple(proposals(plan)) if any(seat.judge_all for seat in seats) else None
        self._seats = seats
        self._plans = (plan, *(proposal.plan for proposal in self.proposed or ()))
        self._deadline = deadline
        self._until: float | None = None
        self._spoken: list[_Seat] = []
        self._roll = roll
        self._stand_ins = stand_ins
        self._known: dict[str, Sequence[tuple[Plan, Opinion]]] = {}

    @property
    def complete(self) -> bool:
        """Whether all have spoken, those behind a URL on every change too."""
        known = (len(self._known.get(seat.name, ())) == len(self._plans) - 1 for seat in self._spoken if seat.judge_all)
        return len(self._spoken) == len(self._seats) and all(known)

    async def voices(self) -> AsyncIterator[Opinion | Abstention]:
        """Every voice as soon as it is ready.

        A specialist in process is awaited directly: a task for each would cost more than its answer.
        """
        calls = [asyncio.ensure_future(self._ask(seat, self.plan)) for seat in self._seats if seat.remote]
        try:
            for seat in self._seats:
                if not seat.remote:
                    yield self._noted(seat, await self._ask(seat, self.plan))
            for call in asyncio.as_completed(calls):
                voice = await call
                yield self._noted(next(seat for seat in self._seats if seat.name == voice.specialist), voice)
        finally:
            for pending in calls:
                pending.cancel()

    async def stand_ins(self, plan: Plan) -> dict[str, Opinion]:
        """What the twins of those that were silent say about a plan, by name."""
        silent = sorted(self._stand_ins.keys() - {seat.name for seat in self._spoken})
        voices = {name: await self._ask(_seat(name, self._stand_ins[name], remote=False, counted=False), plan) for name in silent}
        return {name: voice for name, voice in voices.items() if isinstance(voice, Opinion)}

    async def again(self, changed: Plan) -> list[Opinion] | None:
        """Those that spoke, on a changed plan; their words may be left out.

        None when one of them is silent now: without it the answer could look milder than it is.
        """
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._deadline
        found = []
        for seat in self._spoken:
            opinion = await self._again(seat, changed)
            if opinion is None:
                return None
            found.append(opinion)
        return found

    def _noted(self, seat: _Seat, voice: Opinion | _Silence) -> Opinion | Abstention:
        if isinstance(voice, Opinion):
            self._spoken.append(seat)
            self._roll.present(seat.name, voice.model)
            return voice
        self._roll.absent(seat.name, voice.reason)
        telemetry.ABSTENTIONS.labels(specialist=seat.name, reason=voice.reason).inc()
        return Abstention(specialist=seat.name, reason=text(f"abstention.{voice.reason}", self.plan.language, seconds=voice.seconds))

    async def _again(self, seat: _Seat, changed: Plan) -> Opinion | None:
        if seat.judge_all is not None:
            return next((opinion for plan, opinion in self._known.get(seat.name, ()) if plan is changed), None)
        voice = self._judge(seat.judge, seat.name, changed) if seat.judge else await self._ask(seat, changed)
        return voice if isinstance(voice, Opinion) else None

    def _judge(self, judge: Judge, name: str, plan: Plan) -> Opinion | _Silence:
        try:
            return judge(plan)
        except Exception:  # noqa: BLE001 -- as in `_ask`
            return _Silence(name, "failed")

    async def _ask(self, seat: _Seat, plan: Plan) -> Opinion | _Silence:
        start = time.perf_counter()
        try:
            with span("opinion", "client" if seat.remote else "internal", hive__specialist=seat.name) as noted:
                async with asyncio.timeout(self._deadline) if self._until is None else asyncio.timeout_at(self._until):
                    opinion = await self._evaluated(seat, plan)
                noted.note(hive__risk=opinion.risk, hive__confidence=opinion.confidence)
        except TimeoutError:
            return _Silence(seat.name, "deadline", f"{self._deadline:g}")
        except HiveError as error:
            return _unavailable(seat.name, error)
        except Exception as error:  # noqa: BLE001 -- a specialist is foreign code: whatever it raises is an abstention, never an approval
            _log.warning("specialist %s failed: %s", seat.name, telemetry.frames(error))
            return _Silence(seat.name, "failed")
        if seat.seconds is not None:
            seat.seconds.observe(time.perf_counter() - start)
        return opinion if _plausible(opinion, seat.name) else _Silence(seat.name, "failed")

    async def _evaluated(self, seat: _Seat, plan: Plan) -> Opinion:
        if seat.judge_all is None or plan is not self.plan:
            return await seat.voice.evaluate(plan)
        opinion, *others = await seat.judge_all(self._plans)
        if len(others) == len(self._plans) - 1:
            known = zip(self._plans[1:], others, strict=True)
            self._known[seat.name] = [(changed, each) for changed, each in known if _plausible(each, seat.name)]
        return opinion


def _seat(name: str, voice: Specialist, *, remote: bool, counted: bool = True) -> _Seat:
    return _Seat(
        name=name,
        voice=voice,
        remote=remote,
        judge=None if remote else getattr(voice, "judge", None),
        judge_all=getattr(voice, "evaluate_all", None) if remote else None,
        seconds=telemetry.OPINION_SECONDS.labels(specialist=name) if counted else None,
    )


def _plausible(opinion: object, name: str) -> bool:
    """Whether it is this specialist's, with figures that are shares (NaN is none)."""
    if not isinstance(opinion, Opinion) or opinion.specialist != name:
        return False
    factors = chain.from_iterable((factor.score, factor.weight) for factor in opinion.factors)
    figures = chain((opinion.risk, opinion.confidence), factors, (each.removes for each in opinion.mitigations))
    return all(0 <= figure <= 1 for figure in figures)


def _unavailable(name: str, error: HiveError) -> _Silence:
    """Tells why, where the catalogue has words for it."""
    reason = error.key.removeprefix("error.specialist_")
    known = error.key.startswith("error.specialist_") and f"abstention.{reason}" in catalogue()
    return _Silence(name, reason, str(error.params.get("seconds", ""))) if known else _Silence(name, "unavailable")
