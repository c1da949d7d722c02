"""What becomes of one delivery: a decision, the first decision again, or the key of a reason."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.bulk.base import Delivery
from neural_hive.bulk.message import encode, message_of
from neural_hive.bulk.streams import open_redis_queue
from neural_hive.bulk.worker import Worker
from neural_hive.errors import ConflictError, LedgerError, SettingsError, UnavailableError
from neural_hive.hive import Hive
from neural_hive.ledger.sqlite import open_sqlite_ledger
from neural_hive.settings import Limits, load_settings
from neural_hive.types import GivenPlan, GivenTask, Intent

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def hive(tmp_path: Path) -> AsyncIterator[Hive]:
    async with open_hive(load_settings(data_dir=tmp_path)) as opened:
        yield opened


@pytest.fixture
async def worker(hive: Hive) -> AsyncIterator[Worker]:
    async with open_redis_queue(NOBODY) as queue:
        yield Worker(hive=hive, queue=queue, stop=asyncio.Event())


def delivery(intent: Intent, deliveries: int = 1) -> Delivery:
    message = message_of(intent, "bat_1", 0, "0f" * 16)
    return Delivery("1-0", encode(message), message, deliveries)


async def test_a_delivery_is_decided_and_recorded(worker: Worker) -> None:
    given = delivery(Intent(text="apagar a tabela de clientes em produção, falar com joao@a.example"))
    outcome = await worker.outcome(given)
    assert given.message is not None
    record = await worker.hive.ledger.get(given.message.ask().decision_id)
    assert (outcome.verdict, outcome.harm_probability) == (record["verdict"], record["harm_probability"])
    assert not outcome.error


async def test_a_second_delivery_finds_the_first_decision(worker: Worker) -> None:
    given = delivery(Intent(text="renomear um botão"))
    assert await worker.outcome(given) == await worker.outcome(given)
    assert len(await worker.hive.ledger.find()) == 1


async def test_another_message_under_the_same_id_is_no_decision(worker: Worker) -> None:
    await worker.outcome(delivery(Intent(text="renomear um botão")))
    outcome = await worker.outcome(delivery(Intent(text="apagar tudo")))
    assert (outcome.error, outcome.dead) == ("error.idempotency_conflict", True)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (Delivery("1-0", b"?", None), "error.queue_message"),
        (delivery(Intent(text="oi"), deliveries=6), "error.queue_poison"),
        (delivery(Intent(text=" ")), "error.empty_intent"),
        (
            delivery(Intent(text="", plan=GivenPlan(tasks=(GivenTask(id="a", description="x", dependencies=("b",)),)))),
            "error.unknown_dependency",
        ),
    ],
)
async def test_what_cannot_be_decided_is_a_dead_letter(worker: Worker, given: Delivery, key: str) -> None:
    outcome = await worker.outcome(given)
    assert (outcome.error, outcome.dead) == (key, True)
    assert not await worker.hive.ledger.find()


async def test_a_recorded_decision_is_no_dead_letter_however_often_its_message_comes(worker: Worker) -> None:
    """The worker died between the record and the outcome, again and again."""
    first = await worker.outcome(delivery(Intent(text="renomear um botão")))
    assert first.verdict
    assert await worker.outcome(delivery(Intent(text="renomear um botão"), deliveries=6)) == first
    other = await worker.outcome(delivery(Intent(text="apagar tudo"), deliveries=6))
    assert (other.error, other.dead) == ("error.idempotency_conflict", True)


async def test_a_message_that_was_decided_is_not_refused_under_smaller_limits(worker: Worker) -> None:
    first = await worker.outcome(delivery(Intent(text="renomear um botão")))
    smaller = worker.hive.settings.model_copy(update={"limits": Limits(max_text_chars=3)})
    asked = replace(worker, hive=replace(worker.hive, settings=smaller))
    assert await asked.outcome(delivery(Intent(text="renomear um botão"))) == first


class Late:
    """A ledger whose confirmation is lost each time, though the record is durable."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def append(self, record: dict[str, Any]) -> Any:
        with suppress(ConflictError):
            await self._ledger.append(record)
        raise LedgerError("error.ledger_unwritable", reason="late", path="")


async def test_a_record_whose_confirmation_is_lost_is_a_decision(worker: Worker) -> None:
    late: Any = Late(worker.hive.ledger)
    asked = replace(worker, hive=replace(worker.hive, ledger=late), waits=(0.01,))
    outcome = await asked.outcome(delivery(Intent(text="renomear um botão")))
    assert (outcome.error, outcome.dead, bool(outcome.verdict)) == ("", False, True)


async def test_only_a_message_that_nobody_can_mend_is_kept_with_its_dead_letter(worker: Worker) -> None:
    assert (await worker.outcome(Delivery("1-0", b"?", None))).keep
    assert (await worker.outcome(delivery(Intent(text="oi"), deliveries=6))).keep
    assert not (await worker.outcome(delivery(Intent(text=" ")))).keep


async def test_a_hive_out_of_order_is_waited_for_and_a_stop_leaves_the_message(worker: Worker, tmp_path: Path) -> None:
    async with open_sqlite_ledger(f"sqlite:///{tmp_path}/other.db") as ledger:
        pass
    asked = replace(worker, hive=replace(worker.hive, ledger=ledger))
    reviewing = asyncio.create_task(asked.outcome(delivery(Intent(text="oi"))))
    await asyncio.sleep(0.1)
    assert not reviewing.done()
    asked.stop.set()
    with pytest.raises(UnavailableError):
        await reviewing


async def test_a_queue_that_is_away_is_told_at_once(worker: Worker) -> None:
    start = time.monotonic()
    with pytest.raises(UnavailableError) as raised:
        await worker.run(1)
    assert raised.value.key == "error.queue_unreachable"
    assert time.monotonic() - start < 6


@pytest.mark.parametrize("url", [f"{NOBODY}?idle=x", f"{NOBODY}?idle=0", f"{NOBODY}?most=0", "redis://host:port", f"{NOBODY}?nothing=1"])
async def test_a_url_that_cannot_be_used_is_a_setting_to_correct(url: str) -> None:
    with pytest.raises(SettingsError):
        async with open_redis_queue(url):
            pass
