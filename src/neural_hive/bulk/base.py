"""The port of the asynchronous way in: batches of intentions that wait for workers.

A message leaves the queue only once its outcome is written down, so a worker that dies loses
nothing; a message that is delivered twice finds its first decision in the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from neural_hive.bulk.message import Message

Work = Callable[["Delivery"], Awaitable["Outcome"]]
"""Does what a delivery asks for; what it returns is written down and the message is gone."""


class Outcome(Struct, omit_defaults=True):
    """What became of one line of a batch: a decision in a few figures, or the key of the reason why there is none.

    Attributes:
        error: Catalogue key of the reason; "" for a decision.
        verdict: Of the decision.
        harm_probability: In [0, 1].
        confidence: In [0, 1].
        divergence: In [0, 1].
        dead: Whether the line went to the dead letters; False for one that was refused at the door.
        keep: Whether the dead letter holds the message too; False where whoever sent it can mend it.
    """

    error: str = ""
    verdict: str = ""
    harm_probability: float = 0.0
    confidence: float = 0.0
    divergence: float = 0.0
    dead: bool = False
    keep: bool = False


class Delivery(Struct):
    """A message in a worker's hands.

    Attributes:
        id: The queue's own name for it.
        payload: As it was queued.
        message: The same, read; None when it is no message.
        deliveries: How often it was handed out, this time included.
    """

    id: str
    payload: bytes
    message: Message | None
    deliveries: int = 1


class Progress(Struct):
    """How far a batch is.

    Attributes:
        total: Lines in the batch, those that were refused included.
        done: Lines that have an outcome.
        refused: Lines that were refused at the door.
        dead: Lines that went to the dead letters.
        outcomes: The outcomes asked for, by position.
    """

    total: int
    done: int
    refused: int
    dead: int
    outcomes: dict[int, Outcome]


class Queue(Protocol):
    """Batches in, deliveries out. Everything raises UnavailableError when the queue's server cannot be used."""

    async def put(self, batch: str, tag: str, payloads: Mapping[int, bytes], refused: Mapping[int, Outcome]) -> bool:
        """Queue a batch whole or not at all.

        One that has ended with dead lines, or whose messages were lost, is queued anew: what was decided finds its decision.

        Args:
            batch: Its id.
            tag: Tells two bodies under one id apart.
            payloads: Messages by position.
            refused: Lines that will get no decision, by position.

        Returns:
            False when it is under way, or has ended with no dead line, under the same tag.

        Raises:
            ConflictError: It was queued before with another tag.
            UnavailableError: Too much is waiting; `retry_after` says in how many seconds to come back.
        """
        ...

    async def progress(self, batch: str, positions: Sequence[int] = ()) -> Progress:
        """How far a batch is, and the outcomes at these positions.

        Raises:
            NotFoundError: There is no such batch, or not any more.
        """
        ...

    async def consume(self, work: Work, concurrency: int, stop: asyncio.Event) -> None:
        """Hand deliveries to `work`, at most `concurrency` at once, until `stop` is set; then what is under way is finished.

        Deliveries that another worker left behind are taken over after the idle time. An exception
        out of `work` leaves its delivery where it is, to be handed out again.
        """
        ...

    async def length(self) -> int:
        """How many messages wait or are under way."""
        ...

    async def ping(self) -> str:
        """A word on the queue's state."""
        ...
