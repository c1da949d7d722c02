"""A station's parts: what it says over HTTP, what it imports, what it is told, and how it is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import httpx
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.ops import Probe
from neural_hive.settings import Settings, Tls
from neural_hive.specialists import registry
from neural_hive.station.app import create_app
from neural_hive.station.children import Children, is_elsewhere, open_children
from neural_hive.station.door import listening_socket, shown_url
from neural_hive.station.events import Ended, Listens, Order, read
from neural_hive.station.measured import Measured
from neural_hive.station.process import PLAN, Ports, Station, serve
from neural_hive.telemetry import REGISTRY
from neural_hive.transport.client import open_grpc_specialist
from neural_hive.types import ModelInfo, Opinion, Plan, Verdict
from neural_hive.watch import Watch

SECRET = "mongodb://hive:sesame@db/neural_hive"  # noqa: S105 -- of nothing


async def fine() -> str:
    return "fine"


async def test_the_three_pages() -> None:
    watch = Watch(Probe({"part": fine}))
    transport = httpx.ASGITransport(app=create_app("technical", watch))
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        assert (await client.get("/health")).json()["specialist"] == "technical"
        assert (await client.get("/ready")).status_code == 503
        async with watch.looking():
            await watch.seen()
            ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        (part,) = ready.json()["dependencies"]
        assert {part.pop("latency_ms") < 1000, part.pop("checked_ms") < 1000} == {True}
        assert part == {"name": "part", "ok": True, "required": True, "detail": "fine"}
        assert "hive_opinion_seconds" in (await client.get("/metrics")).text
        assert (await client.get("/other")).status_code == 404


async def test_a_port_that_nobody_listens_on_is_no_station() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        station = Station(registry.open_local("technical"), "127.0.0.1", free.getsockname()[1])
        with pytest.raises(UnavailableError):
            await station.listens()
    assert "technical" in await station.judges()


async def test_it_serves_until_it_is_told_to_end() -> None:
    told: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
    settings = Settings(port=0, grpc_port=0)
    with listening_socket("127.0.0.1", 0) as door:
        url = shown_url(door)
        serving = asyncio.create_task(serve("behavior", settings, door, told.set_result))
        ports = await asyncio.wait_for(told, 20)
        async with httpx.AsyncClient(base_url=url) as client:
            ready = (await client.get("/ready")).json()
            assert {item["name"]: item["ok"] for item in ready["dependencies"]} == {"grpc": True, "model": True}
        assert ports.grpc != ports.http
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 20)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", ports.grpc)


async def test_while_it_drains_it_says_no_and_still_answers() -> None:
    told: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
    with listening_socket("127.0.0.1", 0) as door:
        url = shown_url(door)
        serving = asyncio.create_task(serve("behavior", Settings(port=0, grpc_port=0, drain=30.0), door, told.set_result))
        ports = await asyncio.wait_for(told, 20)
        address = f"127.0.0.1:{ports.grpc}"
        async with (
            httpx.AsyncClient(base_url=url) as client,
            open_grpc_specialist(f"grpc://{address}", name="behavior", tls=Tls(), specialist_deadline=2.0) as voice,
            grpc.aio.insecure_channel(address) as channel,
        ):
            health = health_pb2_grpc.HealthStub(channel)
            assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
            await voice.evaluate(PLAN)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.2)
            ready = await client.get("/ready")
            assert (ready.status_code, [part["name"] for part in ready.json()["dependencies"] if not part["ok"]]) == (503, ["process"])
            assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.NOT_SERVING
            assert (await voice.evaluate(PLAN)).specialist == "behavior"
            async with open_grpc_specialist(f"grpc://{address}", name="behavior", tls=Tls(), specialist_deadline=2.0) as newcomer:
                assert (await newcomer.describe()).name == (await voice.describe()).name
            metrics = (await client.get("/metrics")).text
            assert 'hive_opinion_seconds_count{specialist="behavior"}' in metrics
            assert 'hive_model_info{source="packaged",specialist="behavior",' in metrics
            assert 'hive_dependency_up{name="model"} 1.0' in metrics
            assert "hive_ready 0.0" in metrics
        os.kill(os.getpid(), signal.SIGTERM)  # a second time: it waits no longer
        await asyncio.wait_for(serving, 10)


async def test_a_clock_changes_no_way_to_ask() -> None:
    inside = registry.open_local("evolution")
    voice = Measured(inside)
    seconds = ("hive_opinion_seconds_count", {"specialist": "evolution"})
    before = REGISTRY.get_sample_value(*seconds) or 0.0
    assert voice.evaluate_sync
    assert voice.judge
    opinion = voice.evaluate_sync(PLAN)
    assert REGISTRY.get_sample_value(*seconds) == before + 1
    assert await voice.evaluate(PLAN) == opinion == await inside.evaluate(PLAN)
    assert voice.judge(PLAN).risk == opinion.risk
    assert await voice.describe() == opinion.model
    assert REGISTRY.get_sample_value(*seconds) == before + 1  # the loading of the first words is no opinion that anybody waited for


class Awaited:
    """A specialist that plugs in and can only be awaited."""

    name = "poetic"

    async def evaluate(self, plan: Plan) -> Opinion:
        return Opinion(specialist=self.name, recommendation=Verdict.APPROVE, risk=0.1, confidence=0.5, model=await self.describe())

    async def describe(self) -> ModelInfo:
        return ModelInfo(name="poetic", version="1")


async def test_a_specialist_that_can_only_be_awaited_is_timed_too() -> None:
    voice = Measured(Awaited())
    assert (voice.evaluate_sync, voice.judge) == (None, None)
    await voice.evaluate(PLAN)
    assert REGISTRY.get_sample_value("hive_opinion_seconds_count", {"specialist": "poetic"}) == 1


def test_a_specialist_loads_no_store_and_no_gateway() -> None:
    program = "import sys, neural_hive.station.nest as nest; nest.drivers(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    loaded = done.stdout.decode().split()
    assert "neural_hive.transport.server" in loaded
    unwanted = ("bootstrap", "cli", "gateway", "graph", "hive", "ledger")
    assert [name for name in loaded if name.startswith(tuple(f"neural_hive.{part}" for part in unwanted))] == []
    assert {"fastapi", "pymongo", "neo4j", "redis", "mlflow", "sqlglot", "typer", "rich"} & {*loaded} == set()


def test_a_station_is_told_no_secret_and_listens_on_loopback_only(tmp_path: Path) -> None:
    hive = Settings(ledger=SECRET, cache="redis://:sesame@cache", host="0.0.0.0", tls=Tls(ca=tmp_path), language="pt")  # noqa: S104 -- not bound
    line = Order(hive, {"technical": (50051, 0)}).line()
    assert b"sesame" not in line
    found = Order.read(line).settings_of("technical")
    assert (found.host, found.grpc_host, found.grpc_port, found.port, found.language) == ("127.0.0.1", "127.0.0.1", 50051, 0, "pt")
    assert found.tls == Tls()


def test_events_are_lines_and_other_lines_are_none() -> None:
    assert read(b'{"type":"listens","specialist":"x","pid":1,"grpc":2,"http":3}') == Listens(specialist="x", pid=1, grpc=2, http=3)
    assert read(b'{"type":"ended","specialist":"x","code":-9,"wait_s":0.5}') == Ended(specialist="x", code=-9, wait_s=0.5)
    assert read(b"Warning: something\n") is None
    assert read(b"[]\n") is None


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("", False),
        ("grpc://127.0.0.1:50051", False),
        ("grpc://localhost:1", False),
        ("grpc://[::1]:1", False),
        ("grpc://technical:50051", True),
        ("grpc://127.0.0.1:1,127.0.0.1:2", True),
    ],
)
def test_a_specialist_that_is_elsewhere_is_not_started(url: str, elsewhere: bool) -> None:
    assert is_elsewhere(url) is elsewhere


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, specialists={"technical": "grpc://localhost:99999"})
    with pytest.raises(SettingsError), open_children(settings, ("technical",)):
        pass


def test_a_nest_inherits_no_setting_of_the_hive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of stores hold passwords, and a process shows its environment."""
    monkeypatch.setenv("HIVE_LEDGER", SECRET)
    children = Children(Settings(data_dir=tmp_path), {"technical": 0})
    children.start()
    try:
        children.urls()
        nest = children._nest
        assert nest
        processes = [psutil.Process(nest.pid), *psutil.Process(nest.pid).children()]
        assert len(processes) == 2
        assert not any("HIVE_LEDGER" in process.environ() for process in processes)
    finally:
        children.end()


def test_a_nest_that_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children(Settings(data_dir=tmp_path), {"technical": 0})
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    children.start()
    try:
        with pytest.raises(UnavailableError):
            children.urls()
        monkeypatch.undo()
        until(lambda: "technical" in children._ready)
    finally:
        children.end()


def test_a_port_that_is_taken_ends_the_start_with_a_reason(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"grpc://127.0.0.1:{taken.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path, specialists={"technical": url})
        with open_children(settings, ("technical",)) as urls, pytest.raises(UnavailableError) as caught:
            urls()
    assert caught.value.key == "error.station_start"
    assert "technical" in caught.value.render("pt")


def test_a_nest_that_dies_is_built_again_at_the_same_ports(tmp_path: Path) -> None:
    children = Children(Settings(data_dir=tmp_path), {"technical": 0, "behavior": 0})
    children.start()
    try:
        before = children.urls()
        nest = children._nest
        assert nest
        nest.kill()
        until(lambda: children._nest is not nest)
        until(lambda: all(reachable(url) for url in before.values()))
        assert children.urls() == before
    finally:
        children.end()
    assert gone(nest.pid)
    assert not any(reachable(url) for url in before.values())


def reachable(url: str) -> bool:
    host, _, port = url.removeprefix("grpc://").partition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True
