"""Rules, panels and pages name only what the code measures; what it measures is shown; no label holds what a person wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase

from neural_hive import messages, telemetry
from neural_hive.bootstrap import open_hive
from neural_hive.gateway.app import create_app
from neural_hive.settings import load_settings
from neural_hive.specialists import registry
from neural_hive.types import Verdict
from tests.deploy.monitoring.queries import ALERTS, RECORDS, Query, queries, taken_apart

ROOT = Path(__file__).resolve().parents[3]

# What a scrape puts on every series, in Kubernetes and elsewhere; and what Prometheus says by itself.
SCRAPED = {"namespace", "pod", "job", "instance"}
BUILT_IN = {"up": set[str](), "ALERTS": {"alertname", "alertstate", "severity"}}

# Every label that a metric may have. Each has a closed set of values that the program chooses; none quotes a request.
LABELS = {"code", "error", "kind", "method", "name", "outcome", "reason", "result", "route", "source", "specialist", "verdict", "version"}

# What the caller below asks for, as the metrics tell it.
ASKED = (
    ("/api/v1/intents", "POST", 200),
    ("/api/v1/intents", "POST", 422),
    ("/api/v1/decisions/{decision_id}", "GET", 404),
    ("other", "GET", 404),
    ("/api/v1/intents", "other", 405),
)

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


@cache
def exposed() -> dict[str, frozenset[str]]:
    """Every series' name that the program shows, with its labels."""
    labels = {
        collector._name: set(collector._labelnames)
        for collector in telemetry.REGISTRY._collector_to_names
        if isinstance(collector, MetricWrapperBase)
    }
    return {
        family.name + suffix: frozenset(labels.get(family.name, set()) | ({"le"} if suffix == "_bucket" else set()))
        for family in telemetry.REGISTRY.collect()
        for suffix in SUFFIXES[family.type]
    }


@cache
def labels_of(metric: str) -> frozenset[str]:
    """The labels that a series may have, scraped or recorded, but for those of the scrape."""
    if metric in BUILT_IN:
        return frozenset(BUILT_IN[metric])
    return frozenset(labels_in(taken_apart(RECORDS[metric]))) if metric in RECORDS else exposed()[metric]


def labels_in(query: Query) -> set[str]:
    return query.made.union(*(labels_of(metric) for metric in query.metrics))


@cache
def values() -> dict[str, set[str]]:
    """What each label can be, as far as a matcher asks for it."""
    errors = {key.removeprefix("error.") for key in messages.catalogue() if key.startswith("error.")}
    voices = set(registry.names())
    return {
        "verdict": {verdict.value for verdict in Verdict},
        "error": errors,
        "specialist": voices,
        "name": {"ledger", "graph", "cache", "disk", "warm-up", "model", "models", "grpc"} | {f"specialist-{name}" for name in voices},
        "result": {"hit", "miss", "decided", "dead", "failed"},
        "code": {"200", "202", "404", "422", "500", "503"},
        "route": {"/api/v1/intents", "/api/v1/decisions/{decision_id}"},
        "alertname": set(ALERTS),
        "alertstate": {"pending", "firing"},
    }


@pytest.mark.parametrize("place", queries())
def test_an_expression_asks_for_what_the_code_has(place: str) -> None:
    assert not list(faults(queries()[place]))


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("rate(hive_decision_total[5m])", "no metric hive_decision_total"),
        ('hive_decisions_total{outcome="harmful"}', "no label outcome"),
        ("sum by (specialist) (hive_decisions_total)", "no label specialist"),
        ("hive_ready and on (name) hive_build_info", "no label name"),
        ('hive_decisions_total{verdict="approved"}', 'no value verdict="approved"'),
        ('hive_refusals_total{error=~"internal|ledger_unwriteable"}', 'no value error=~"internal|ledger_unwriteable"'),
        ('hive_decision_seconds_bucket{le="0.3"}', 'no value le="0.3"'),
    ],
)
def test_a_fault_is_found(expr: str, fault: str) -> None:
    assert list(faults(taken_apart(expr))) == [fault]


def faults(query: Query) -> Iterator[str]:
    """What an expression asks for that the code cannot give."""
    unknown = [name for name in query.metrics if name not in exposed() and name not in RECORDS and name not in BUILT_IN]
    yield from (f"no metric {name}" for name in unknown)
    if unknown:
        return
    yield from (f"no label {label}" for label in sorted(query.labels - labels_in(query) - SCRAPED))
    for metric, label, wanted in query.matchers:
        if label not in labels_of(metric) | SCRAPED:
            yield f"no label {label}"
        elif label not in SCRAPED and not possible(metric, label, wanted):
            sign, value = re.fullmatch(r"([=!~]+)(.*)", wanted).groups()  # type: ignore[union-attr]
            yield f'no value {label}{sign}"{value}"'


def possible(metric: str, label: str, wanted: str) -> bool:
    """Whether each alternative of what is wanted is a value that the label can have."""
    known = values_of(metric, label)
    pattern = wanted.lstrip("!=~")
    if "~" not in wanted[:2]:
        return pattern in known
    return all(any(re.fullmatch(each, value) for value in known) for each in pattern.split("|"))


def values_of(metric: str, label: str) -> set[str]:
    if label == "le":
        return {sample.labels["le"] for family in telemetry.REGISTRY.collect() for sample in family.samples if sample.name == metric}
    return values()[label]


def test_every_metric_is_shown_somewhere() -> None:
    used = {name for query in queries().values() for name in query.metrics}
    unseen = [
        family.name for family in telemetry.REGISTRY.collect() if not used & {family.name + suffix for suffix in SUFFIXES[family.type]}
    ]
    assert not unseen


def test_every_recording_rule_is_asked_for() -> None:
    assert RECORDS.keys() <= {name for query in queries().values() for name in query.metrics}


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("README*.md")]), ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_a_page_names_only_metrics_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    families = {family.name for family in telemetry.REGISTRY.collect()}
    named = set(re.findall(r"(?<![\w./{-])hive_[a-z_]+[a-z](?![\w(.])", text)) | set(re.findall(r"\bhive:[a-z_]+:\w+", text))
    assert not named - exposed().keys() - families - RECORDS.keys()


def test_labels_are_from_a_closed_list() -> None:
    assert set().union(*exposed().values()) <= LABELS | {"le"}


async def test_nothing_that_a_caller_writes_becomes_a_label(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    async with open_hive(settings) as hive:
        transport = httpx.ASGITransport(app=create_app(settings, hive))
        async with httpx.AsyncClient(transport=transport, base_url="http://hive") as caller:
            body = {
                "intent_text": "Drop the zanzibarella table, ask zanzibarella@example.com",
                "context": {"project": "zanzibarella", "domain": "zanzibarella", "priority": "zanzibarella"},
                "user_id": "zanzibarella",
            }
            assert (await caller.post("/api/v1/intents", json=body, headers={"Idempotency-Key": "zanzibarella"})).is_success
            await caller.get("/api/v1/decisions/zanzibarella")
            await caller.get("/zanzibarella", params={"zanzibarella": "zanzibarella"})
            await caller.request("ZANZIBARELLA", "/api/v1/intents")
            await caller.post("/api/v1/intents", json={"zanzibarella": 1}, headers={"Accept-Language": "zanzibarella"})
            told = (await caller.get("/metrics")).text
    assert "hive_decisions_total" in told
    assert all(f'hive_requests_total{{code="{code}",method="{method}",route="{route}"}}' in told for route, method, code in ASKED)
    assert "zanzibarella" not in told.lower()
