"""Asking the hive for a request: rate limit, Idempotency-Key, and the answer as bytes or as events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from neural_hive.errors import ConflictError, HiveError, InputError, NotFoundError, UnavailableError
from neural_hive.gateway.problems import problem
from neural_hive.hive import Hive, Stage
from neural_hive.records import Ask, answer, opinion_answer, stored_answer
from neural_hive.types import Abstention, Decision, Intent, Opinion, Receipt

_encoder = msgspec.json.Encoder()
_canonical = msgspec.json.Encoder(order="sorted")


class _Named(msgspec.Struct):
    """Which decision an answer tells of, and what was decided; what stood in a cache may be anything."""

    decision_id: str
    created_at: str
    verdict: str


_named = msgspec.json.Decoder(_Named)


def encode(value: Any) -> bytes:
    """JSON bytes of records and plain values."""
    return _encoder.encode(value)


def decision_bytes(decision: Decision) -> bytes:
    """The public form of a decision."""
    return _encoder.encode(answer(decision))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers intentions, each Idempotency-Key once.

    What was decided under a key, and for which request, the ledger knows: gateways that share it
    decide once. A cache that they share as well gives everyone the same bytes.

    Attributes:
        hive: Who decides.
        ttl: Seconds that answers are kept in the cache under their Idempotency-Key, byte for byte;
            after that the ledger still finds the decision, with a newer receipt.
    """

    hive: Hive
    ttl: float = 86400.0
    _running: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def decide(self, intent: Intent, key: str | None) -> bytes:
        """The decision on an intention.

        Args:
            intent: What is asked.
            key: The Idempotency-Key, None without one.

        Raises:
            ConflictError: The key was used for another request.
            HiveError: As `Hive.review`.
        """
        if key is None:
            return decision_bytes(await self.hive.review(intent))
        ask = ask_of(intent, key)
        lock = self._running.setdefault(ask.decision_id, asyncio.Lock())
        try:
            async with lock:
                return await self.earlier(ask) or await self._once(intent, ask)
        finally:
            if not lock.locked():
                self._running.pop(ask.decision_id, None)

    async def _once(self, intent: Intent, ask: Ask) -> bytes:
        try:
            return await self.keep(ask, decision_bytes(await self.hive.review(intent, ask)))
        except ConflictError:  # another process that shares the ledger was quicker
            return await self._others(ask)

    async def _others(self, ask: Ask) -> bytes:
        given = await self.earlier(ask)
        if given is None:
            raise UnavailableError("error.internal")  # the ledger refused the id as taken, and does not find it
        return given

    async def earlier(self, ask: Ask) -> bytes | None:
        """The answer that was given under this key, None if there was none.

        Raises:
            ConflictError: It was given to another request.
        """
        try:
            record = await self.hive.ledger.get(ask.decision_id)
        except NotFoundError:
            return None
        if record.get("request_tag", "") != ask.request_tag:
            raise ConflictError("error.idempotency_conflict")
        if record.get("erased"):
            return await self._told(record)
        kept = await self.hive.cache.get(_name(ask))
        if kept is not None and _named_by(kept) == _Named(record["id"], record["created_at"], record["verdict"]):
            return kept
        return await self.keep(ask, await self._told(record))

    async def keep(self, ask: Ask, given: bytes) -> bytes:
        """Keep an answer under its key and return the one that everyone gives."""
        kept = await self.hive.cache.agree(_name(ask), given, ttl=self.ttl)
        if kept is given or kept == given:
            return given
        return kept if _named_by(kept) == _named.decode(given) else given

    async def _told(self, record: dict[str, Any]) -> bytes:
        return _encoder.encode(stored_answer(record, await receipt_of(self.hive, record["id"])))

    async def events(self, intent: Intent, key: str | None, language: str) -> AsyncIterator[bytes]:
        """Server-sent events: understood, planned, opinion (each), concluded, recorded; or error.

        The first event is held back until the plan is known to be valid, so that a request that
        cannot be used gets its status code. The conclusion is told only once it is recorded.
        """
        ask = ask_of(intent, key) if key is not None else None
        if ask is not None and (given := await self.earlier(ask)):
            yield event("recorded", given)
            return
        held, told = b"", False
        try:
            async for stage in self.hive.stream(intent, ask):
                data = _payload(stage)
                if ask is not None and stage.name == "recorded":
                    data = await self.keep(ask, data)
                if stage.name == "understood":
                    held = event(stage.name, data)
                    continue
                yield held + event(stage.name, data)
                held, told = b"", True
        except HiveError as error:
            ending = await self._ending(error, ask)
            if isinstance(ending, HiveError) and not told:
                raise ending from error
            yield event("error", _encoder.encode(problem(ending, language))) if isinstance(ending, HiveError) else event("recorded", ending)

    async def _ending(self, error: HiveError, ask: Ask | None) -> bytes | HiveError:
        """What a stream that failed ends with: the answer that another process recorded meanwhile, or the error."""
        if ask is None or not isinstance(error, ConflictError):
            return error
        try:
            return await self._others(ask)
        except HiveError as other:
            return other


async def receipt_of(hive: Hive, record_id: str) -> Receipt | None:
    """A receipt of a record against the current head of the ledger."""
    proof = await hive.ledger.prove(record_id)
    return proof if isinstance(proof, Receipt) else None


def ask_of(intent: Intent, key: str) -> Ask:
    """The ask of an Idempotency-Key.

    Raises:
        InputError: The key is empty, longer than 255 characters, or not printable ASCII; or the user's name has
            characters that cannot be printed, which could make it that of a batch.
    """
    if not 0 < len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise InputError("error.idempotency_key")
    if not intent.user_id.isprintable():
        raise InputError("error.user_unprintable")
    return Ask.idempotent(key, intent.user_id, _canonical.encode(intent))


def _name(ask: Ask) -> str:
    return f"answer:{ask.decision_id}"


def _named_by(kept: bytes) -> _Named | None:
    """Which decision these bytes tell of, and its verdict; None when they are no answer."""
    try:
        return _named.decode(kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def event(name: str, data: bytes) -> bytes:
    """One server-sent event; JSON has no raw line breaks, so one data line is enough."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _payload(stage: Stage) -> bytes:
    match stage.payload:
        case Decision() as decision:
            return decision_bytes(decision)
        case Opinion() as opinion:
            return _encoder.encode({"specialist": opinion.specialist, **opinion_answer(opinion)})
        case Abstention() as abstention:
            return _encoder.encode({"specialist": abstention.specialist, "abstention": abstention.reason})
        case other:
            return _encoder.encode(other)
