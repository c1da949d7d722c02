"""The place that models come from fails in each way: a specialist goes on with the last good one, and says how things are.

MLflow is a part of the specialists only; a gateway does not notice.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.models.mlflow import MlflowModels, open_mlflow_models
from neural_hive.settings import Limits, Settings
from neural_hive.types import Opinion
from tests.line import FAULTS, line_to
from tests.real.mlflow_place import louder, put_in_force
from tests.real.world import World, everything_told_is_in_the_ledger, never_less_cautious, through
from tests.services import Instance, private
from tests.services.ports import free_ports

pytestmark = pytest.mark.real

VOICE = "technical"
REFRESH = 0.2  # seconds between two looks for a newer model
LATE = 4.0  # seconds: twice the time that MLflow has
TRUE = 2.0  # seconds until what /ready says is true
BACK = 5.0  # seconds until a part that is back is used
START = 20.0  # seconds for a process on a busy machine


@pytest.fixture(scope="module")
def registry() -> Iterator[Instance]:
    """One for this file alone, because the names in it are fixed."""
    with private("mlflow") as instance:
        yield instance


@dataclass
class Station:
    """A process of `hive specialist`, from outside."""

    client: httpx.AsyncClient

    async def ready(self) -> tuple[bool, dict[str, tuple[bool, str]]]:
        """What /ready says, at once: whether it can judge, and of each part whether it is well and why."""
        began = time.perf_counter()
        answer = (await self.client.get("/ready")).json()
        assert time.perf_counter() - began < TRUE
        return answer["ready"], {item["name"]: (item["ok"], item["detail"]) for item in answer["dependencies"]}

    async def tells(self, words: str, *, ok: bool, within: float) -> None:
        """Within so many seconds it can judge, and says of its models that they are well or not, in these words."""
        state: Any = None
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                state = await self.ready()
            except httpx.TransportError:
                state = "not there"
            else:
                if state[0] and state[1]["models"][0] is ok and words in " ".join(detail for _, detail in state[1].values()):
                    return
            await asyncio.sleep(0.05)
        pytest.fail(f"{words!r} not told within {within} s: {state}")


@asynccontextmanager
async def open_station(models: str, folder: Path) -> AsyncIterator[tuple[str, Station]]:
    """A specialist's process and its gRPC URL; it may still be starting."""
    http, grpc = free_ports(2)
    command = [str(Path(sys.executable).with_name("hive")), "specialist", VOICE, "--port", str(http), "--grpc-port", str(grpc)]
    variables = os.environ | {"HIVE_MODELS": models, "HIVE_MODELS_REFRESH": str(REFRESH), "HIVE_LANGUAGE": "en"}
    with (folder / "station.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=log, stderr=log)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=TRUE) as client:
            yield f"grpc://127.0.0.1:{grpc}", Station(client)
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), START) == 0


@asynccontextmanager
async def open_world(registry: Instance, folder: Path, fault: str = "") -> AsyncIterator[tuple[World, Station]]:
    """A hive with one voice apart, whose line to its models may fail from the start; the healthy one has the same models."""
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(line_to(urlsplit(registry.url).port or 0, LATE))
        await line.fail(fault)
        url, station = await stack.enter_async_context(open_station(through(registry.url, line), folder))
        settings = Settings(data_dir=folder / "apart", specialists={VOICE: url}, models=registry.url, limits=Limits())
        hive = await stack.enter_async_context(open_hive(settings.model_copy(update={"models_refresh": REFRESH})))
        alone = Settings(data_dir=folder / "alone", models=registry.url, models_refresh=REFRESH, limits=Limits())
        healthy = await stack.enter_async_context(open_hive(alone))
        yield World(hive, healthy, {"models": line}), station


async def opinions(world: World) -> list[tuple[Opinion, Opinion | None]]:
    return [(healthy.opinions[VOICE], found.opinions.get(VOICE) if found else None) for healthy, found in await world.ask()]


async def gateway_notices_nothing(world: World, fault: str) -> None:
    await never_less_cautious(world, "models", fault)
    assert all(here == there for here, there in await opinions(world)), fault
    assert await world.is_ready() == (True, set()), fault


async def test_every_fault_of_the_models(registry: Instance, tmp_path: Path) -> None:
    versions = [louder(VOICE, lift) for lift in (0.4, 0.5)]
    await put_in_force(registry.url, versions[0])
    async with open_world(registry, tmp_path) as (world, station), open_mlflow_models(registry.url) as shelf:
        await station.tells(versions[0][0].version, ok=True, within=START)
        kept = [shelf.publish(*version) for version in versions]
        for number, fault in enumerate(FAULTS):
            await world.lines["models"].fail(fault)
            await gateway_notices_nothing(world, fault)
            if fault != "restarted":
                await station.tells(versions[number % 2][0].version, ok=False, within=TRUE)
            await world.lines["models"].mend()
            await station.tells(versions[number % 2][0].version, ok=True, within=BACK)
            newer = (number + 1) % 2
            await follow(world, station, shelf, kept[newer], versions[newer][0].version)
            await gateway_notices_nothing(world, f"after {fault}")
        await everything_told_is_in_the_ledger(world)


async def follow(world: World, station: Station, shelf: MlflowModels, kept: str, version: str) -> None:
    """What is put in force is taken, here and there."""
    await asyncio.to_thread(shelf.promote, VOICE, kept)
    await station.tells(version, ok=True, within=BACK)
    async with asyncio.timeout(BACK):
        while any(version not in here.model.version for here, _ in await opinions(world)):  # noqa: ASYNC110 -- as the hive looks for it
            await asyncio.sleep(REFRESH)


@pytest.mark.parametrize("fault", ["refused", "hanging"])
async def test_a_start_without_the_models(registry: Instance, tmp_path: Path, fault: str) -> None:
    version = louder(VOICE, 0.4)
    await put_in_force(registry.url, version)
    async with open_world(registry, tmp_path, fault) as (world, station):
        await station.tells("fallback: unreachable", ok=False, within=START)
        for healthy, found in await world.ask():
            assert found is not None
            assert found.opinions[VOICE].model.fallback == "unreachable"
            assert found.verdict.severity >= healthy.verdict.severity
        assert await world.is_ready() == (True, set())
        await world.lines["models"].mend()
        await station.tells(version[0].version, ok=True, within=BACK)
        assert all(here == there for here, there in await opinions(world))
