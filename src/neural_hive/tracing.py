"""Spans of what a process does, for an OpenTelemetry collector. User text never enters one.

Without an endpoint nothing is loaded, and `span` costs less than a microsecond. Names of spans and of
attributes are constants of the code; values are numbers or words of closed vocabularies.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal, Protocol

from neural_hive import __version__
from neural_hive.errors import MissingDriverError
from neural_hive.settings import Traces

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

_HEADERS = ("traceparent", "tracestate")  # W3C Trace Context
_LONGEST = 512  # characters of a header that are handed on; a longer one could crowd the token out of a call
_PATH = "/v1/traces"  # where OTLP over HTTP takes spans
_PATIENCE = 5.0  # seconds that a collector has to take a batch, and an ending process has for its last one

Kind = Literal["internal", "server", "client"]
Value = str | int | float | bool


class Noted(Protocol):
    """A span that is under way."""

    def note(self, **attributes: Value) -> None:
        """Add attributes; two underscores of a name become a dot."""

    def rename(self, name: str) -> None:
        """Give it another name, also a constant of the code."""


class _Nothing:
    """What is under way when nobody listens."""

    def note(self, **attributes: Value) -> None:
        """Forget them."""

    def rename(self, name: str) -> None:
        """Forget it."""


class _Spans:
    """The tracer of this process, while there is one."""

    tracer: Tracer | None = None


_SPANS = _Spans()
_NOTHING = nullcontext(_Nothing())


def span(
    name: str, kind: Kind = "internal", carrier: Mapping[str, str] | None = None, **attributes: Value
) -> AbstractContextManager[Noted]:
    """A span around a block that is not left in between (no `yield` inside): its children are what runs in it.

    Args:
        name: A constant of the code.
        kind: On which side of a call it is.
        carrier: Headers of a caller whose trace is continued, names in lower case.
        **attributes: As for `Noted.note`.
    """
    tracer = _SPANS.tracer
    return _NOTHING if tracer is None else _open(tracer, name, kind, carrier, attributes)


def is_traced() -> bool:
    """Whether this process has a collector for its spans."""
    return _SPANS.tracer is not None


def untraced() -> AbstractContextManager[Noted]:
    """What stands where `span` would, around what is not worth a trace."""
    return _NOTHING


def carried() -> dict[str, str]:
    """Headers that let another process continue the trace; none when nothing is traced."""
    if _SPANS.tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier


@contextmanager
def tracing(settings: Traces, service: str) -> Iterator[None]:
    """Send this process's spans to the collector until the block ends; nothing without an endpoint.

    A collector that does not answer costs nothing but the spans: they are dropped when the queue is full.

    Args:
        settings: Where spans go and how many.
        service: Name of the service, such as `hive-gateway`.

    Raises:
        MissingDriverError: OpenTelemetry is not installed.
    """
    if settings.endpoint is None:
        yield
        return
    provider = _provider(settings, settings.endpoint, service)
    _SPANS.tracer = provider.get_tracer("neural_hive", __version__)
    try:
        yield
    finally:
        _SPANS.tracer = None
        _ended(provider)


def _ended(provider: TracerProvider) -> None:
    """Send what is left. A collector that is away is tried again for half a minute, and nobody who ends waits for that."""
    ending = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    ending.start()
    ending.join(_PATIENCE)


def _provider(settings: Traces, endpoint: str, service: str) -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    except ModuleNotFoundError as error:
        raise MissingDriverError("error.missing_driver", kind="traces", scheme="otlp", module=error.name or "", extra="traces") from error
    # What the exporter says of a collector that is away, it says for each batch.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    resource = Resource.create({"service.name": service, "service.version": __version__})
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(settings.sample)), resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/").removesuffix(_PATH) + _PATH, timeout=_PATIENCE)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


@contextmanager
def _open(tracer: Tracer, name: str, kind: Kind, carrier: Mapping[str, str] | None, attributes: Mapping[str, Value]) -> Iterator[Noted]:
    from opentelemetry.trace import SpanKind, Status, StatusCode

    opened = tracer.start_as_current_span(
        name,
        context=_context(carrier),
        kind=SpanKind[kind.upper()],
        attributes=_dotted(attributes),
        record_exception=False,  # its message may quote what a person wrote
        set_status_on_exception=False,
    )
    with opened as current:
        try:
            yield _Open(current)
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def _context(carrier: Mapping[str, str] | None) -> Any:
    """The caller's trace, None for the one under way here."""
    if carrier is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({name: carrier[name] for name in _HEADERS if 0 < len(carrier.get(name, "")) <= _LONGEST})


class _Open:
    """A span of OpenTelemetry."""

    def __init__(self, current: Span) -> None:
        self._current = current

    def note(self, **attributes: Value) -> None:
        """Add attributes; two underscores of a name become a dot."""
        self._current.set_attributes(_dotted(attributes))

    def rename(self, name: str) -> None:
        """Give it another name, also a constant of the code."""
        self._current.update_name(name)


def _dotted(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {name.replace("__", ".").strip("."): value for name, value in attributes.items()}
