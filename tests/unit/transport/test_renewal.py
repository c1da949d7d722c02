"""Certificates that are renewed while both sides run: new connections go by what the files hold then."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.settings import Tls
from neural_hive.testing import sample_plans
from neural_hive.transport.channel import open_line
from neural_hive.transport.client import RemoteSpecialist
from neural_hive.transport.server import serve_specialist
from tests.unit.transport.faulty import MODEL, Scripted, opinion_of
from tests.unit.transport.test_remote import opened
from tests.unit.transport.test_tls import Authority

PLAN = sample_plans()[4]


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def own_copy(tls: Tls, folder: Path) -> Tls:
    """The same files at places that nobody else uses."""
    folder.mkdir()
    found = {}
    for part in ("ca", "cert", "key"):
        found[part] = folder / part
        found[part].write_bytes(getattr(tls, part).read_bytes())
    return Tls(**found)


def renew(tls: Tls, new: Tls) -> None:
    """Put other content into the files."""
    for part in ("ca", "key", "cert"):
        getattr(tls, part).write_bytes(getattr(new, part).read_bytes())


@pytest.fixture
def old(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "old")


@pytest.fixture
def new(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "new")


async def test_a_server_goes_by_its_new_files(old: Authority, new: Authority, tmp_path: Path) -> None:
    server, client = own_copy(old.sign("server", "127.0.0.1"), tmp_path / "server"), old.sign("client")
    async with serve_specialist(Scripted(), port=0, tls=server) as port, opened(f"grpcs://127.0.0.1:{port}", tls=client) as before:
        assert await before.evaluate(PLAN) == opinion_of("technical")
        renew(server, new.sign("server", "127.0.0.1"))
        async with opened(f"grpcs://127.0.0.1:{port}", tls=new.sign("client")) as after:
            assert await after.evaluate(PLAN) == opinion_of("technical")
        async with opened(f"grpcs://127.0.0.1:{port}", deadline=0.6, tls=client) as late:
            with pytest.raises(UnavailableError):
                await late.evaluate(PLAN)
        assert await before.evaluate(PLAN) == opinion_of("technical")


async def test_a_server_keeps_what_it_has_when_new_files_cannot_be_used(
    old: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, client = own_copy(old.sign("server", "127.0.0.1"), tmp_path / "server"), old.sign("client")
    async with serve_specialist(Scripted(), port=0, tls=server) as port:
        assert server.cert is not None
        server.cert.write_text("noise")
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                async with opened(f"grpcs://127.0.0.1:{port}", tls=client) as remote:
                    assert await remote.evaluate(PLAN) == opinion_of("technical")
    assert sum("the old ones stay" in message for message in caplog.messages) == 1


async def test_a_caller_goes_by_its_new_files(old: Authority, new: Authority, tmp_path: Path) -> None:
    client, clock = own_copy(old.sign("client"), tmp_path / "client"), Clock()
    async with serve_specialist(Scripted(), port=0, tls=new.sign("server", "127.0.0.1")) as port:
        line = open_line(f"grpcs://127.0.0.1:{port}", "technical", client, clock)
        remote = RemoteSpecialist("technical", line, deadline=0.6)
        with pytest.raises(UnavailableError):
            await remote.describe()
        renew(client, new.sign("client"))
        clock.now += 11
        assert await remote.describe() == MODEL
        await line.close()


async def test_a_call_that_is_under_way_ends_on_the_line_that_it_began_on(old: Authority, tmp_path: Path) -> None:
    client, clock = own_copy(old.sign("client"), tmp_path / "client"), Clock()
    async with serve_specialist(Scripted(delay=0.3), port=0, tls=old.sign("server", "127.0.0.1")) as port:
        line = open_line(f"grpcs://127.0.0.1:{port}", "technical", client, clock)
        remote = RemoteSpecialist("technical", line, deadline=2.0)
        under_way = asyncio.create_task(remote.evaluate(PLAN))
        await asyncio.sleep(0.1)
        renew(client, old.sign("another"))
        clock.now += 11
        assert await remote.evaluate(PLAN) == await under_way == opinion_of("technical")
        await line.close()


async def test_a_caller_keeps_what_it_has_when_new_files_cannot_be_used(
    old: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client, clock = own_copy(old.sign("client"), tmp_path / "client"), Clock()
    async with serve_specialist(Scripted(), port=0, tls=old.sign("server", "127.0.0.1")) as port:
        line = open_line(f"grpcs://127.0.0.1:{port}", "technical", client, clock)
        remote = RemoteSpecialist("technical", line, deadline=2.0)
        assert client.key is not None
        client.key.unlink()
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                clock.now += 11
                assert await remote.evaluate(PLAN) == opinion_of("technical")
        await line.close()
    assert sum("the old ones stay" in message for message in caplog.messages) == 1
