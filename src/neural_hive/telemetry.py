"""What the hive measures and logs. User text never enters a metric or a log line."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest, start_http_server

from neural_hive.types import Decision

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_FAST = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_PROBABILITY = tuple(step / 10 for step in range(1, 11))

DECISIONS = Counter("hive_decisions", "Decisions recorded, by verdict.", ["verdict"], registry=REGISTRY)
DECISION_SECONDS = Histogram("hive_decision_seconds", "Time from intention to recorded decision.", buckets=_FAST, registry=REGISTRY)
OPINION_SECONDS = Histogram("hive_opinion_seconds", "Time of one opinion.", ["specialist"], buckets=_FAST, registry=REGISTRY)
ABSTENTIONS = Counter("hive_abstentions", "Specialists that did not answer.", ["specialist", "reason"], registry=REGISTRY)
HARM_PROBABILITY = Histogram("hive_harm_probability", "Probability of harm of the decisions.", buckets=_PROBABILITY, registry=REGISTRY)
LEDGER_APPEND_SECONDS = Histogram("hive_ledger_append_seconds", "Time of a durable append.", buckets=_FAST, registry=REGISTRY)
REFUSALS = Counter("hive_refusals", "Requests answered with an error, by its key.", ["error"], registry=REGISTRY)
CACHE_LOOKUPS = Counter("hive_cache_lookups", "Look-ups of a panel's opinions.", ["result"], registry=REGISTRY)
CACHE_FAILURES = Counter("hive_cache_failures", "Calls of a shared cache that failed; each is a miss.", ["reason"], registry=REGISTRY)
LIMITER_FALLBACKS = Counter("hive_limiter_fallbacks", "Requests counted by one gateway alone.", registry=REGISTRY)
PII_MASKED = Counter("hive_pii_masked", "Pieces of personal data masked, by kind.", ["kind"], registry=REGISTRY)
GRAPH_FAILURES = Counter("hive_graph_failures", "Calls of the graph that failed; they never hold up a decision.", registry=REGISTRY)
BULK_MESSAGES = Counter(
    "hive_bulk_messages", "Messages of batches, by what became of them: decided, dead, failed.", ["result"], registry=REGISTRY
)
QUEUE_LENGTH = Gauge("hive_queue_length", "Messages that wait or are under way.", registry=REGISTRY)
RESTARTS = Counter("hive_specialist_restarts", "Processes of specialists started again.", ["specialist"], registry=REGISTRY)
FEEDBACK = Counter("hive_feedback", "Outcomes reported for decisions.", ["outcome"], registry=REGISTRY)


def decided(decision: Decision, seconds: float) -> None:
    """Count one recorded decision."""
    DECISIONS.labels(verdict=decision.verdict.value).inc()
    DECISION_SECONDS.observe(seconds)
    HARM_PROBABILITY.observe(decision.harm_probability)
    for finding in decision.understanding.pii:
        PII_MASKED.labels(kind=finding.kind).inc()


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how long the block takes, in seconds, whether or not it raises."""
    start = time.perf_counter()
    try:
        yield
    finally:
        histogram.observe(time.perf_counter() - start)


def exposition() -> bytes:
    """All metrics in the Prometheus text format."""
    return generate_latest(REGISTRY)


def serve_metrics(host: str, port: int) -> None:
    """Show the metrics at this address for as long as the process lives."""
    start_http_server(port, addr=host, registry=REGISTRY)


def frames(error: BaseException) -> str:
    """An exception without its message: the class and where it was raised.

    The message may quote the text that caused it, so it is left out on purpose.
    """
    places = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}:{frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return " > ".join([*places[-6:], type(error).__name__])


class LineFormatter(logging.Formatter):
    """One line a record, as JSON or plain; exceptions without their messages."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, logger, event and the record's `fields`."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        fields: dict[str, Any] = dict(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = frames(record.exc_info[1])
        if self._as_json:
            line = {"time": stamp, "level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
            return json.dumps(line | fields, ensure_ascii=False, default=str)
        tail = "".join(f" {name}={value}" for name, value in fields.items())
        return f"{stamp} {record.levelname.lower():<7} {record.getMessage()}{tail}"


def configure_logging(level: str = "info", log_format: str = "plain") -> None:
    """Send every log line of this process to standard error in one format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(as_json=log_format == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
