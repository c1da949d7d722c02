"""Reviews what waits in the queue: each message gets one decision in the ledger, then leaves the queue."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from neural_hive.bulk.base import Delivery, Outcome, Queue
from neural_hive.bulk.message import Message
from neural_hive.errors import ConflictError, InputError, NotFoundError, UnavailableError
from neural_hive.hive import Hive
from neural_hive.records import Ask

_log = logging.getLogger("neural_hive.bulk")
_WAITS = (0.25, 0.5, 1.0, 2.0, 4.0)  # seconds
_OUTAGE = 1.0  # seconds between two looks at a hive that cannot answer


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Works off a queue with a hive.

    Attributes:
        hive: Who decides.
        queue: Where messages wait.
        stop: Set it to end: what is under way is finished.
        most_deliveries: Times that a message is handed out before it is a dead letter, at least 1.
        waits: Seconds before each further attempt of one message.
    """

    hive: Hive
    queue: Queue
    stop: asyncio.Event
    most_deliveries: int = 5
    waits: tuple[float, ...] = _WAITS

    async def run(self, concurrency: int) -> None:
        """Review until stopped.

        Args:
            concurrency: Messages under way at once, at least 1.

        Raises:
            UnavailableError: There is no queue at the start.
        """
        await self.queue.ping()
        await self.queue.consume(self.outcome, concurrency, self.stop)

    async def outcome(self, delivery: Delivery) -> Outcome:
        """What becomes of one delivery; durable in the ledger when it is a decision.

        Raises:
            UnavailableError: The hive cannot answer and is to stop, or nobody can say whether it has answered; the message
                stays in the queue.
        """
        message = delivery.message
        if message is None:
            return _dead("error.queue_message", keep=True)
        if delivery.deliveries > self.most_deliveries:
            return await self._given_up(message, _dead("error.queue_poison", keep=True))
        try:
            return await self._reviewed(message)
        except InputError as error:
            return await self._given_up(message, _dead(error.key))

    async def _reviewed(self, message: Message) -> Outcome:
        for wait in self.waits:
            try:
                return await self._decided(message)
            except UnavailableError as error:
                _log.warning("attempt failed: %s", error.key)
                await self._recovered(error, wait)
        try:
            return await self._decided(message)
        except UnavailableError as error:
            return await self._given_up(message, _dead(error.key, keep=True))

    async def _given_up(self, message: Message, otherwise: Outcome) -> Outcome:
        """What the ledger has decided all the same: a message may be recorded and delivered again, or its record be late."""
        try:
            return await self._earlier(message.ask())
        except NotFoundError:
            return otherwise

    async def _recovered(self, error: UnavailableError, wait: float) -> None:
        """Wait; while the hive itself is out of order the message is not at fault, and its attempts are not counted."""
        while True:
            await self._pause(error, wait)
            if await self._in_order():
                return
            wait = _OUTAGE

    async def _pause(self, error: UnavailableError, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return
        raise error

    async def _in_order(self) -> bool:
        """Whether ledger and disk can be used and at least one specialist answers."""
        state = await self.hive.probe.readiness()
        voices = [part.ok for part in state.dependencies if part.name.startswith("specialist-")]
        return state.ready and any(voices)

    async def _decided(self, message: Message) -> Outcome:
        ask = message.ask()
        try:
            decision = await self.hive.review(message.intent(), ask)
        except ConflictError:
            return await self._others(ask)
        return Outcome(
            verdict=decision.verdict.value,
            harm_probability=decision.harm_probability,
            confidence=decision.confidence,
            divergence=decision.divergence,
        )

    async def _others(self, ask: Ask) -> Outcome:
        try:
            return await self._earlier(ask)
        except NotFoundError as error:  # the ledger refused the id as taken, and does not find it
            raise UnavailableError("error.internal") from error

    async def _earlier(self, ask: Ask) -> Outcome:
        """What was decided when the message was delivered before.

        Raises:
            NotFoundError: Nothing was.
        """
        record: dict[str, Any] = await self.hive.ledger.get(ask.decision_id)
        if record.get("request_tag") != ask.request_tag:
            return _dead("error.idempotency_conflict")
        return Outcome(**{name: record[name] for name in ("verdict", "harm_probability", "confidence", "divergence")})


def _dead(key: str, *, keep: bool = False) -> Outcome:
    return Outcome(error=key, dead=True, keep=keep)
