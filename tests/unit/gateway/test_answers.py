"""One answer for each Idempotency-Key, from any gateway of one ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.errors import ConflictError
from neural_hive.gateway.answers import Answers, ask_of
from neural_hive.settings import load_settings
from neural_hive.types import Intent

INTENT = Intent(text="Delete every row of the customers table in production, without a backup")
OTHER = Intent(text="Rename the Send button to Save on the sign-up screen")


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Answers, Answers]]:
    """Two gateways' answers: one ledger, and a cache of its own for each."""
    async with AsyncExitStack() as stack:
        both = [
            Answers(
                hive=await stack.enter_async_context(
                    open_hive(load_settings(data_dir=tmp_path / name, ledger=f"sqlite:///{tmp_path / 'ledger.db'}"))
                )
            )
            for name in ("one", "other")
        ]
        yield both[0], both[1]


async def streamed(answers: Answers, intent: Intent, key: str) -> list[bytes]:
    return [event async for event in answers.events(intent, key, "en")]


async def test_one_key_at_two_gateways_is_one_decision(pair: tuple[Answers, Answers]) -> None:
    one, other = pair
    for number in range(5):
        given = await asyncio.gather(*(answers.decide(INTENT, f"k{number}") for answers in (one, other, one, other)))
        assert len({msgspec.json.decode(each)["decision_id"] for each in given}) == 1
        assert len(set(given[::2])) == 1
    assert len(await one.hive.ledger.find()) == 5


async def test_another_request_under_the_key_is_a_conflict_everywhere(pair: tuple[Answers, Answers]) -> None:
    one, other = pair
    await one.decide(INTENT, "k")
    for answers in pair:
        with pytest.raises(ConflictError):
            await answers.decide(OTHER, "k")
        with pytest.raises(ConflictError):
            await streamed(answers, OTHER, "k")
    assert len(await other.hive.ledger.find()) == 1


async def test_streams_of_one_key_end_with_one_decision(pair: tuple[Answers, Answers]) -> None:
    ends = [
        events[-1].removeprefix(b"event: recorded\ndata: ")
        for events in await asyncio.gather(*(streamed(answers, INTENT, "k") for answers in (*pair, *pair)))
    ]
    assert len({msgspec.json.decode(end)["decision_id"] for end in ends}) == 1
    assert len(await pair[0].hive.ledger.find()) == 1


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"[]", b"{}", b'{"decision_id": "dec_0", "created_at": "2020"}'])
async def test_what_a_cache_holds_instead_is_not_told(pair: tuple[Answers, Answers], damage: bytes) -> None:
    answers = pair[0]
    given = await answers.decide(INTENT, "k")
    identity = ask_of(INTENT, "k").decision_id
    await answers.hive.cache.put(f"answer:{identity}", damage, ttl=60)
    assert msgspec.json.decode(await answers.decide(INTENT, "k")) == msgspec.json.decode(given)


async def test_a_cache_does_not_tell_another_verdict_than_the_ledger(pair: tuple[Answers, Answers]) -> None:
    answers = pair[0]
    given = await answers.decide(INTENT, "k")
    ask = ask_of(INTENT, "k")
    forged = given.replace(b'"verdict":"reject"', b'"verdict":"approve"', 1)
    assert forged != given
    await answers.hive.cache.put(f"answer:{ask.decision_id}", forged, ttl=60)
    assert msgspec.json.decode(await answers.decide(INTENT, "k"))["verdict"] == "reject"
    await answers.hive.cache.put(f"answer:{ask.decision_id}", forged, ttl=60)
    assert await answers.keep(ask, given) == given


async def test_what_the_ledger_does_not_hold_is_decided(pair: tuple[Answers, Answers]) -> None:
    """A cache outlives a ledger that was set up anew: its answer proves nothing."""
    answers = pair[0]
    name = f"answer:{ask_of(INTENT, 'k').decision_id}"
    await answers.hive.cache.put(name, b'{"decision_id": "dec_0", "created_at": "2020", "verdict": "approve"}', ttl=60)
    given = msgspec.json.decode(await answers.decide(INTENT, "k"))
    assert given["verdict"] != "approve"
    assert (await answers.hive.ledger.get(given["decision_id"]))["verdict"] == given["verdict"]


async def test_what_was_erased_is_not_told_again(pair: tuple[Answers, Answers]) -> None:
    answers = pair[0]
    given = await answers.decide(INTENT, "k")
    assert b"customers" in given
    await answers.hive.outcomes.erase(ask_of(INTENT, "k").decision_id)
    again = await answers.decide(INTENT, "k")
    assert b"customers" not in again
    assert msgspec.json.decode(again)["erased"]
