"""The log's collection in MongoDB, spoken to with pymongo; whatever the driver raises ends here.

Reads that decide are made on the primary with read concern "majority", writes with write concern
"majority" and journal, whatever the URL says: what was read cannot be rolled back, and what was
acknowledged cannot either.
"""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pymongo
from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel, ReadPreference, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import split_options

from neural_hive.errors import IntegrityError, LedgerError, SettingsError
from neural_hive.ledger.mongo_form import Head, ident, size_of

DATABASE = "neural_hive"
LEAVES = "leaves"
_DUPLICATE = 11000
_CONNECTIONS = 8
_REFUSALS = frozenset({13, 18})  # Unauthorized, AuthenticationFailed: trying again is of no use
_HINT, _WISH = "head", "wish"
_INDEXES = (
    IndexModel([("record_id", ASCENDING)], name="by_record", unique=True),
    IndexModel([("schema", ASCENDING), ("_id", DESCENDING)], name="by_schema"),
    IndexModel([("verdict", ASCENDING), ("_id", DESCENDING)], name="by_verdict"),
    IndexModel([("decision_id", ASCENDING), ("_id", DESCENDING)], name="by_decision"),
)
_COMMON = "decision/v1"  # as most leaves are
_STRIDE, _STRIDES = 16, 4  # leaves; how often
_HEAD = {"edge": 1, "note": 1}
_HOST = r"(?:[\w.%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
_SHOWN = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[\w.-]*)?")
_Document = dict[str, Any]


class TakenError(Exception):
    """An insert met a key that was taken; `index` of its documents are in, and durable."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__(index)


class UnsureError(Exception):
    """An insert ended without an answer: its documents may be there, or come later."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        self.reason = reason
        self.sent = sent
        super().__init__(reason)


class Log:
    """One log on one server.

    Args:
        database: Where it is; set up for majority reads and writes.
        place: The URL without what is secret, for messages.
        deadline: Seconds for each operation.

    Attributes:
        ordered: Whether the server finds the greatest `_id` by its index. FerretDB does not: it would
            read and sort the whole collection. There a hint, one document beside the log, tells where to look.
    """

    def __init__(self, database: AsyncDatabase[_Document], place: str, deadline: float, *, ordered: bool) -> None:
        self.place = place
        self.ordered = ordered
        self.deadline = deadline
        self._leaves: AsyncCollection[_Document] = database[LEAVES]
        self._beside: AsyncCollection[_Document] = database["beside"]

    async def prepare(self) -> None:
        """Create the indexes that are missing; another gateway may be doing the same.

        Raises:
            LedgerError: They are still missing.
        """
        for pause in (0.05, 0.2, 0.0):
            with self._asking():
                there = {str(index["name"]) async for index in await self._leaves.list_indexes()}
            missing = [index for index in _INDEXES if index.document["name"] not in there]
            if not missing:
                return
            try:
                with self._asking():
                    await self._leaves.create_indexes(missing)
            except LedgerError:
                if not pause:
                    raise
            await asyncio.sleep(pause)

    async def insert(self, documents: Sequence[_Document], seconds: float) -> None:
        """Append documents, in order; when this returns they are durable.

        The order makes a gap impossible, also after a failure: the server stops at the first
        document that it cannot insert, and a majority that has a document has all earlier ones.
        (FerretDB keeps the order within a hundred documents of one insert only; see `Appender`.)

        Raises:
            TakenError: A key was taken.
            UnsureError: No answer within `seconds`, or no majority confirmed.
            LedgerError: The server refuses.
        """
        try:
            with pymongo.timeout(seconds):
                await self._leaves.insert_many(documents, ordered=True)
        except BulkWriteError as error:
            details: Mapping[str, Any] = error.details
            failed = details.get("writeErrors") or []
            if details.get("writeConcernErrors") or not failed or failed[0].get("code") != _DUPLICATE:
                raise UnsureError(type(error).__name__, sent=True) from error
            raise TakenError(int(failed[0]["index"])) from error
        except (PyMongoError, BSONError) as error:
            if isinstance(error, BSONError) or (isinstance(error, OperationFailure) and error.code in _REFUSALS):
                raise self._failure(error) from error
            raise UnsureError(type(error).__name__, sent=not isinstance(error, ServerSelectionTimeoutError)) from error

    async def document(self, size: int, *fields: str) -> _Document | None:
        """One document by its number, or None."""
        with self._asking():
            return await self._leaves.find_one({"_id": ident(size)}, _only(fields))

    async def documents(self, sizes: Iterable[int], *fields: str) -> dict[int, _Document]:
        """Those documents that are there, by number."""
        with self._asking():
            found = await self._leaves.find({"_id": {"$in": [ident(size) for size in sorted(sizes)]}}, _only(fields)).to_list()
        return {size_of(each): each for each in found}

    async def of_records(self, ids: Sequence[str], *fields: str) -> dict[str, _Document]:
        """The documents of these records, by record id."""
        with self._asking():
            asked = {"record_id": ids[0]} if len(ids) == 1 else {"record_id": {"$in": list(ids)}}
            found = await self._leaves.find(asked, _only((*fields, "record_id"))).to_list()
        return {str(each["record_id"]): each for each in found}

    async def find(self, asked: Mapping[str, Any], limit: int) -> list[_Document]:
        """Leaves that match, newest first."""
        with self._asking():
            if not self.ordered and asked.get("schema") == _COMMON and not asked.keys() & {"record_id", "verdict"}:
                return await self._walk(asked, limit)
            return await self._sorted(asked, limit)

    async def _sorted(self, asked: Mapping[str, Any], limit: int) -> list[_Document]:
        return await self._leaves.find(asked, _only(("body", "key"))).sort("_id", DESCENDING).limit(limit).to_list()

    async def _walk(self, asked: Mapping[str, Any], limit: int) -> list[_Document]:
        """As `find`, leaf by leaf from the newest: a server that is not `ordered` would read all of them and sort those that match.

        Where the next leaves are not of the kind, it is left to the server all the same.
        """
        size = (await self.search(0))[0]
        size = min(size, int(asked["_id"]["$lt"]) - 1) if "_id" in asked else size
        found, stride = list[_Document](), max(limit, _STRIDE)
        for _ in range(_STRIDES):
            some = await self.documents(range(max(1, size - stride + 1), size + 1), "schema", "body", "key") if size > 0 else {}
            found += [some[number] for number in sorted(some, reverse=True) if some[number].get("schema") == asked["schema"]]
            size -= stride
            if size <= 0 or len(found) >= limit:
                return found[:limit]
        return found + await self._sorted({**asked, "_id": {"$lt": ident(size + 1)}}, limit - len(found))

    async def latest(self) -> tuple[int, _Document] | None:
        """The newest document, with its number; on a server that is not `ordered` perhaps a slightly older one, or None."""
        with self._asking():
            if self.ordered:
                found = await self._leaves.find({}, _HEAD).sort("_id", DESCENDING).limit(1).to_list()
                return (size_of(found[0]), found[0]) if found else None
            hint = await self._beside.find_one({"_id": _HINT})
        return None if hint is None else (size_of({"_id": hint.get("at")}), hint)

    async def search(self, known: int) -> tuple[int, _Document]:
        """The newest document for certain, with its number.

        Args:
            known: The number of a document that must be there.

        Raises:
            IntegrityError: It is not.
        """
        latest = await self.latest()
        if not self.ordered:
            known = max(known, latest[0] if latest else 0)
            low = await self.document(known, *_HEAD) or await self.document(known, *_HEAD)  # see `Appender._watch`
            latest = None if low is None else await self._gallop(known, low)
        if latest is None:
            raise IntegrityError("error.ledger_tampered", finding=f"leaves/{known - 1}")
        return latest

    async def _gallop(self, low: int, found: _Document) -> tuple[int, _Document]:
        """The last document of a run without gaps: steps that double until one is missing, then halves."""
        step, high = 1, None
        while high is None or high - low > 1:
            probe = low + step if high is None else (low + high) // 2
            document = await self.document(probe, *_HEAD)
            if document is None:
                high = probe
            else:
                low, found, step = probe, document, step * 2
        return low, found

    async def hint(self, head: Head) -> None:
        """Tell where the head is now, where `latest` needs it; a hint that is lost or late costs its reader a search."""
        at = {"at": ident(head.size), "edge": b"".join(head.tree.peaks), "note": head.note}
        with self._asking():
            await self._beside.update_one({"_id": _HINT}, {"$set": at}, upsert=True)

    async def wish(self, word: str) -> None:
        """Ask the other gateways to let this one have a turn.

        Args:
            word: Never used before, so that each wish is granted once.
        """
        with self._asking():
            await self._beside.update_one({"_id": _WISH}, {"$set": {"word": word}}, upsert=True)

    async def wished(self) -> str:
        """The last wish of any gateway; "" if there was none."""
        with self._asking():
            found = await self._beside.find_one({"_id": _WISH})
        return str((found or {}).get("word", ""))

    async def drop_key(self, size: int) -> None:
        """Destroy the content key of a leaf; once more changes nothing."""
        with self._asking():
            await self._leaves.update_one({"_id": ident(size)}, {"$unset": {"key": ""}})

    async def beat(self) -> None:
        """Make a durable write that holds no knowledge."""
        with self._asking():
            try:
                await self._beside.update_one({"_id": "pulse"}, {"$inc": {"beat": 1}}, upsert=True)
            except DuplicateKeyError:
                return  # another gateway made the first one just now: durable writes are possible

    @contextmanager
    def _asking(self) -> Any:
        try:
            with pymongo.timeout(self.deadline):
                yield
        except (PyMongoError, BSONError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> LedgerError:
        # The driver's own words may hold names, values and what the URL keeps secret.
        return LedgerError("error.ledger_unanswered", place=self.place, reason=type(error).__name__)


@asynccontextmanager
async def open_log(url: str, deadline: float, *, ordered: bool | None = None) -> AsyncIterator[Log]:
    """Connect to the server of a URL; its path names the database.

    Args:
        url: `mongodb://` or `mongodb+srv://`.
        deadline: Seconds for each operation.
        ordered: See `Log`; None asks the server.

    Raises:
        SettingsError: The URL cannot be used.
        LedgerError: The server does not answer.
    """
    place = checked_place(url)
    try:
        client: AsyncMongoClient[_Document] = AsyncMongoClient(url, **client_options(deadline))
        database = client.get_default_database(
            DATABASE,
            read_preference=ReadPreference.PRIMARY,
            write_concern=WriteConcern("majority", j=True),
            read_concern=ReadConcern("majority"),
        )
    except (ConfigurationError, OSError, ValueError, TypeError) as error:
        raise SettingsError("error.ledger_url", place=place) from error
    try:
        with pymongo.timeout(deadline):
            about = await client.admin.command("buildInfo")
        yield Log(database, place, deadline, ordered=is_ordered(about) if ordered is None else ordered)
    except PyMongoError as error:
        raise LedgerError("error.ledger_unanswered", place=place, reason=type(error).__name__) from error
    finally:
        await client.close()


def client_options(deadline: float) -> dict[str, Any]:
    """What every client of ours is opened with; it wins over the URL."""
    milliseconds = int(deadline * 1000)
    return {
        "appname": "neural-hive-mind",
        "connectTimeoutMS": milliseconds,
        "maxPoolSize": _CONNECTIONS,
        "retryReads": True,
        "retryWrites": True,
        "serverSelectionTimeoutMS": milliseconds,
        "tz_aware": True,
    }


def is_ordered(about: Mapping[str, Any]) -> bool:
    """Whether a server, by its `buildInfo`, reads in the order of `_id` without sorting everything."""
    return "ferretdbVersion" not in about


def checked_place(url: str) -> str:
    """`place_of_url` of a URL whose options can all be used.

    The driver only warns of an option that it does not know or cannot read, and goes on without it: with a
    mistyped one of TLS, in plain text.

    Raises:
        SettingsError: One cannot be used, stands there twice, or names a file that cannot be read.
    """
    place, options = place_of_url(url), url.partition("?")[2]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            if options:
                split_options(options, validate=True, warn=False)
    except (ConfigurationError, OSError, TypeError, UserWarning, ValueError) as error:
        raise SettingsError("error.ledger_option", place=place) from error
    return place


def place_of_url(url: str) -> str:
    """A URL without user, password and options; nothing of it where they cannot be told from the rest."""
    scheme, _, rest = url.partition("://")
    address, _, options = rest.partition("?")
    address = address.rpartition("@")[2]
    return f"{scheme}://{address if _SHOWN.fullmatch(address) and '@' not in options else '...'}"


def _only(fields: Iterable[str]) -> dict[str, int] | None:
    return dict.fromkeys(fields, 1) or None
