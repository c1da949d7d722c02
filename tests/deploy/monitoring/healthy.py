"""The hive on a good day, in Kubernetes: two gateways, four specialists in namespaces of their own, a worker. Every metric is there."""

from __future__ import annotations

from collections.abc import Iterator

SPECIALISTS = ("architecture", "behavior", "evolution", "technical")
MIB = 1_048_576


def series(steps: int, *, waiting: int = 2) -> dict[str, str]:
    """Every series, for so many steps, in promtool's notation; `waiting` messages are always in the queue."""
    gateways = [f'namespace="gateway", job="gateway", pod="gateway-{n}", instance="10.0.0.{n}:8000"' for n in (1, 2)]
    worker = 'namespace="gateway", job="worker", pod="worker-1", instance="10.0.0.3:8000"'
    made: dict[str, str] = {}
    for where in (*gateways, worker):
        made |= process(where, steps, 160, waiting) | decisions(where, steps)
    for where in gateways:
        made |= dict(requests(where, steps))
    for place, name in enumerate(SPECIALISTS):
        where = f'namespace="specialist-{name}", job="specialist-{name}", pod="{name}-1", instance="10.0.1.{place}:8000"'
        made |= process(where, steps, 110, 0) | {
            f'hive_model_info{{specialist="{name}", version="1.a", source="packaged", {where}}}': still(1, steps),
            f'hive_dependency_up{{name="grpc", {where}}}': still(1, steps),
            f'hive_dependency_up{{name="model", {where}}}': still(1, steps),
        }
    return made | {
        f'hive_bulk_messages_total{{result="decided", {worker}}}': steady(20, steps),
        f'hive_bulk_messages_total{{result="failed", {worker}}}': still(1, steps),
    }


def process(where: str, steps: int, memory: int, waiting: int) -> dict[str, str]:
    """What every process shows; `memory` is in MiB."""
    values = {
        "up": still(1, steps),
        f'hive_build_info{{version="1", {where}}}': still(1, steps),
        "hive_ready": still(1, steps),
        "hive_queue_length": still(waiting, steps),
        "process_start_time_seconds": still(0, steps),
        "process_resident_memory_bytes": still(memory * MIB, steps),
        "process_cpu_seconds_total": steady(2, steps),
        "hive_graph_failures_total": still(0, steps),
        "hive_limiter_fallbacks_total": still(0, steps),
    }
    return {name if "{" in name else f"{name}{{{where}}}": value for name, value in values.items()}


def decisions(where: str, steps: int) -> dict[str, str]:
    """What a process shows that decides: 60 decisions in each step, 58 of 60 quick enough to be within every bucket."""
    made = {f'hive_dependency_up{{name="{name}", {where}}}': still(1, steps) for name in ("cache", "disk", "graph", "ledger", "warm-up")}
    for verdict, each in {"approve": 30, "conditional": 12, "review_required": 12, "reject": 6}.items():
        made[f'hive_decisions_total{{verdict="{verdict}", {where}}}'] = steady(each, steps)
    made |= histogram("hive_decision_seconds", where, {"0.005": 1000, "0.25": 2000, "+Inf": 2005}, steps)
    made |= histogram("hive_harm_probability", where, {"0.1": 30, "0.5": 48, "1.0": 60, "+Inf": 60}, steps)
    for name in SPECIALISTS:
        whose = f'specialist="{name}", {where}'
        made[f'hive_dependency_up{{name="specialist-{name}", {where}}}'] = still(1, steps)
        made |= histogram("hive_opinion_seconds", whose, {"0.005": 55, "+Inf": 60}, steps)
        made |= histogram("hive_specialist_risk", whose, {"0.1": 25, "0.5": 45, "1.0": 60, "+Inf": 60}, steps)
    made[f'hive_abstentions_total{{specialist="technical", reason="deadline", {where}}}'] = steady(1, steps)
    return made


def requests(where: str, steps: int) -> Iterator[tuple[str, str]]:
    """What a gateway answers: one error in four thousand."""
    for route, method, code, each in (
        ("/api/v1/intents", "POST", 200, 3999),
        ("/api/v1/intents", "POST", 503, 1),
        ("/api/v1/intents", "POST", 422, 40),
        ("/ready", "GET", 200, 6),
        ("other", "GET", 404, 9),
    ):
        yield f'hive_requests_total{{route="{route}", method="{method}", code="{code}", {where}}}', steady(each, steps)
    yield f'hive_refusals_total{{error="empty_intent", {where}}}', steady(40, steps)


def histogram(name: str, labels: str, buckets: dict[str, int], steps: int) -> dict[str, str]:
    """How many new values fall into each cumulative bucket in one step."""
    made = {f'{name}_bucket{{le="{le}", {labels}}}': steady(each, steps) for le, each in buckets.items()}
    return made | {f"{name}_count{{{labels}}}": steady(buckets["+Inf"], steps)}


def still(value: int, steps: int) -> str:
    """A value that stays as it is."""
    return f"{value}x{steps}"


def steady(each: int, steps: int) -> str:
    """A counter that grows evenly."""
    return f"0+{each}x{steps}"
