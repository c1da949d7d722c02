"""A collector of spans on loopback: takes OTLP over HTTP as any other does, and keeps what it got."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One span: ids are hexadecimal, `parent` is empty for the first of a trace."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    failed: bool
    events: int
    attributes: dict[str, Any]


@dataclass
class Collector:
    """What was taken so far, as spans and as bytes."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)
    raw: bytes = b""

    def take(self, body: bytes) -> None:
        self.raw += body
        for part in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _plain(part.resource.attributes)["service.name"]
            self.spans.extend(_seen(service, each) for scope in part.scope_spans for each in scope.spans)

    def named(self, name: str) -> Seen:
        """The only span of this name."""
        (found,) = [each for each in self.spans if each.name == name]
        return found


@contextmanager
def collector() -> Iterator[Collector]:
    """Listen until the block ends."""
    taken = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.take(_UNPACK.get(self.headers.get("Content-Encoding", ""), bytes)(body))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _seen(service: str, span: Any) -> Seen:
    return Seen(
        service=service,
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        failed=span.status.code == 2,
        events=len(span.events),
        attributes=_plain(span.attributes),
    )


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
