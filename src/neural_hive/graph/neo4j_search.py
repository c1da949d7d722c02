"""Past decisions like a plan, found in a Neo4j in a few steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neo4j import AsyncManagedTransaction

from neural_hive.graph import neo4j_cypher as cypher
from neural_hive.graph import ranking
from neural_hive.graph.neo4j_rows import shape_id
from neural_hive.types import Plan, Precedent

_MATCHES = 32  # titles that the full-text index may add


@dataclass(frozen=True)
class Search:
    """One search, inside a transaction.

    Args:
        transaction: Where it is asked.
        hive: Whose decisions are looked at.
        plan: What they should be like.
        limit: How many are wanted.
    """

    transaction: AsyncManagedTransaction
    hive: str
    plan: Plan
    limit: int

    async def precedents(self, shape: tuple[str, ...]) -> tuple[Precedent, ...]:
        """The most alike, in order.

        Args:
            shape: Features of the plan.
        """
        known = await self._found(
            cypher.SHAPES,
            shape=shape_id(self.hive, shape),
            clues=ranking.clues(shape),
            per_clue=ranking.SHAPES_PER_CLUE,
            most=ranking.SHAPES,
        )
        ranks, found = ranking.ranks(shape, dict(known)), list[Precedent]()
        newest = ranking.share(ranks, self.limit)
        for some in (ranks[:1], ranks[1 : self.limit], ranks[self.limit :]):  # as a rule, the first has enough of them
            if some and len(found) < self.limit:
                found += await self._in(some, newest)
        return tuple(found[: self.limit])

    async def _in(self, ranks: Sequence[ranking.Rank], newest: int) -> list[Precedent]:
        """Of each shape the newest decisions, and those that the full-text index finds."""
        shapes = [shape for rank in ranks for shape in rank.shapes]
        rows = await self._found(
            cypher.DECISIONS,
            shapes=shapes,
            newest=newest,
            title=ranking.title_of(self.plan),
            limit=self.limit,
            words=self._words(shapes),
            titles=cypher.TITLES,
            most=_MATCHES,
        )
        remembered: dict[str, list[ranking.Remembered]] = defaultdict(list)
        for shape, *values in rows:
            remembered[shape].append(ranking.Remembered(*values))
        found: list[Precedent] = []
        for rank in ranks:
            found += ranking.precedents(self.plan, rank, [one for key in rank.shapes for one in remembered[str(key)]])
        return found

    def _words(self, shapes: Sequence[int | str]) -> list[str]:
        """A full-text query for titles like the plan's, among these shapes; none when the plan has no words."""
        words = " ".join(sorted(ranking.words(ranking.title_of(self.plan))))
        return [f"+shape:({' '.join(map(str, shapes))}) +title:({words})"] if words else []

    async def _found(self, statement: str, **given: Any) -> list[Any]:
        """The list in the one row that a statement answers with."""
        record = await (await self.transaction.run(statement, {"hive": self.hive} | given)).single(strict=True)
        found: list[Any] = record[0]
        return found
