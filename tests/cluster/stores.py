"""MongoDB (FerretDB), Neo4j and Redis beside the cluster: processes of this machine that listen on its end of the cable."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tests.cluster import database
from tests.cluster.places import HOST
from tests.services import ferretdb, neo4j, redis
from tests.services.folders import RUN
from tests.services.instance import Instance, Ports
from tests.services.obtain import Program

FOLDER = RUN / "cluster-stores"
PASSWORD = "reached-by-the-cable-alone"  # noqa: S105 -- it protects nothing: Redis wants one where it listens beyond the loopback


def _mongo_answers(ports: Ports) -> bool:
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    client: MongoClient[dict[str, object]] = MongoClient(HOST, ports[0], serverSelectionTimeoutMS=1000, timeoutMS=3000)
    try:
        return isinstance(client.list_database_names(), list)
    except PyMongoError:
        return False
    finally:
        client.close()


def _redis_answers(ports: Ports) -> bool:
    from redis import Redis, RedisError

    try:
        with Redis(HOST, ports[0], password=PASSWORD, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _neo4j_answers(ports: Ports) -> bool:
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        with GraphDatabase.driver(f"bolt://{HOST}:{ports[0]}", connection_acquisition_timeout=3) as driver, driver.session() as session:
            return session.run("RETURN 1 AS one").single() is not None
    except (DriverError, Neo4jError, OSError):
        return False


def _neo4j_lines(program: Program, home: Path, ports: Ports) -> list[Program]:
    lines = neo4j.lines(program, home, ports)
    settings = home / "conf" / "neo4j.conf"
    settings.write_text(settings.read_text().replace("127.0.0.1", HOST))
    return lines


def _moved(program: Program, *more: str) -> Program:
    """The same command line, listening on the cable instead of the loopback."""
    return replace(program, argv=(*(word.replace("127.0.0.1", HOST) for word in program.argv), *more))


MONGO = replace(
    ferretdb.SERVER,
    obtain=database.obtain,
    lines=lambda program, home, ports: [_moved(line) for line in ferretdb.lines(program, home, ports)],
    url=lambda ports: f"mongodb://{HOST}:{ports[0]}",
    answers=_mongo_answers,
)
REDIS = replace(
    redis.SERVER,
    lines=lambda program, home, ports: [_moved(line, "--requirepass", PASSWORD) for line in redis.SERVER.lines(program, home, ports)],
    url=lambda ports: f"redis://:{PASSWORD}@{HOST}:{ports[0]}",
    answers=_redis_answers,
)
NEO4J = replace(neo4j.SERVER, lines=_neo4j_lines, url=lambda ports: f"bolt://{HOST}:{ports[0]}", answers=_neo4j_answers)


def mongo() -> Instance:
    """The ledger's server."""
    return Instance(MONGO, FOLDER / "mongodb")


def shared_redis() -> Instance:
    """The cache's server."""
    return Instance(REDIS, FOLDER / "redis")


def graph() -> Instance:
    """The server of precedents. With a graph of its own each new pod would read the whole ledger first."""
    return Instance(NEO4J, FOLDER / "neo4j")


def down() -> None:
    """End them and remove their data."""
    for instance in (mongo(), shared_redis(), graph()):
        instance.kill()
        shutil.rmtree(instance.home, ignore_errors=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
