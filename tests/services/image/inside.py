"""What must work inside the image beyond our own code; run there by its own Python, read by nobody else.

Prints one line for each thing: its name and what was seen. Ends with 1 when one of them does not work.
"""

from __future__ import annotations

import asyncio
import locale
import os
import pwd
import socket
import sqlite3
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

ADDRESS = "203.0.113.7"  # an address of a documentation network, as our own name server tells it
ASKED = "hive.example"


def names() -> str:
    """The C library asks a name server and takes its answer."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=_serve, args=(server,), daemon=True).start()
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(ASKED, 443, socket.AF_INET)}
    assert found == {ADDRESS}, found
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    return ADDRESS


def _serve(server: socket.socket) -> None:
    while True:
        query, sender = server.recvfrom(512)
        end = query.index(0, 12) + 5
        head = query[:2] + b"\x81\x80" + b"\0\1\0\1\0\0\0\0"
        server.sendto(head + query[12:end] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(ADDRESS), sender)


def certificates() -> str:
    """Connections over TLS know whom to trust."""
    count = len(ssl.create_default_context().get_ca_certs())
    assert count > 50, count
    return f"{count} authorities, {ssl.OPENSSL_VERSION}"


def text() -> str:
    """Names and output are UTF-8, whatever the terminal."""
    locale.setlocale(locale.LC_ALL, "")
    assert locale.getpreferredencoding() == sys.stdout.encoding.upper() == "UTF-8", locale.getpreferredencoding()
    return ".".join(str(part) for part in locale.getlocale())


def account() -> str:
    """The user has a name and a home, and may write to /tmp and /data alone."""
    entry = pwd.getpwuid(os.getuid())
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    Path("/data/probe").touch()
    Path("/data/probe").unlink()
    for place in ("/", "/opt/hive", "/usr/lib", "/etc"):
        try:
            Path(place, "probe").touch()
        except OSError:
            continue
        raise AssertionError(f"{place} can be written")
    return f"{entry.pw_name} ({os.getuid()}), home {entry.pw_dir}"


def processes() -> str:
    """Children are forked and spawned."""
    for way in ("fork", "spawn"):
        with ProcessPoolExecutor(1, mp_context=get_context(way)) as pool:
            assert pool.submit(abs, -7).result(timeout=60) == 7
    return f"fork and spawn, {os.cpu_count()} processors"


def metrics() -> str:
    """The process tells its own memory."""
    from prometheus_client import REGISTRY

    memory = REGISTRY.get_sample_value("process_resident_memory_bytes")
    assert memory
    return f"{memory / 1e6:.0f} MB"


def event_loop() -> str:
    """The fast event loop and HTTP parser."""
    import httptools
    import uvloop

    uvloop.run(asyncio.sleep(0))
    httptools.HttpRequestParser(object()).feed_data(b"GET / HTTP/1.1\r\n\r\n")
    return f"uvloop {version('uvloop')}"


def remote_calls() -> str:
    """gRPC serves and calls, and answers for its health."""
    from concurrent.futures import ThreadPoolExecutor

    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

    server = grpc.server(ThreadPoolExecutor(1))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        said = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    server.stop(None)
    assert said.status == health_pb2.HealthCheckResponse.SERVING
    return f"grpc {grpc.__version__}"


def parsers() -> str:
    """The parsers of shell and SQL."""
    import sqlglot
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    tree = Parser(Language(tree_sitter_bash.language())).parse(b"rm -rf /tmp/x")
    assert tree.root_node.type == "program"
    assert sqlglot.parse_one("drop table t").key == "drop"
    return "bash, SQL"


def databases() -> str:
    """SQLite, and the drivers of MongoDB (by DNS seed list), Neo4j and Redis up to where a server would answer."""
    import neo4j
    import pymongo
    import redis
    from dns.resolver import Resolver

    assert sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
    assert Resolver().nameservers == ["127.0.0.1"]
    # It asks for the seed list and takes our name server's answer for none.
    refused(lambda: pymongo.MongoClient(f"mongodb+srv://{ASKED}"), pymongo.errors.ConfigurationError)
    with neo4j.GraphDatabase.driver("bolt://127.0.0.1:1") as driver:
        refused(driver.verify_connectivity, neo4j.exceptions.ServiceUnavailable)
    refused(redis.Redis(port=1).ping, redis.exceptions.ConnectionError)
    return f"sqlite {sqlite3.sqlite_version}, pymongo {pymongo.version}, neo4j {neo4j.__version__}, redis {redis.__version__}"


def refused(call: Callable[[], object], error: type[Exception]) -> None:
    """Nobody listens, and the driver says just that."""
    try:
        call()
    except error:
        return
    raise AssertionError(f"{call} was answered")


def models() -> str:
    """The model registry's client."""
    os.environ.update({"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"})
    import mlflow

    client = mlflow.MlflowClient("http://127.0.0.1:1")
    refused(client.search_registered_models, mlflow.exceptions.MlflowException)
    return f"mlflow-skinny {mlflow.__version__}"


def traces_and_tokens() -> str:
    """What signs requests and follows them."""
    import jwt
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider

    OTLPSpanExporter("http://127.0.0.1:1")
    with TracerProvider().get_tracer("probe").start_as_current_span("probe") as span:
        assert span.is_recording()
    assert "ES256" in jwt.algorithms.get_default_algorithms()
    return "jwt with ES256, spans"


def main() -> int:
    """Try each; 1 when one does not work."""
    failed = 0
    for probe in (
        names, certificates, text, account, processes, metrics, event_loop, remote_calls, parsers, databases, models, traces_and_tokens,
    ):  # fmt: skip
        try:
            line = probe()
        except Exception as error:  # noqa: BLE001 -- each fault is reported, whatever it is
            failed = 1
            line = f"FAILED: {type(error).__name__}: {error}"
        sys.stdout.write(f"{probe.__name__}\t{line}\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
