"""The real servers that the adapters are tested against, had and started without root: `python -m tests.services up`.

from tests.services import private, url_of

url_of("mongodb")                 # one that all tests share: keep to a database, a prefix, a label of your own
with private("redis") as redis:   # one that may be stopped, killed and paused
    redis.kill()
    redis.start()
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.services import ferretdb, mlflow, neo4j, redis, redis_cluster
from tests.services.folders import PRIVATE, RUN
from tests.services.instance import Instance, Server, StartError
from tests.services.obtain import UnobtainableError

__all__ = ["SERVERS", "Instance", "NotUpError", "StartError", "UnobtainableError", "given", "private", "shared", "url_of"]

SERVERS: dict[str, Server] = {part.SERVER.name: part.SERVER for part in (redis, redis_cluster, ferretdb, mlflow, neo4j)}


class NotUpError(RuntimeError):
    """A test needs a server that is not there; the text says how to have it."""


def url_of(name: str) -> str:
    """Where a shared server is, in the form in which a setting of the hive takes it.

    Args:
        name: "redis", "redis-cluster", "mongodb", "neo4j" or "mlflow".

    Raises:
        NotUpError: It is not up.
    """
    elsewhere = given(name)
    if elsewhere:
        return elsewhere
    instance = shared(name)
    if not instance.alive:
        raise NotUpError(f"{name} is not up; start the servers with: make services")
    return instance.url


def given(name: str) -> str:
    """The URL that HIVE_TEST_MONGODB (or _REDIS, _REDIS_CLUSTER, _NEO4J, _MLFLOW) names instead, or nothing."""
    return os.environ.get(f"HIVE_TEST_{name.upper().replace('-', '_')}", "")


def shared(name: str) -> Instance:
    """The server that all tests of this checkout share, whether it is up or not."""
    return Instance(SERVERS[name], RUN / name)


@contextmanager
def private(name: str) -> Iterator[Instance]:
    """A server for one test alone: running when the block starts, gone with its data after it.

    Raises:
        StartError: It does not come up.
        UnobtainableError: Its program cannot be had.
    """
    PRIVATE.mkdir(parents=True, exist_ok=True)
    instance = Instance(SERVERS[name], Path(mkdtemp(prefix=f"{name}-", dir=PRIVATE)))
    try:
        instance.start()
        yield instance
    finally:
        instance.kill()
        shutil.rmtree(instance.home, ignore_errors=True)
