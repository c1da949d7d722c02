"""The same intentions get byte-equal answers in process and through four gRPC servers."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.errors import InputError, UnavailableError
from neural_hive.evaluation.cases import Case, load_cases
from neural_hive.hive import Hive
from neural_hive.settings import Settings, Tls
from neural_hive.specialists.registry import names, open_local
from neural_hive.transport.client import open_grpc_specialist
from neural_hive.transport.server import serve_specialist
from neural_hive.types import Intent, ModelInfo
from tests.real.mlflow_place import put_in_force
from tests.real.mongo_place import database
from tests.real.world import emptied
from tests.services import private, url_of

EVALS = Path(__file__).resolve().parent.parent / "evals"
SAME = (
    *("intent_id", "verdict", "harm_probability", "confidence", "divergence"),
    *("plan", "opinions", "abstentions", "votes", "rules", "conditions", "counterfactuals"),
)
AT_ONCE = 4
UNCACHED = 0.001  # seconds that a judgement is kept
Servers = Mapping[str, str]


@asynccontextmanager
async def servers_here() -> AsyncIterator[Servers]:
    """Four servers in this process, on loopback."""
    async with AsyncExitStack() as stack:
        yield {name: f"grpc://127.0.0.1:{await stack.enter_async_context(serve_specialist(open_local(name), port=0))}" for name in names()}


@contextmanager
def servers_apart(**variables: str) -> Iterator[Servers]:
    """Four processes of `hive specialist`, with these environment variables; they may still be starting."""
    urls = {name: f"grpc://127.0.0.1:{free_port()}" for name in names()}
    program = str(Path(sys.executable).with_name("hive"))
    with ExitStack() as stack:
        for name, url in urls.items():
            command = [program, "specialist", name, "--port", "0", "--grpc-port", url.rpartition(":")[2]]
            process = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.DEVNULL)
            stack.callback(process.wait, timeout=20)
            stack.callback(process.terminate)
        yield urls


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


async def answering(name: str, url: str) -> ModelInfo:
    async with asyncio.timeout(60.0), open_grpc_specialist(url, name=name, tls=Tls(), specialist_deadline=2.0) as remote:
        while True:
            try:
                return await remote.describe()
            except UnavailableError:
                await asyncio.sleep(0.2)


async def all_answer(servers: Servers) -> list[ModelInfo]:
    return await asyncio.gather(*(answering(name, url) for name, url in servers.items()))


async def assert_congruent(servers: Servers, folder: Path, cases: Sequence[Case], **stores: Any) -> None:
    """Deadlines are long: how fast either is, is measured elsewhere."""
    deadlines = {"specialist_deadline": 30.0, "ledger_deadline": 30.0, "graph_deadline": 5.0}
    given: dict[str, Any] = {"cache_ttl": UNCACHED} | deadlines | stores
    apart = Settings(data_dir=folder / "apart", specialists=dict(servers), **given)
    together = Settings(data_dir=folder / "together", cache_ttl=UNCACHED)
    turn = asyncio.Semaphore(AT_ONCE)
    async with open_hive(apart) as distributed, open_hive(together) as embedded:

        async def compare(case: Case) -> None:
            async with turn:
                here, there = await answer(embedded, case.intent), await answer(distributed, case.intent)
            # The words of a case stay out of the report: some may be seen by no developer.
            assert [name for name in here.keys() | there.keys() if here.get(name) != there.get(name)] == [], case.id

        await asyncio.gather(*map(compare, cases))


async def answer(hive: Hive, intent: Intent) -> dict[str, bytes]:
    try:
        decision = await hive.review(intent)
    except InputError as error:
        return {"error": error.key.encode()}
    return {name: msgspec.json.encode(getattr(decision, name)) for name in SAME}


def dev(every: int) -> list[Case]:
    return load_cases(EVALS / "dev")[::every]


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
async def test_servers_in_this_process(tmp_path: Path, every: int) -> None:
    async with servers_here() as servers:
        await assert_congruent(servers, tmp_path, dev(every))


@pytest.mark.real
async def test_four_processes(tmp_path: Path) -> None:
    with servers_apart() as servers:
        await all_answer(servers)
        await assert_congruent(servers, tmp_path, dev(1))


@asynccontextmanager
async def stores(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """A ledger, a graph and a cache on real servers; what the cache holds is used, and must be right."""
    name = f"same{uuid4().hex[:12]}"
    graph = f"{url_of('neo4j')}?hive={name}"
    with database(url_of("mongodb"), folder) as place:
        try:
            cache = f"{url_of('redis')}?prefix={name}&deadline=1"
            yield {"ledger": place.url, "ledger_key": place.key, "graph": graph, "cache": cache, "cache_ttl": 60.0}
        finally:
            await emptied(graph)


@pytest.mark.real
async def test_everything_on_real_servers(tmp_path: Path) -> None:
    """All labelled cases: MongoDB, Neo4j, Redis, and four processes with models from MLflow."""
    cases = load_cases(EVALS / "dev") + load_cases(EVALS / "test")
    with private("mlflow") as registry:
        await put_in_force(registry.url)
        with servers_apart(HIVE_MODELS=registry.url) as servers:
            assert {model.fallback for model in await all_answer(servers)} == {""}
            async with stores(tmp_path) as given:
                await assert_congruent(servers, tmp_path, cases, **given)


async def test_some_here_and_some_there(tmp_path: Path) -> None:
    async with servers_here() as servers:
        await assert_congruent(dict(list(servers.items())[::2]), tmp_path, dev(40))
