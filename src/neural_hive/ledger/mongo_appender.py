"""Optimistic append with group commit: many gateways, one log, no lock.

What gathers while an insert is under way goes into the next one. A batch is inserted at the positions
after the tree that this gateway knows; the unique `_id` lets one gateway have each position. Who comes
second reads the new head, hashes anew and tries again, with smaller batches and after a random pause,
until the record's time is up. So nothing is inserted at a position before this gateway has seen the
one before it: the log has neither gap nor fork, whatever fails and whenever.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from time import monotonic
from typing import Any

from neural_hive.errors import ConflictError, HiveError, IntegrityError, LedgerError
from neural_hive.ledger.leaf import Leaf
from neural_hive.ledger.mongo_form import Draft, Head, compose, head_of, receipt_between, size_of
from neural_hive.ledger.mongo_log import Log, TakenError, UnsureError
from neural_hive.ledger.signing import NoteVerifier, Signer
from neural_hive.types import Receipt

# FerretDB keeps an insert's order within a hundred documents; more might leave a gap after a collision.
_MOST = 64
_LEAST = 32
_MOST_BYTES = 8_000_000
_PAUSE = 0.002  # seconds; the mean of the first pause, doubled with each collision
_LONGEST_PAUSE = 0.1
_PATIENCE = 3  # collisions without a newer head, before the log is searched
_ENOUGH = 2  # collisions in a row, after which other gateways are asked to give way, and asked again: a turn may be missed
_TURN = 0.2  # seconds that another gateway has to take its turn
_COURTESY = 3  # turns in a row that may be left unused, before there is no other gateway to be polite to
_HINT_EVERY = 0.25  # seconds between hints while nobody collides
_WATCH = 1.0  # seconds after which the log's head is looked at before writing


@dataclass(slots=True, eq=False)
class _Entry:
    """A leaf that waits for its place.

    Attributes:
        until: When its time is up.
        unsure: Whether an insert that holds it has begun and not ended with an answer.
    """

    leaf: Leaf
    future: asyncio.Future[Receipt]
    until: float
    unsure: bool = False

    def is_own(self, document: Mapping[str, Any]) -> bool:
        """Whether a document with this record's id is the one that was sent for this entry."""
        return document.get("body") == self.leaf.body and (self.unsure or self.leaf.key is not None)


class Appender:
    """Appends to a log for one event loop.

    Args:
        log: Where to.
        signer: The log's key.
        head: The log's state.
        deadline: Seconds that a record has to become durable.
    """

    def __init__(self, log: Log, signer: Signer, head: Head, deadline: float) -> None:
        self._log = log
        self._signer = signer
        self._trusted = NoteVerifier(signer.public_key)
        self._deadline = deadline
        self._waiting: deque[_Entry] = deque()
        self._working: asyncio.Task[None] | None = None
        self._courtesy = 0
        self._hinted = 0.0
        self._wish = ""
        self._granted = {""}
        self._width = _MOST
        self._collisions = 0
        self._took = 0.0  # seconds, the last insert
        self._watched = monotonic()
        self.head = head

    async def append(self, leaf: Leaf) -> Receipt:
        """The receipt, once the leaf is durable; within the deadline, whatever the server does.

        Raises:
            ConflictError: The record's id is taken.
            LedgerError: It is not written, or that cannot be told; appending it again is safe.
            IntegrityError: The log is no longer the one that this gateway knows.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry(leaf, loop.create_future(), monotonic() + self._deadline)
        self._waiting.append(entry)
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        try:
            async with asyncio.timeout(self._deadline):
                return await entry.future
        except TimeoutError as error:
            raise self._failure(entry, "timeout") from error

    async def close(self) -> None:
        """Write what waits, as far as its time allows."""
        if self._working is not None:
            await asyncio.wait({self._working})
        await self._hint()

    async def follow(self, *, surely: bool = False) -> Head:
        """The newest state, which is never older than the last one known here.

        Args:
            surely: Whether to look further when the first answer brings nothing new.
        """
        latest = await self._log.search(self.head.size) if surely else await self._log.latest()
        if latest is not None and latest[0] > self.head.size:
            head = head_of(latest[1], latest[0], self._trusted)
            if head.size > self.head.size:  # another task may have come further meanwhile
                self.head = head
        return self.head

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._round()
        except (Exception, asyncio.CancelledError) as error:  # those who wait must hear of it, whatever it was
            for entry in list(self._waiting):
                self._refuse(entry, self._reason(entry, error))
            if isinstance(error, asyncio.CancelledError):
                raise

    async def _round(self) -> None:
        entries = self._batch()
        if not entries:
            return
        await self._watch()
        first, drafts = self.head.size, self._compose(entries)
        before = [entry.unsure for entry in entries]
        for entry in entries:
            entry.unsure = True
        try:
            await self._insert(entries, drafts)
        except UnsureError as unsure:
            if not unsure.sent:
                _restore(entries, before)
            await self._doubt(entries)
        except TakenError as taken:
            _restore(entries, before)
            await self._accept(entries[: taken.index], drafts[: taken.index])
            await self._collide(entries[taken.index :], first + taken.index)
        except LedgerError:
            _restore(entries, before)
            raise
        else:
            await self._accept(entries, drafts)
            self._collisions = 0
            self._width = min(_MOST, self._width * 2)
            if self._waiting:
                await self._give_way()

    def _batch(self) -> list[_Entry]:
        """The next entries, in their order; those that nobody waits for any more are dropped.

        Those that cannot be written in time are passed over as long as others can. Otherwise, after a stall, the oldest would
        leave no insert the time that it takes, and nothing would be written until the load ends.
        """
        for entry in [entry for entry in self._waiting if entry.future.done()]:
            self._waiting.remove(entry)
        entries: list[_Entry] = []
        volume, least = 0, monotonic() + self._took
        for entry in [entry for entry in self._waiting if entry.until > least] or self._waiting:
            volume += len(entry.leaf.body)
            if entries and (len(entries) == self._width or volume > _MOST_BYTES):
                break
            entries.append(entry)
        return entries

    def _compose(self, entries: Sequence[_Entry]) -> list[Draft]:
        tree = self.head.tree.copy()
        return [compose(tree, entry.leaf, self._signer) for entry in entries]

    async def _insert(self, entries: Sequence[_Entry], drafts: Sequence[Draft]) -> None:
        """Insert in half of the time that the newest entry has left, so that it can be found out what became of it."""
        began = monotonic()
        seconds = max(0.05, (max(entry.until for entry in entries) - began) / 2)
        try:
            await self._log.insert([draft.document for draft in drafts], seconds)
        finally:
            self._took = monotonic() - began

    async def _watch(self) -> None:
        """Now and then, see that the log is still there: dropped or restored under us, it must not be written on."""
        if monotonic() - self._watched < _WATCH:
            return
        newest = await self._log.latest() if self._log.ordered else None
        # Asked twice: a server out of breath may answer with nothing, and that alone is no tampering.
        if (newest is None or newest[0] <= self.head.size) and not await self._is_there() and not await self._is_there():
            raise IntegrityError("error.ledger_tampered", finding=f"leaves/{self.head.size - 1}")
        self._watched = monotonic()

    async def _is_there(self) -> bool:
        """Whether the log holds the head that is known here."""
        document = await self._log.document(self.head.size, "note")
        return document is not None and document.get("note") == self.head.note

    async def _accept(self, entries: Sequence[_Entry], drafts: Sequence[Draft]) -> None:
        """These are durable: answer, and go on from there."""
        if not entries:
            return
        if drafts[-1].head.size > self.head.size:
            self.head = drafts[-1].head
        for entry, draft in zip(entries, drafts, strict=True):
            self._settle(entry, draft.receipt)
        if self._courtesy or monotonic() - self._hinted > _HINT_EVERY:
            await self._hint()

    async def _hint(self) -> None:
        """Tell others where the head is, if they cannot see it by themselves."""
        self._hinted = monotonic()
        if not self._log.ordered:
            with suppress(LedgerError):  # it is a courtesy
                await self._log.hint(self.head)

    async def _give_way(self) -> None:
        """After a batch, let another busy gateway have its turn: a full batch each is fair, and quicker than colliding."""
        with suppress(LedgerError):
            if not self._courtesy:
                word = await self._log.wished()
                if word in self._granted:
                    return
                self._granted = {word, self._wish}
                self._courtesy = _COURTESY
                await self._hint()
            before, end = self.head.size, monotonic() + _TURN
            while monotonic() < end:
                if (await self.follow()).size > before:
                    self._courtesy = _COURTESY
                    return
                await asyncio.sleep(_PAUSE)
            self._courtesy -= 1

    async def _ask_for_a_turn(self) -> None:
        self._wish = token_hex(8)
        self._granted.add(self._wish)
        with suppress(LedgerError):
            await self._log.wish(self._wish)

    async def _collide(self, entries: Sequence[_Entry], size: int) -> None:
        """A key of the first of these was taken: its position, by another gateway, or its record's id.

        Which one shows in the log, not in the error, whose details differ between servers.
        """
        self._collisions += 1
        self._courtesy = _COURTESY
        self._width = max(_LEAST, self._width // 2)
        surely = self._log.ordered or entries[0].unsure or self._collisions % _PATIENCE == 0
        head = await self.follow(surely=surely)
        # A busy log hides a taken id behind taken positions, so that it is asked for every few times.
        if (surely and head.size <= size) or self._collisions % (2 * _PATIENCE) == 0:
            await self._look_up(entries)
        if self._collisions % _ENOUGH == 0:
            await self._ask_for_a_turn()
        if entries[0] in self._waiting:
            await self._pause()

    async def _doubt(self, entries: Sequence[_Entry]) -> None:
        """An insert ended without an answer: see what is there; what is not is inserted again at the same places.

        An insert that is still under way can only take those very places, in its order. What the next round sends there meets it
        as it would meet another gateway's.
        """
        self._collisions += 1
        await self._pause()
        with suppress(LedgerError):  # the next round will show
            await self._look_up([entry for entry in entries if entry.unsure])
            await self.follow(surely=True)

    async def _look_up(self, entries: Sequence[_Entry]) -> None:
        """Answer those whose record is in the log: with its receipt if it is the very one, otherwise as a conflict.

        Sealed content is like no other, so that a body with such content is known again. That matters also where
        nothing was in doubt: a driver that repeats a write by itself, on a server that does not know repetitions,
        meets its own documents.
        """
        if not entries:
            return
        found = await self._log.of_records([entry.leaf.id for entry in entries], "body", "note", "nodes")
        mine = {entry: found[entry.leaf.id] for entry in entries if entry.leaf.id in found}
        ours = {entry: document for entry, document in mine.items() if entry.is_own(document)}
        before = await self._log.documents({size_of(document) - 1 for document in ours.values()}, "edge") if ours else {}
        for entry, document in mine.items():
            if entry in ours:
                self._settle(entry, receipt_between(before.get(size_of(document) - 1, {}), document))
            else:
                self._refuse(entry, ConflictError("error.ledger_duplicate", id=entry.leaf.id))

    async def _pause(self) -> None:
        longest = min(_LONGEST_PAUSE, _PAUSE * 2 ** min(self._collisions, 10))
        await asyncio.sleep(random.uniform(0.0, longest))  # noqa: S311 -- to keep gateways apart, nothing to guess

    def _settle(self, entry: _Entry, receipt: Receipt) -> None:
        self._waiting.remove(entry)
        if not entry.future.done():
            entry.future.set_result(receipt)

    def _refuse(self, entry: _Entry, failure: Exception) -> None:
        self._waiting.remove(entry)
        if not entry.future.done():
            entry.future.set_exception(failure)

    def _reason(self, entry: _Entry, error: BaseException) -> HiveError:
        if isinstance(error, IntegrityError) or (isinstance(error, HiveError) and not entry.unsure):
            return error
        return self._failure(entry, type(error).__name__)

    def _failure(self, entry: _Entry, reason: str) -> LedgerError:
        name = "error.ledger_unconfirmed" if entry.unsure else "error.ledger_unanswered"
        return LedgerError(name, place=self._log.place, reason=reason)


def _restore(entries: Sequence[_Entry], unsure: Sequence[bool]) -> None:
    for entry, before in zip(entries, unsure, strict=True):
        entry.unsure = before
