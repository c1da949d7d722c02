"""The graph on a Neo4j server (5.26 or newer), for several gateways at once.

Nothing here holds up a decision. Opening connects in the background, every call has a deadline, and
once `similar` has failed it fails at once until the server has answered, in the background and without
haste, the very questions that it asks: so nobody waits for a lost server or for a plan to be compiled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from neo4j import (
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncManagedTransaction,
    NotificationMinimumSeverity,
    Query,
    Record,
    RoutingControl,
    unit_of_work,
)
from neo4j.exceptions import DriverError, Neo4jError

from neural_hive.errors import NotFoundError, SettingsError, UnavailableError
from neural_hive.graph import neo4j_cypher as cypher
from neural_hive.graph.neo4j_place import Place, place_of
from neural_hive.graph.neo4j_rows import decision_row, lineage_of, outcome_row
from neural_hive.graph.neo4j_search import Search
from neural_hive.graph.neo4j_writer import Row, Writer
from neural_hive.graph.shape import shape_of
from neural_hive.types import Decision, Plan, Precedent

_log = logging.getLogger(__name__)
logging.getLogger("neo4j").setLevel(logging.CRITICAL)  # what it logs may quote people's words; all of it arrives as exceptions

_PATIENCE = 10.0  # seconds for writing and lineage, which nobody's decision waits for
_PING = 0.9
_REST = 1.0  # seconds between attempts to reach a server that failed
_SCHEMA = 60.0  # seconds in which the schema of a large database may be built
_CONNECTIONS = 16


class Neo4jGraph:
    """A `Graph` on Neo4j; open it with `open_neo4j_graph`.

    Args:
        driver: Connects when it is first used.
        place: Which database, and whose decisions.
        deadline: Seconds that `similar` may take.
    """

    def __init__(self, driver: AsyncDriver, place: Place, *, deadline: float) -> None:
        self._driver = driver
        self._place = place
        self._deadline = deadline
        self._failed = False
        self._writer = Writer(self._store)
        self._ready = asyncio.Event()
        self._preparing = asyncio.create_task(self._prepare())

    async def remember(self, decision: Decision) -> None:
        """Add a decision; see `Graph.remember`.

        Raises:
            UnavailableError: It may not have been added; remembering it again is safe.
        """
        async with self._answering(_PATIENCE):
            await self._ready.wait()
            await self._writer.write(decision_row(self._place.hive, decision))

    async def remember_outcome(self, decision_id: str, outcome: dict[str, Any]) -> None:
        """Link what came of a decision, even before that is remembered; see `Graph.remember_outcome`.

        Raises:
            UnavailableError: It may not have been linked; doing it again is safe.
        """
        await self._write(cypher.REMEMBER_OUTCOME, outcome_row(decision_id, outcome))

    async def forget(self, decision_id: str) -> None:
        """Remove a decision, its plan, its outcomes and, when no other decision answers it, its intent.

        Raises:
            UnavailableError: It may still be there.
        """
        await self._write(cypher.FORGET, {"id": decision_id})

    async def similar(self, plan: Plan, *, limit: int = 3) -> Sequence[Precedent]:
        """The most alike past decisions, ordered as `ranking` says; see `Graph.similar`.

        Among equally alike ones the embedded graph lets words choose among the newest; here the
        full-text index finds older ones as well.

        Raises:
            UnavailableError: The server fails, is late, or failed a moment ago.
        """
        shape = shape_of(plan)
        if not shape or limit < 1:
            return ()
        if self._failed:
            raise self._unavailable("resting")
        try:
            async with self._answering(self._deadline * 0.9):  # before the caller's own deadline, so that the failure is noticed here
                await self._ready.wait()
                return await self._precedents(plan, shape, limit)
        except UnavailableError:
            self._rest()
            raise

    async def lineage(self, decision_id: str) -> dict[str, Any]:
        """Intent, plan, actions, decision and outcomes; see `Graph.lineage`.

        Raises:
            NotFoundError: No such decision.
            UnavailableError: The server fails or is late.
        """
        async with self._answering(_PATIENCE):
            await self._ready.wait()
            rows = await self._read(cypher.LINEAGE, _PATIENCE, id=decision_id)
        if not rows:
            raise NotFoundError("error.graph_no_decision", id=decision_id)
        return lineage_of(rows[0])

    async def ping(self) -> str:
        """The server's version.

        Raises:
            UnavailableError: It does not answer within a second, or the schema is not there yet.
        """
        async with self._answering(_PING):
            rows = await self._read(cypher.PING, _PING)
        if not self._ready.is_set():
            raise self._unavailable("preparing")
        return f"Neo4j {rows[0]['version']}"

    async def clear(self) -> None:
        """Remove everything of this hive, for example to build it anew from the ledger.

        Raises:
            UnavailableError: Something may be left.
        """
        async with self._answering(_SCHEMA):
            for label in cypher.LABELS:
                async with self._driver.session(database=self._place.database) as session:
                    await (await session.run(cypher.CLEAR.format(label=label), hive=self._place.hive)).consume()

    async def close(self) -> None:
        """Stop preparing and close every connection."""
        self._preparing.cancel()
        with suppress(asyncio.CancelledError):
            await self._preparing
        with suppress(Neo4jError, DriverError, OSError, TimeoutError):
            async with asyncio.timeout(_PING):
                await self._driver.close()

    async def _precedents(self, plan: Plan, shape: tuple[str, ...], limit: int) -> tuple[Precedent, ...]:
        """All of a search in one transaction, which the server gives up after the deadline."""

        @unit_of_work(timeout=self._deadline)
        async def search(transaction: AsyncManagedTransaction) -> tuple[Precedent, ...]:
            return await Search(transaction, self._place.hive, plan, limit).precedents(shape)

        async with self._driver.session(database=self._place.database) as session:
            return await session.execute_read(search)

    async def _read(self, statement: str, seconds: float, **given: Any) -> list[Record]:
        """Rows of a statement in a managed, retried transaction, which the server gives up after `seconds`."""
        return await self._execute(statement, RoutingControl.READ, seconds, given)

    async def _store(self, entries: list[Row]) -> None:
        await self._execute(cypher.REMEMBER, RoutingControl.WRITE, _PATIENCE, {"entries": entries})

    async def _write(self, statement: str, given: dict[str, Any]) -> None:
        async with self._answering(_PATIENCE):
            await self._ready.wait()
            await self._execute(statement, RoutingControl.WRITE, _PATIENCE, given)

    async def _execute(self, statement: str, routing: RoutingControl, seconds: float, given: dict[str, Any]) -> list[Record]:
        answer = await self._driver.execute_query(
            Query(statement, timeout=seconds),
            {"hive": self._place.hive} | given,
            routing_=routing,
            database_=self._place.database,
        )
        return answer.records

    def _rest(self) -> None:
        self._failed = True
        if self._preparing.done():
            self._preparing = asyncio.create_task(self._prepare())

    async def _prepare(self) -> None:
        """As soon as the server answers, create the schema (several gateways may at once) and ask everything once."""
        told = ""
        while True:
            try:
                async with self._answering(_SCHEMA):
                    await self._create_schema()
                    await self._warm()
                break
            except UnavailableError as error:
                self._failed = True
                if str(error) != told:
                    told = str(error)
                    _log.warning("%s", told)
                await asyncio.sleep(_REST)
        self._ready.set()
        self._failed = False

    async def _create_schema(self) -> None:
        there = {row["name"] for row in await self._read(cypher.SCHEMA_NAMES, _SCHEMA)}
        for name, statement in cypher.SCHEMA.items():
            if name not in there:
                await self._create(statement)
        if not there.issuperset(cypher.SCHEMA):
            await self._execute(cypher.AWAIT_SCHEMA, RoutingControl.READ, _SCHEMA, {"seconds": int(_SCHEMA)})

    async def _create(self, statement: str) -> None:
        try:
            await self._execute(statement, RoutingControl.WRITE, _SCHEMA, {})
        except Neo4jError as error:
            if not str(error.code).endswith("AlreadyExists"):  # another gateway was quicker
                raise

    async def _warm(self) -> None:
        """Have the server plan what it will be asked; that takes longer than an answer."""
        for statement, given in cypher.WARMING:
            routing = RoutingControl.WRITE if statement == cypher.REMEMBER else RoutingControl.READ
            await self._execute(statement, routing, _SCHEMA, given)

    @asynccontextmanager
    async def _answering(self, seconds: float) -> AsyncIterator[None]:
        """Whatever fails inside, or is late, is an `UnavailableError` without the driver's words."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except (Neo4jError, DriverError, OSError, UnicodeError) as error:  # TimeoutError is an OSError
            reason = (error.code if isinstance(error, Neo4jError) else None) or type(error).__name__
            raise self._unavailable(reason) from error

    def _unavailable(self, reason: str) -> UnavailableError:
        return UnavailableError("error.graph_unreachable", place=str(self._place), reason=reason)


@asynccontextmanager
async def open_neo4j_graph(url: str, *, graph_deadline: float) -> AsyncIterator[Neo4jGraph]:
    """Open the graph in a database; succeeds without a server, and connects as soon as there is one.

    Args:
        url: `neo4j://user:password@host:7687/database?hive=name` (or bolt://; with +s for TLS). `hive`
            keeps several hives apart in one database.
        graph_deadline: Seconds that `similar` may take.

    Raises:
        SettingsError: The URL cannot be used.
    """
    place = place_of(url)
    try:
        driver = AsyncGraphDatabase.driver(
            place.uri,
            auth=place.auth,
            max_connection_pool_size=_CONNECTIONS,
            connection_timeout=2.0,
            connection_acquisition_timeout=5.0,
            max_transaction_retry_time=5.0,
            initial_retry_delay=0.05,
            keep_alive=True,
            telemetry_disabled=True,
            notifications_min_severity=NotificationMinimumSeverity.OFF,
        )
    except (DriverError, ValueError) as error:
        raise SettingsError("error.graph_url", place=str(place)) from error
    graph = Neo4jGraph(driver, place, deadline=graph_deadline)
    try:
        yield graph
    finally:
        await graph.close()
