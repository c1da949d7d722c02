"""What the hive measures and logs. User text never enters a metric or a log line."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)

from neural_hive import __version__
from neural_hive.types import Decision, ModelInfo

# Without this there is a second series beside each, with the time of its first value, that nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_FAST = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_PROBABILITY = tuple(step / 10 for step in range(1, 11))

DECISIONS = Counter("hive_decisions", "Decisions recorded, by verdict.", ["verdict"], registry=REGISTRY)
DECISION_SECONDS = Histogram("hive_decision_seconds", "Seconds from intention to recorded decision.", buckets=_FAST, registry=REGISTRY)
OPINION_SECONDS = Histogram("hive_opinion_seconds", "Seconds until an opinion was given.", ["specialist"], buckets=_FAST, registry=REGISTRY)
ABSTENTIONS = Counter("hive_abstentions", "Specialists that did not answer, by reason.", ["specialist", "reason"], registry=REGISTRY)
HARM_PROBABILITY = Histogram(
    "hive_harm_probability", "Probability of harm of each decision, from 0 to 1.", buckets=_PROBABILITY, registry=REGISTRY
)
SPECIALIST_RISK = Histogram(
    "hive_specialist_risk",
    "Risk that each specialist saw in each decision, from 0 to 1.",
    ["specialist"],
    buckets=_PROBABILITY,
    registry=REGISTRY,
)
LEDGER_APPEND_SECONDS = Histogram("hive_ledger_append_seconds", "Seconds of a durable append.", buckets=_FAST, registry=REGISTRY)
REFUSALS = Counter("hive_refusals", "Requests answered with an error, by its key.", ["error"], registry=REGISTRY)
CACHE_LOOKUPS = Counter("hive_cache_lookups", "Look-ups of a panel's opinions, by result: hit, miss.", ["result"], registry=REGISTRY)
CACHE_FAILURES = Counter(
    "hive_cache_failures",
    "Calls of a shared cache that failed, each a miss, by reason: away, broken, damaged, late, refused.",
    ["reason"],
    registry=REGISTRY,
)
LIMITER_FALLBACKS = Counter("hive_limiter_fallbacks", "Requests counted by one gateway alone.", registry=REGISTRY)
PII_MASKED = Counter("hive_pii_masked", "Pieces of personal data masked, by kind.", ["kind"], registry=REGISTRY)
GRAPH_FAILURES = Counter("hive_graph_failures", "Calls of the graph that failed; they never hold up a decision.", registry=REGISTRY)
BULK_MESSAGES = Counter(
    "hive_bulk_messages", "Messages of batches, by what became of them: decided, dead, failed.", ["result"], registry=REGISTRY
)
QUEUE_LENGTH = Gauge("hive_queue_length", "Messages that wait or are under way.", registry=REGISTRY)
RESTARTS = Counter("hive_specialist_restarts", "Processes of specialists started again.", ["specialist"], registry=REGISTRY)
FEEDBACK = Counter("hive_feedback", "Outcomes reported for decisions: harmful, harmless.", ["outcome"], registry=REGISTRY)
DEPENDENCY_UP = Gauge("hive_dependency_up", "1 while a dependency answers well and in time, else 0.", ["name"], registry=REGISTRY)
READY = Gauge("hive_ready", "1 while this process is ready, else 0.", registry=REGISTRY)
REQUESTS = Counter("hive_requests", "HTTP requests, by route, method and status.", ["route", "method", "code"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "hive_request_seconds",
    "Seconds until the last byte of an HTTP answer, streams included.",
    ["route", "method"],
    buckets=_FAST,
    registry=REGISTRY,
)
BUILD_INFO = Gauge("hive_build_info", "Always 1; the version of this program.", ["version"], registry=REGISTRY)
MODEL_INFO = Gauge(
    "hive_model_info", "1 for the model that a specialist judges with.", ["specialist", "version", "source"], registry=REGISTRY
)
BUILD_INFO.labels(version=__version__).set(1)

OTHER = "other"
"""Stands in a label for everything that has no name of its own there."""

_DOCUMENTS = ("account", "card", "cep", "cnh", "cnpj", "cpf", "iban", "imei", "passport", "pis", "pix", "rg", "ssn", "voter")
KINDS = frozenset((*_DOCUMENTS, "email", "ip", "name", "phone", "private_key", "token", "weak_password"))
"""What `understanding.privacy` masks. A queue may bring other words."""

_OURS, _SERVER = "neural_hive", "uvicorn"  # what uvicorn says quotes no request
_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
_models: dict[str, tuple[str, str]] = {}


def decided(decision: Decision, seconds: float) -> None:
    """Count one recorded decision."""
    DECISIONS.labels(verdict=decision.verdict.value).inc()
    DECISION_SECONDS.observe(seconds)
    HARM_PROBABILITY.observe(decision.harm_probability)
    for name, opinion in decision.opinions.items():
        _risk_of(name).observe(opinion.risk)
    for finding in decision.understanding.pii:
        PII_MASKED.labels(kind=finding.kind if finding.kind in KINDS else OTHER).inc()


@cache
def _risk_of(specialist: str) -> Histogram:
    return SPECIALIST_RISK.labels(specialist=specialist)


def answered(route: str, method: str, code: int, seconds: float) -> None:
    """Count one HTTP request.

    Args:
        route: The template of its path, never the path itself; "" for a path that nobody serves.
        method: As the caller gave it.
        code: The status that was answered.
        seconds: Until the last byte.
    """
    key = (route or OTHER, known_method(method), code)
    known = _answers.get(key)
    if known is None:
        named = {"route": key[0], "method": key[1]}
        known = _answers[key] = (REQUESTS.labels(**named, code=str(code)), REQUEST_SECONDS.labels(**named))
    known[0].inc()
    known[1].observe(seconds)


def known_method(method: str) -> str:
    """A request's method, `other` for one that no route has."""
    return method if method in _METHODS else OTHER


def judges_with(specialist: str, model: ModelInfo, *, from_registry: bool) -> None:
    """Tell which model a specialist of this process judges with now, in the place of the one before.

    Args:
        specialist: Its name.
        model: As it describes itself.
        from_registry: Whether its models come from a registry; one that stands in for those is still a packaged one.
    """
    now = (model.version, "mlflow" if from_registry and not model.fallback else "packaged")
    before = _models.get(specialist)
    if before == now:
        return
    if before is not None:
        MODEL_INFO.remove(specialist, *before)
    _models[specialist] = now
    MODEL_INFO.labels(specialist, *now).set(1)


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
    """One line a record, as JSON or plain; exceptions without their messages.

    What libraries say may quote the text that they were given, so of those only the place is told from which they spoke.
    """

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, logger, event and the record's `fields`."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        fields: dict[str, Any] = dict(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = frames(record.exc_info[1])
        event = record.getMessage() if _is_ours(record.name) else f"{record.filename}:{record.lineno}:{record.funcName}"
        if self._as_json:
            line = {"time": stamp, "level": record.levelname.lower(), "logger": record.name, "event": event}
            return json.dumps(line | fields, ensure_ascii=False, default=str)
        speaker = "" if _is_ours(record.name) else f"{record.name} "
        tail = "".join(f" {name}={value}" for name, value in fields.items())
        return f"{stamp} {record.levelname.lower():<7} {speaker}{event}{tail}"


def configure_logging(level: str = "info", log_format: str = "plain") -> None:
    """Send every log line of this process to standard error in one format.

    Args:
        level: Of the hive itself; libraries are heard from warnings on, whatever it is.
        log_format: "plain" or "json".
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(as_json=log_format == "json"))
    handler.addFilter(_is_heard)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING))
    logging.getLogger(_OURS).setLevel(level.upper())


def _is_heard(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == _OURS


def _is_ours(logger: str) -> bool:
    return logger.partition(".")[0] in (_OURS, _SERVER)
