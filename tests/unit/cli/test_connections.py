"""Each way in which a dependency cannot be reached is told apart, with what to do, and without the password."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from neural_hive.cli import connections
from neural_hive.cli.addresses import address_of, is_remote
from neural_hive.cli.findings import Finding
from neural_hive.settings import Settings, Tls
from neural_hive.specialists import registry
from neural_hive.transport.server import serve_specialist

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_STEP", 1.5)


@contextmanager
def unused_port() -> Iterator[int]:
    """A port that is bound, so that nobody takes it, and refuses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as running:
        yield running.sockets[0].getsockname()[1]


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    with suppress(asyncio.CancelledError):
        await reader.read()


async def rude(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def locked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def mlflow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n3.17.2")
    writer.close()


async def found(folder: Path, **given: object) -> Finding:
    (finding,) = await connections.connections(Settings(data_dir=folder, **given), "en")
    return finding


async def test_a_specialist_that_answers_is_fine(tmp_path: Path) -> None:
    async with serve_specialist(registry.open_local("technical"), port=0) as port:
        finding = await found(tmp_path, specialists={"technical": f"grpc://127.0.0.1:{port}"})
    assert (finding.state, finding.advice) == ("ok", "")
    assert "technical-rules" in finding.seen


async def test_one_that_is_another_is_not(tmp_path: Path) -> None:
    async with serve_specialist(registry.open_local("behavior"), port=0) as port:
        finding = await found(tmp_path, specialists={"technical": f"grpc://127.0.0.1:{port}"})
    assert finding.state == "bad"
    assert "HIVE_SPECIALISTS__TECHNICAL" in finding.advice


async def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    finding = await found(tmp_path, specialists={"technical": "grpc://no-such-host.invalid:50051"})
    assert finding.state == "bad"
    assert "no-such-host.invalid" in finding.seen


async def test_a_port_that_refuses(tmp_path: Path) -> None:
    with unused_port() as port:
        finding = await found(tmp_path, models=f"mlflow+http://127.0.0.1:{port}")
    assert "refused" in finding.seen
    assert "HIVE_MODELS" in finding.advice


async def test_what_hangs_is_told_in_time(tmp_path: Path) -> None:
    async with server(silent) as port:
        finding = await found(tmp_path, models=f"mlflow+http://127.0.0.1:{port}")
    assert "did not answer within 1.5 s" in finding.seen


async def test_what_speaks_no_tls(tmp_path: Path) -> None:
    async with server(rude) as port:
        finding = await found(tmp_path, specialists={"technical": f"grpcs://127.0.0.1:{port}"})
    assert "TLS was not established" in finding.seen
    async with server(silent) as port:
        finding = await found(tmp_path, specialists={"technical": f"grpcs://127.0.0.1:{port}"})
    assert "TLS did not answer" in finding.seen


async def test_files_of_tls_that_are_missing(tmp_path: Path) -> None:
    tls = Tls(ca=tmp_path / "none.pem")
    finding = await found(tmp_path, specialists={"technical": "grpcs://127.0.0.1:1"}, tls=tls)
    assert finding.state == "bad"


async def test_a_model_registry(tmp_path: Path) -> None:
    async with server(mlflow) as port:
        assert "MLflow 3.17.2" in (await found(tmp_path, models=f"mlflow+http://127.0.0.1:{port}")).seen
    async with server(locked) as port:
        finding = await found(tmp_path, models=f"mlflow+http://127.0.0.1:{port}")
    assert "credentials" in finding.seen


@pytest.mark.parametrize("url", ["mongodb://", "redis://u:sesame@h:0", "bolt://h:99999", "bolt+what://u:sesame@127.0.0.1:1"])
async def test_a_url_that_says_nothing_usable(tmp_path: Path, url: str) -> None:
    kind = {"mongodb": "ledger", "redis": "cache"}.get(url.partition(":")[0], "graph")
    finding = await found(tmp_path, **{kind: url})
    assert finding.state == "bad"
    assert f"HIVE_{kind.upper()}" in finding.advice


@pytest.mark.parametrize("language", ["pt", "en"])
async def test_no_password_is_ever_shown(tmp_path: Path, language: str) -> None:
    with unused_port() as port:
        place = f"user:sesame@127.0.0.1:{port}"
        settings = Settings(
            data_dir=tmp_path,
            ledger=f"mongodb://{place}/hive?appName=sesame",
            graph=f"neo4j+s://{place}",
            cache=f"rediss://{place}/0",
            queue=f"redis+cluster://{place}",
            models=f"mlflow+https://{place}",
        )
        findings = await connections.connections(settings, language)
    assert len(findings) == 5
    assert all(finding.state == "bad" for finding in findings)
    assert "sesame" not in " ".join(finding.line(language) for finding in findings)


async def test_what_is_embedded_needs_no_connection(tmp_path: Path) -> None:
    assert await connections.connections(Settings(data_dir=tmp_path), "en") == []


def test_addresses() -> None:
    assert address_of("redis+cluster://:pw@a:1,b,[::1]:3/0").places == (("a", 1), ("b", 6379), ("::1", 3))
    assert address_of("redis+cluster://:pw@a:1,[::1]:3/0").shown == "redis+cluster://a:1,[::1]:3"
    assert [address_of(url).secure for url in ("neo4j+ssc://h", "bolt://h", "mongodb://h/?tls=true", "mlflow+https://h", "grpcs://h")] == [
        *(True, False, True, True, True)
    ]
    assert address_of("mongodb+srv://u:p@cluster.example/db").places == ()
    assert [is_remote(url) for url in ("sqlite:///x", "memory:", "packaged:", "mlflow+http://h", "rediss+cluster://h")] == [
        *(False, False, False, True, True)
    ]
