"""What every ledger does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from neural_hive.errors import ConflictError, InputError, NotFoundError
from neural_hive.ledger import merkle
from neural_hive.ledger.base import Ledger
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.replay import replay
from neural_hive.types import Receipt


def record(name: str, **more: Any) -> dict[str, Any]:
    content = {"text": f"ação {name}", "figures": [1, 0.25, None]}
    return {"schema": "decision/v1", "id": name, "created_at": "2025-01-01T00:00:00Z", "verdict": "approve", "content": content, **more}


def feedback(name: str, decision_id: str) -> dict[str, Any]:
    return {"schema": "feedback/v1", "id": name, "created_at": "2025-01-02T00:00:00Z", "decision_id": decision_id, "outcome": "harmless"}


def proves(receipt: Receipt) -> bool:
    head = parse_checkpoint(receipt.checkpoint)
    path = [bytes.fromhex(step) for step in receipt.inclusion]
    stated = (receipt.tree_size, receipt.root_hash) == (head.size, head.root.hex())
    return stated and merkle.verify_inclusion(bytes.fromhex(receipt.leaf_hash), receipt.leaf_index, head.size, path, head.root)


def receipt_of(proof: Receipt | tuple[str, ...]) -> Receipt:
    assert isinstance(proof, Receipt)
    return proof


async def test_an_empty_ledger_has_a_head(ledger: Ledger) -> None:
    head = parse_checkpoint(await ledger.head())
    assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)


async def test_what_was_appended_is_found_as_it_was(ledger: Ledger) -> None:
    await ledger.append(record("d1"))
    assert await ledger.get("d1") == record("d1")


async def test_append_does_not_change_the_record(ledger: Ledger) -> None:
    given = record("d1")
    await ledger.append(given)
    assert given == record("d1")


async def test_receipts_prove_inclusion_then_and_later(ledger: Ledger) -> None:
    receipts = [await ledger.append(record(f"d{number}")) for number in range(9)]
    assert [receipt.leaf_index for receipt in receipts] == list(range(9))
    assert all(proves(receipt) for receipt in receipts)
    assert receipts[-1].checkpoint == await ledger.head()
    for receipt in receipts:
        later = receipt_of(await ledger.prove(f"d{receipt.leaf_index}"))
        assert (later.leaf_index, later.leaf_hash, later.tree_size) == (receipt.leaf_index, receipt.leaf_hash, 9)
        assert proves(later)


async def test_concurrent_appends_get_places_of_their_own(ledger: Ledger) -> None:
    receipts = await asyncio.gather(*(ledger.append(record(f"d{number}")) for number in range(40)))
    assert sorted(receipt.leaf_index for receipt in receipts) == list(range(40))
    assert all(proves(receipt) for receipt in receipts)


async def test_growth_is_proved_from_every_earlier_size(ledger: Ledger) -> None:
    notes = [await ledger.head(), *[(await ledger.append(record(f"d{number}"))).checkpoint for number in range(7)]]
    heads = [parse_checkpoint(note) for note in notes]
    for old in heads:
        proof = await ledger.prove("", since=old.size)
        assert isinstance(proof, tuple)
        assert merkle.verify_consistency(old.size, 7, old.root, heads[-1].root, [bytes.fromhex(step) for step in proof])


@pytest.mark.parametrize("since", [-1, 1])
async def test_no_growth_from_a_size_it_never_had(ledger: Ledger, since: int) -> None:
    with pytest.raises(NotFoundError):
        await ledger.prove("", since=since)


async def test_an_id_is_taken_once(ledger: Ledger) -> None:
    await ledger.append(record("d1"))
    with pytest.raises(ConflictError):
        await ledger.append(record("d1", verdict="reject"))
    assert (await ledger.get("d1"))["verdict"] == "approve"
    assert (await ledger.append(record("d2"))).leaf_index == 1


async def test_unknown_ids(ledger: Ledger) -> None:
    for attempt in (ledger.get("unknown"), ledger.prove("unknown")):
        with pytest.raises(NotFoundError):
            await attempt


@pytest.mark.parametrize("missing", ["schema", "id", "created_at"])
async def test_an_incomplete_record_is_refused(ledger: Ledger, missing: str) -> None:
    with pytest.raises(InputError):
        await ledger.append({name: value for name, value in record("d1").items() if name != missing})
    assert parse_checkpoint(await ledger.head()).size == 0


async def test_find(ledger: Ledger) -> None:
    for number in range(6):
        await ledger.append(record(f"d{number}", verdict="reject" if number % 2 else "approve"))
    await ledger.append(feedback("f0", "d0"))
    await ledger.append(feedback("f1", "d1"))

    async def found(**asked: Any) -> list[str]:
        return [each["id"] for _, each in await ledger.find(**asked)]

    assert await found() == ["d5", "d4", "d3", "d2", "d1", "d0"]
    assert await found(limit=2) == ["d5", "d4"]
    assert await found(before=4) == ["d3", "d2", "d1", "d0"]
    assert await found(verdict="reject", before=5) == ["d3", "d1"]
    assert await found(decision_id="d2") == ["d2"]
    assert await found(schema="feedback/v1") == ["f1", "f0"]
    assert await found(schema="feedback/v1", decision_id="d1") == ["f1"]
    assert await found(schema="approval/v1") == []
    assert await found(limit=0) == []
    assert [index for index, _ in await ledger.find(limit=2)] == [5, 4]


async def test_find_what_lies_far_below_others(ledger: Ledger) -> None:
    await ledger.append(record("d0", verdict="reject"))
    await ledger.append(record("d1"))
    await asyncio.gather(*(ledger.append(feedback(f"f{number}", "d0")) for number in range(80)))
    assert [each["id"] for _, each in await ledger.find(limit=5)] == ["d1", "d0"]
    assert [index for index, _ in await ledger.find(verdict="reject", limit=1)] == [0]
    assert await ledger.find(before=0) == []
    assert [index for index, _ in await ledger.find(before=10**9, limit=1)] == [1]


async def test_replay_gives_all_records_in_their_order(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.append(record(f"d{number}")) for number in range(250)))
    await ledger.append(feedback("f", "d0"))
    replayed = [each["id"] async for each in replay(ledger)]
    assert (len(replayed), len(set(replayed)), replayed[-1]) == (251, 251, "f")
    assert [each["id"] async for each in replay(ledger, since=240)] == replayed[240:]
    assert [each["id"] async for each in replay(ledger, since=10, until=215)] == replayed[10:215]
    assert [each["id"] async for each in replay(ledger, schemas=("feedback/v1",))] == ["f"]
