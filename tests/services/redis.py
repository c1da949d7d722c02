"""Redis 7, one node. Every answered write is in the append-only file, so that a killed one comes back with it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.services import debian
from tests.services.instance import Ports, Server
from tests.services.obtain import Program, once

if TYPE_CHECKING:
    from redis import Redis


def obtain() -> Program:
    """The redis-server of the PATH, or Debian's."""
    found = shutil.which("redis-server")
    if found:
        return Program((found,))
    folder = once("redis", lambda folder: debian.unpack(folder, ("redis-server", "redis-tools"), "usr/bin/redis-server"))
    return Program((str(folder / "usr/bin/redis-server"),), debian.environment(folder))


def node(program: Program, folder: Path, port: int) -> Program:
    """A node that keeps its data in `folder`."""
    folder.mkdir(exist_ok=True)
    options = {"bind": "127.0.0.1", "port": port, "dir": folder, "save": "", "appendonly": "yes"}
    return program.given(*(word for name, value in options.items() for word in (f"--{name}", str(value))))


def answers(ports: Ports) -> bool:
    """Whether it has read its data and takes commands."""
    from redis import RedisError

    try:
        with client(ports[0]) as asked:
            return bool(asked.ping())
    except RedisError:
        return False


def client(port: int) -> Redis:
    """A client that does not try again what failed."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis(port=port, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))


SERVER = Server(
    name="redis",
    ports=1,
    obtain=obtain,
    lines=lambda program, home, ports: [node(program, home / "data", ports[0])],
    url=lambda ports: f"redis://127.0.0.1:{ports[0]}",
    answers=answers,
)
