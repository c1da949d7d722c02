"""The same intentions get byte-equal answers in process and through four gRPC servers."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.errors import InputError, UnavailableError
from neural_hive.evaluation.cases import load_cases
from neural_hive.hive import Hive
from neural_hive.settings import Settings, Tls
from neural_hive.specialists.registry import names, open_local
from neural_hive.transport.client import open_grpc_specialist
from neural_hive.transport.server import serve_specialist
from neural_hive.types import Intent

CASES = Path(__file__).resolve().parent.parent / "evals" / "dev"
SAME = (
    *("intent_id", "verdict", "harm_probability", "confidence", "divergence"),
    *("plan", "opinions", "abstentions", "votes", "rules", "conditions", "counterfactuals"),
)
Servers = Mapping[str, str]


@asynccontextmanager
async def servers_here() -> AsyncIterator[Servers]:
    """Four servers in this process, on loopback."""
    async with AsyncExitStack() as stack:
        yield {name: f"grpc://127.0.0.1:{await stack.enter_async_context(serve_specialist(open_local(name), port=0))}" for name in names()}


@contextmanager
def servers_apart() -> Iterator[Servers]:
    """Four processes of `hive specialist`; they may still be starting."""
    urls = {name: f"grpc://127.0.0.1:{free_port()}" for name in names()}
    program = str(Path(sys.executable).with_name("hive"))
    with ExitStack() as stack:
        for name, url in urls.items():
            command = [program, "specialist", name, "--port", "0", "--grpc-port", url.rpartition(":")[2]]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            stack.callback(process.wait, timeout=20)
            stack.callback(process.terminate)
        yield urls


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


async def answering(name: str, url: str) -> None:
    async with asyncio.timeout(60.0), open_grpc_specialist(url, name=name, tls=Tls(), specialist_deadline=2.0) as remote:
        while True:
            try:
                await remote.describe()
            except UnavailableError:
                await asyncio.sleep(0.2)
            else:
                return


async def assert_congruent(servers: Servers, folder: Path, intents: Sequence[Intent]) -> None:
    """Deadlines are long: how fast either is, is measured elsewhere."""
    apart = Settings(data_dir=folder / "apart", specialists=dict(servers), specialist_deadline=30.0, cache_ttl=0.001)
    together = Settings(data_dir=folder / "together", cache_ttl=0.001)
    async with open_hive(apart) as distributed, open_hive(together) as embedded:
        for intent in intents:
            here, there = await answer(embedded, intent), await answer(distributed, intent)
            assert here == there, intent.text[:200]


async def answer(hive: Hive, intent: Intent) -> dict[str, bytes]:
    try:
        decision = await hive.review(intent)
    except InputError as error:
        return {"error": error.key.encode()}
    return {name: msgspec.json.encode(getattr(decision, name)) for name in SAME}


def intents(every: int) -> list[Intent]:
    return [case.intent for case in load_cases(CASES)[::every]]


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
async def test_servers_in_this_process(tmp_path: Path, every: int) -> None:
    async with servers_here() as servers:
        await assert_congruent(servers, tmp_path, intents(every))


@pytest.mark.real
async def test_four_processes(tmp_path: Path) -> None:
    with servers_apart() as servers:
        await asyncio.gather(*(answering(name, url) for name, url in servers.items()))
        await assert_congruent(servers, tmp_path, intents(1))


async def test_some_here_and_some_there(tmp_path: Path) -> None:
    async with servers_here() as servers:
        await assert_congruent(dict(list(servers.items())[::2]), tmp_path, intents(40))
