"""When each alert has to fire and when it must not, in promtool's notation: `0+60x10` is 0, then ten times 60 more; `_` is no sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# As a ServiceMonitor scrapes it (GATEWAY, OTHER, TECHNICAL), and as deploy/prometheus.yml does (COMPOSE, WORKER).
GATEWAY = 'namespace="hive", job="gateway", pod="gateway-1", instance="10.0.0.1:8000"'
OTHER = 'namespace="hive", job="gateway", pod="gateway-2", instance="10.0.0.2:8000"'
TECHNICAL = 'namespace="specialist-technical", job="specialist-technical", pod="specialist-technical-1", instance="10.0.0.3:8000"'
COMPOSE = 'job="gateway", instance="gateway:8000"'
WORKER = 'job="worker", instance="worker:8000"'

IN_KUBERNETES = {"namespace": "hive", "job": "gateway"}
IN_COMPOSE = {"job": "gateway"}
ON_POD = IN_KUBERNETES | {"pod": "gateway-1", "instance": "10.0.0.1:8000"}


@dataclass(frozen=True)
class Case:
    """One alert over one course of events."""

    alert: str
    why: str
    series: Mapping[str, str]
    silent: str = ""
    """When it must not fire, such as "9m"; several between blanks."""
    fires: str = ""
    """When it has to fire; "" for never."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Those of the alert that fires, but for its name and severity."""
    value: str = ""
    """What its description says of the value, where it does."""
    step: str = "1m"
    """Time between two samples, and between two evaluations."""

    @property
    def name(self) -> str:
        """For pytest."""
        return f"{self.alert}: {self.why}"


PROCESSES = [
    Case(
        alert="HiveAbsent",
        why="the last process is gone",
        series={f'hive_build_info{{version="1", {GATEWAY}}}': "1x10 stale"},
        silent="10m 14m",
        fires="17m",
    ),
    Case(
        alert="HiveGatewayAbsent",
        why="the last of two gateways is gone, specialists and a worker run",
        series={
            f'hive_requests_total{{route="/health", method="GET", code="200", {GATEWAY}}}': "0+6x10 stale",
            f'hive_requests_total{{route="/health", method="GET", code="200", {OTHER}}}': "0+6x20 stale",
            f'hive_build_info{{version="1", {TECHNICAL}}}': "1x40",
            f'hive_build_info{{version="1", {WORKER}}}': "1x40",
        },
        silent="10m 20m 25m",
        fires="27m",
    ),
    Case(
        alert="HiveGatewayAbsent",
        why="it never started",
        series={f'hive_build_info{{version="1", {TECHNICAL}}}': "1x40"},
        silent="4m",
        fires="6m",
    ),
    Case(
        alert="HiveGatewayAbsent",
        why="a gateway that only its probes ask is there, before it has counted anything and after",
        series={
            f'hive_build_info{{version="1", {TECHNICAL}}}': "1x40",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x40",
            f'hive_requests_total{{route="/ready", method="GET", code="200", {GATEWAY}}}': "_ 1+6x39",
        },
        silent="0m 1m 10m 20m 40m",
    ),
    Case(
        alert="HiveGatewayAbsent",
        why="the last process of all is gone: HiveAbsent tells",
        series={
            f'hive_requests_total{{route="/health", method="GET", code="200", {GATEWAY}}}': "0+6x10 stale",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x10 stale",
        },
        silent="10m 20m 40m",
    ),
    Case(
        alert="HiveAbsent",
        why="specialists are there: HiveGatewayAbsent tells",
        series={f'hive_build_info{{version="1", {TECHNICAL}}}': "1x40"},
        silent="4m 20m 40m",
    ),
    Case(
        alert="HiveTargetDown",
        why="it was scraped before; another program's target is not ours",
        series={
            f"up{{{GATEWAY}}}": "1x10 0x20",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x10 stale",
            'up{job="node", instance="10.0.0.9:9100"}': "0x30",
        },
        silent="10m 14m",
        fires="17m",
        labels=ON_POD,
    ),
    Case(
        alert="HiveTargetDown",
        why="without namespaces",
        series={f"up{{{COMPOSE}}}": "1x10 0x20", f'hive_build_info{{version="1", {COMPOSE}}}': "1x10 stale"},
        silent="14m",
        fires="17m",
        labels=IN_COMPOSE | {"instance": "gateway:8000"},
    ),
    Case(
        alert="HiveNotReady",
        why="the second of two replicas goes as well",
        series={
            f"hive_ready{{{GATEWAY}}}": "0x30",
            f"hive_ready{{{OTHER}}}": "1x10 0x20",
            f'hive_dependency_up{{name="disk", {GATEWAY}}}': "0x30",
            f'hive_dependency_up{{name="disk", {OTHER}}}': "1x10 0x20",
        },
        silent="10m 12m",
        fires="14m",
        labels=IN_KUBERNETES,
    ),
    Case(
        alert="HiveNotReady",
        why="a worker that has looked at nothing yet",
        series={f"hive_ready{{{WORKER}}}": "0x30"},
        silent="10m 20m 30m",
    ),
    Case(
        alert="HiveNotReady",
        why="a worker looks at its dependencies as a gateway does",
        series={f"hive_ready{{{WORKER}}}": "1x10 0x20", f'hive_dependency_up{{name="ledger", {WORKER}}}': "1x10 0x20"},
        silent="10m 12m",
        fires="14m",
        labels={"job": "worker"},
    ),
    Case(
        alert="HiveReadinessFlaps",
        why="ready and unready by turns",
        series={f"hive_ready{{{GATEWAY}}}": "1x30 0 1 0 1 0 1 0 1 0 1 0 1 0 1"},
        silent="30m 38m",
        fires="42m",
        labels=ON_POD,
        value="12",
    ),
    Case(
        alert="HiveReadinessFlaps",
        why="one rollout is no flapping",
        series={f"hive_ready{{{GATEWAY}}}": "1x30 0x2 1x30"},
        silent="31m 35m 40m",
    ),
    Case(
        alert="HiveProcessRestarts",
        why="three starts in half an hour; another program's do not count",
        series={
            f"process_start_time_seconds{{{GATEWAY}}}": "0x30 1800x5 2100x5 2400x20",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x60",
            'process_start_time_seconds{job="node", instance="10.0.0.9:9100"}': "0+60x60",
        },
        silent="30m 41m",
        fires="43m",
        labels=ON_POD,
        value="3",
    ),
    Case(
        alert="HiveMemoryHigh",
        why="a gateway near its limit; another program may have more",
        series={
            f"process_resident_memory_bytes{{{GATEWAY}}}": "300000000x20 450000000x30",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x50",
            'process_resident_memory_bytes{job="node", instance="10.0.0.9:9100"}': "900000000x50",
        },
        silent="20m 34m",
        fires="37m",
        labels=ON_POD,
        value="429.2Mi",
    ),
    Case(
        alert="HiveMemoryHigh",
        why="a specialist's limit is lower",
        series={
            f"process_resident_memory_bytes{{{TECHNICAL}}}": "120000000x20 230000000x30",
            f'hive_build_info{{version="1", {TECHNICAL}}}': "1x50",
            f'hive_dependency_up{{name="grpc", {TECHNICAL}}}': "1x50",
            f"process_resident_memory_bytes{{{GATEWAY}}}": "230000000x50",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x50",
        },
        silent="20m 34m",
        fires="37m",
        labels={
            "namespace": "specialist-technical",
            "job": "specialist-technical",
            "pod": "specialist-technical-1",
            "instance": "10.0.0.3:8000",
        },
        value="219.3Mi",
    ),
    Case(
        alert="HiveVersionsDiffer",
        why="a rollout that stops half-way",
        series={
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x120",
            f'hive_build_info{{version="1", {OTHER}}}': "1x20 stale",
            f'hive_build_info{{version="2", {OTHER}}}': "_x21 1x100",
        },
        silent="20m 1h10m",
        fires="1h23m",
        labels=IN_KUBERNETES,
        value="2",
    ),
]

SPECIALISTS = [
    Case(
        alert="HiveSpecialistSilent",
        why="it abstains whatever it is asked",
        series={
            f'hive_opinion_seconds_count{{specialist="technical", {GATEWAY}}}': "0+6x10 60x30",
            f'hive_opinion_seconds_count{{specialist="behavior", {GATEWAY}}}': "0+6x40",
            f'hive_abstentions_total{{specialist="technical", reason="deadline", {GATEWAY}}}': "_x10 1+3x30",
            f'hive_abstentions_total{{specialist="technical", reason="unavailable", {GATEWAY}}}': "_x10 1+3x30",
        },
        silent="10m 15m",
        fires="22m",
        labels=IN_KUBERNETES | {"specialist": "technical"},
    ),
    Case(
        alert="HiveSpecialistSilent",
        why="no gateway reaches it",
        series={
            f'hive_dependency_up{{name="specialist-technical", {COMPOSE}}}': "1x10 0x20",
            f'hive_dependency_up{{name="specialist-behavior", {COMPOSE}}}': "1x30",
            f'hive_dependency_up{{name="cache", {COMPOSE}}}': "0x30",
        },
        silent="10m 14m",
        fires="17m",
        labels=IN_COMPOSE | {"specialist": "technical"},
    ),
    Case(
        alert="HiveSpecialistSilent",
        why="one of two gateways still reaches it",
        series={
            f'hive_dependency_up{{name="specialist-technical", {GATEWAY}}}': "0x30",
            f'hive_dependency_up{{name="specialist-technical", {OTHER}}}': "1x30",
        },
        silent="10m 20m 30m",
    ),
    Case(
        alert="HiveAbstentionsFrequent",
        why="one answer in ten",
        series={
            f'hive_opinion_seconds_count{{specialist="technical", {GATEWAY}}}': "0+60x60 3600+54x60",
            f'hive_abstentions_total{{specialist="technical", reason="deadline", {GATEWAY}}}': "0x60 0+6x60",
            f'hive_opinion_seconds_count{{specialist="behavior", {GATEWAY}}}': "0+60x120",
        },
        silent="1h 1h25m",
        fires="1h50m",
        labels=IN_KUBERNETES | {"specialist": "technical"},
        value="10%",
    ),
    Case(
        alert="HiveSpecialistRestarts",
        why="its process dies again and again",
        series={f'hive_specialist_restarts_total{{specialist="technical", {COMPOSE}}}': "1x30 2x5 3x5 4x30"},
        silent="30m 39m",
        fires="50m",
        labels=IN_COMPOSE | {"specialist": "technical"},
        value="3",
    ),
    Case(
        alert="HiveModelsDiffer",
        why="one replica did not get the new model",
        series={
            f'hive_model_info{{specialist="technical", version="1.a", source="mlflow", {TECHNICAL}}}': "1x90",
            f'hive_model_info{{specialist="technical", version="1.a", source="mlflow", {TECHNICAL.replace("-1", "-2")}}}': "1x20 stale",
            f'hive_model_info{{specialist="technical", version="1.b", source="mlflow", {TECHNICAL.replace("-1", "-2")}}}': "_x21 1x70",
        },
        silent="20m 40m",
        fires="53m",
        labels={"namespace": "specialist-technical", "job": "specialist-technical", "specialist": "technical"},
        value="2",
    ),
]
