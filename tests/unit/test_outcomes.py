"""What came of a decision: which outcome counts, and that erasing leaves no word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from neural_hive import outcomes
from neural_hive.bootstrap import open_hive
from neural_hive.hive import Hive
from neural_hive.ledger.base import Ledger
from neural_hive.records import FEEDBACK
from neural_hive.settings import load_settings
from neural_hive.types import Intent

SECRET = "zanzibar"  # noqa: S105 -- a word that must be gone


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Hive, Hive]]:
    """Two gateways of one ledger."""
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(
                open_hive(load_settings(data_dir=tmp_path / name, ledger=f"sqlite:///{tmp_path / 'ledger.db'}"))
            )
            for name in ("one", "other")
        ]
        yield one, other


async def counted(ledger: Ledger) -> list[bool]:
    return [record["counted"] for _, record in await ledger.find(schema=FEEDBACK)]


async def test_of_many_outcomes_at_once_one_counts(pair: tuple[Hive, Hive]) -> None:
    decision = await pair[0].review(Intent(text="Drop the orders table in production"))
    told = await asyncio.gather(*(hive.outcomes.report(decision.decision_id, "harmful") for hive in (*pair, *pair)))
    assert len({each["id"] for each in told}) == 4
    assert sorted(await counted(pair[0].ledger)) == [False, False, False, True]
    for hive in pair:
        await hive.outcomes.report(decision.decision_id, "harmless")
    assert sum(await counted(pair[0].ledger)) == 1


async def test_each_decision_has_an_outcome_that_counts(pair: tuple[Hive, Hive]) -> None:
    for text in ("Drop the orders table in production", "Read the logs"):
        await pair[0].outcomes.report((await pair[0].review(Intent(text=text))).decision_id, "harmless")
    assert await counted(pair[0].ledger) == [True, True]


async def test_erasing_leaves_no_word_however_many_there_are(pair: tuple[Hive, Hive], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "_PAGE", 3)
    hive = pair[0]
    decision = await hive.review(Intent(text=f"Drop the table {SECRET} in production"))
    for number in range(7):
        await hive.outcomes.report(decision.decision_id, "harmful", comment=f"{SECRET} {number}")
        await hive.outcomes.approve(decision.decision_id, approved=False, comment=f"{SECRET} {number}")
    found = await hive.outcomes.of(decision.decision_id)
    assert [[each["comment"] for each in found[kind]] for kind in found] == [[f"{SECRET} {number}" for number in range(7)]] * 2
    await hive.outcomes.erase(decision.decision_id)
    found = await hive.outcomes.of(decision.decision_id)
    assert [[each["comment"] for each in found[kind]] for kind in found] == [[None] * 7] * 2


async def test_erasing_a_decision_erases_what_later_ones_say_of_it(pair: tuple[Hive, Hive]) -> None:
    hive = pair[0]
    first = await hive.review(Intent(text=f"Drop the table {SECRET} in production"))
    await hive.memory.close()
    await hive.memory._graph.lineage(first.decision_id)  # so that it is written
    later = await hive.review(Intent(text="Drop the table customers in production"))
    assert SECRET in later.precedents[0].title
    assert SECRET in later.explanation
    record = await hive.ledger.get(later.decision_id)
    assert SECRET not in json.dumps(record)
    kept, told = record["content"]["precedents"][0], msgspec.to_builtins(later.precedents[0])
    assert kept == told | {"title": ""}
    assert f"“{first.decision_id}”" in record["content"]["explanation"]
    assert record["content"]["explanation"].replace(first.decision_id, told["title"]) == later.explanation
