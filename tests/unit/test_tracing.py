from __future__ import annotations

import subprocess
import sys
import time

import pytest

from neural_hive.settings import Traces
from neural_hive.tracing import carried, span, tracing
from tests.collector import collector

PARENT = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "accept": "*/*"}


def test_without_an_endpoint_nothing_is_traced_and_nothing_is_carried() -> None:
    with tracing(Traces(), "hive-gateway"), span("review") as noted:
        noted.note(hive__verdict="approve")
        assert carried() == {}


def test_without_an_endpoint_the_sdk_is_not_even_loaded() -> None:
    code = "import sys, neural_hive.tracing; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_span_has_its_parent_its_attributes_and_its_service() -> None:
    with (
        collector() as taken,
        tracing(Traces(endpoint=taken.url), "hive-gateway"),
        span("POST /api/v1/intents", "server") as outer,
        span("conclude", hive__verdict="reject"),
    ):
        outer.note(http__response__status_code=200)
    outer_span, inner = taken.named("POST /api/v1/intents"), taken.named("conclude")
    assert (inner.parent, inner.trace) == (outer_span.id, outer_span.trace)
    assert (outer_span.service, outer_span.kind, outer_span.parent) == ("hive-gateway", 2, "")
    assert outer_span.attributes == {"http.response.status_code": 200}
    assert inner.attributes == {"hive.verdict": "reject"}


def test_the_trace_of_a_caller_is_continued_and_handed_on() -> None:
    with collector() as taken, tracing(Traces(endpoint=taken.url, sample=0), "hive-gateway"), span("serve", "server", PARENT):
        handed = carried()["traceparent"].split("-")
    served = taken.named("serve")
    assert (served.trace, served.parent) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert handed[1:3] == [served.trace, served.id]


@pytest.mark.parametrize("header", ["", "00-zz-11-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x" * 10_000])
def test_a_header_that_is_none_begins_a_new_trace(header: str) -> None:
    with collector() as taken, tracing(Traces(endpoint=taken.url), "hive-gateway"), span("serve", "server", {"traceparent": header}):
        pass
    assert taken.named("serve").parent == ""


def test_a_failure_is_told_without_its_message() -> None:
    with collector() as taken, tracing(Traces(endpoint=taken.url), "hive-gateway"), pytest.raises(ValueError, match="secret"), span("plan"):
        raise ValueError("secret words of the caller")
    told = taken.named("plan")
    assert (told.failed, told.events, told.attributes) == (True, 0, {"error.type": "ValueError"})
    assert b"secret" not in taken.raw


@pytest.mark.parametrize(("sample", "expected"), [(0.0, 0), (1.0, 20)])
def test_the_share_that_is_asked_for_is_sent(sample: float, expected: int) -> None:
    with collector() as taken, tracing(Traces(endpoint=taken.url, sample=sample), "hive-gateway"):
        for _ in range(20):
            with span("review"):
                pass
    assert len(taken.spans) == expected


def test_a_collector_that_is_away_holds_up_nobody() -> None:
    with collector() as gone:
        url = gone.url
    with tracing(Traces(endpoint=url), "hive-gateway"):
        start = time.perf_counter()
        for _ in range(200):
            with span("review"):
                pass
        spent = time.perf_counter() - start
    assert spent < 1.0
    assert time.perf_counter() - start < 15.0  # the last batch has its deadline


def test_a_whole_url_of_traces_is_taken_as_it_is() -> None:
    with collector() as taken, tracing(Traces(endpoint=f"{taken.url}/v1/traces"), "hive-worker"), span("work"):
        pass
    assert taken.named("work").service == "hive-worker"


def test_a_long_state_of_a_trace_is_not_handed_on() -> None:
    """It travels beside the token, in headers that must not grow too long."""
    long = ",".join(f"v{number}={'x' * 250}" for number in range(32))
    for state, kept in ((long, ""), ("vendor=1", "vendor=1")):
        carrier = PARENT | {"tracestate": state}
        with collector() as taken, tracing(Traces(endpoint=taken.url), "hive-gateway"), span("serve", "server", carrier):
            assert carried().get("tracestate", "") == kept


def test_a_collector_that_is_away_holds_up_no_end() -> None:
    code = """
from neural_hive.settings import Traces
from neural_hive.tracing import span, tracing
with tracing(Traces(endpoint="http://127.0.0.1:1"), "hive-gateway"):
    for _ in range(2000):
        with span("plan"):
            pass
"""
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60).returncode == 0
    assert time.monotonic() - began < 12  # five seconds, and a start on a machine that is busy
