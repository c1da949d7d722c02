"""The cases of stores, queue and decisions; see cases.py."""

from __future__ import annotations

from tests.deploy.monitoring.cases import COMPOSE, GATEWAY, IN_COMPOSE, IN_KUBERNETES, OTHER, Case


def up(name: str, where: str, values: str) -> dict[str, str]:
    """A dependency as one process sees it."""
    return {f'hive_dependency_up{{name="{name}", {where}}}': values}


def refusals(error: str, where: str, values: str) -> dict[str, str]:
    """Refusals of a process that was there before them."""
    return {f'hive_refusals_total{{error="{error}", {where}}}': values, f'hive_build_info{{version="1", {where}}}': "1x120"}


def distribution(name: str, extra: str, before: tuple[int, int], after: tuple[int, int]) -> dict[str, str]:
    """Eight days and three hours in steps of half an hour: how many new values each time, and how many of them up to 0.1."""
    (many, low), (many_after, low_after) = before, after
    at, at_low = many * 384, low * 384
    top = f"0+{many}x384 {at + many_after}+{many_after}x6"
    return {
        f'{name}_bucket{{le="0.1", {extra}{GATEWAY}}}': f"0+{low}x384 {at_low + low_after}+{low_after}x6",
        f'{name}_bucket{{le="1.0", {extra}{GATEWAY}}}': top,
        f'{name}_bucket{{le="+Inf", {extra}{GATEWAY}}}': top,
        f"{name}_count{{{extra}{GATEWAY}}}": top,
    }


STORES = [
    Case(
        alert="HiveLedgerDown",
        why="one of two gateways cannot use it",
        series=up("ledger", GATEWAY, "1x10 0x10") | up("ledger", OTHER, "1x20"),
        silent="10m 11m",
        fires="13m",
        labels=IN_KUBERNETES | {"name": "ledger"},
    ),
    Case(
        alert="HiveLedgerNotWritable",
        why="the very first refusal counts",
        series=refusals("ledger_unanswered", GATEWAY, "_x30 1x60"),
        silent="29m",
        fires="30m",
        labels=IN_KUBERNETES | {"error": "ledger_unanswered"},
        value="1",
    ),
    Case(
        alert="HiveLedgerNotWritable",
        why="refusals in a process that has just started",
        series=refusals("ledger_unwritable", COMPOSE, "_x20 3x30")
        | {f'hive_build_info{{version="1", {COMPOSE}}}': "_x20 1x30", f"process_start_time_seconds{{{COMPOSE}}}": "_x20 1190x30"},
        silent="19m",
        fires="21m",
        labels=IN_COMPOSE | {"error": "ledger_unwritable"},
        value="3",
    ),
    Case(
        alert="HiveLedgerNotWritable",
        why="what an old process counted before it was first scraped is past",
        series={
            f'hive_refusals_total{{error="ledger_unwritable", {GATEWAY}}}': "_x90 7x30",
            f'hive_build_info{{version="1", {GATEWAY}}}': "_x90 1x30",
            f"process_start_time_seconds{{{GATEWAY}}}": "_x90 60x30",
        },
        silent="90m 95m 110m",
    ),
    Case(
        alert="HiveLedgerNotWritable",
        why="a caller's mistakes are none of the ledger",
        series=refusals("empty_intent", GATEWAY, "0+10x60"),
        silent="20m 40m",
    ),
    Case(
        alert="HiveLedgerAltered",
        why="a proof does not hold",
        series=refusals("ledger_tampered", GATEWAY, "0x30 1x60"),
        silent="30m",
        fires="32m",
        labels=IN_KUBERNETES | {"error": "ledger_tampered"},
    ),
    Case(
        alert="HiveDependencyDown",
        why="the graph has been away for ten minutes; ledger and specialists have alerts of their own",
        series=up("graph", GATEWAY, "1x10 0x20") | up("ledger", GATEWAY, "0x30") | up("specialist-technical", GATEWAY, "0x30"),
        silent="10m 20m",
        fires="22m",
        labels=IN_KUBERNETES | {"name": "graph"},
    ),
    Case(
        alert="HiveGraphFails",
        why="its calls fail all the time",
        series={f"hive_graph_failures_total{{{GATEWAY}}}": "0x20 0+6x40"},
        silent="20m 30m",
        fires="38m",
        labels=IN_KUBERNETES,
    ),
    Case(
        alert="HiveGraphFails",
        why="a short outage is over before anyone has to look",
        series={f"hive_graph_failures_total{{{GATEWAY}}}": "0x20 0+6x5 30x40"},
        silent="26m 36m 40m",
    ),
    Case(
        alert="HiveCacheFails",
        why="its calls fail all the time, for several reasons",
        series={
            f'hive_cache_failures_total{{reason="late", {COMPOSE}}}': "0x20 0+6x40",
            f'hive_cache_failures_total{{reason="away", {COMPOSE}}}': "0x20 0+6x40",
        },
        silent="20m 30m",
        fires="38m",
        labels=IN_COMPOSE,
    ),
    Case(
        alert="HiveRateLimitsApart",
        why="counts are not shared",
        series={f"hive_limiter_fallbacks_total{{{GATEWAY}}}": "0x20 0+6x40"},
        silent="20m 30m",
        fires="38m",
        labels=IN_KUBERNETES,
    ),
]

QUEUE = [
    Case(
        alert="HiveQueueGrows",
        why="more comes than goes",
        series={f"hive_queue_length{{{GATEWAY}}}": "0x10 0+40x90", f"hive_queue_length{{{OTHER}}}": "0x10 0+40x90"},
        silent="10m 36m 48m",
        fires="1h",
        labels=IN_KUBERNETES,
        value="1960",
    ),
    Case(
        alert="HiveQueueGrows",
        why="a great batch that is being worked off",
        series={f"hive_queue_length{{{GATEWAY}}}": "0x10 5000-40x100"},
        silent="40m 1h 1h20m",
    ),
    Case(
        alert="HiveQueueStalls",
        why="the workers are gone",
        series={
            f"hive_queue_length{{{COMPOSE}}}": "0x10 7x60",
            'hive_bulk_messages_total{result="decided", job="worker", instance="worker:8000"}': "0+5x10 50x60",
        },
        silent="10m 25m 29m",
        fires="33m",
        value="7",
    ),
    Case(
        alert="HiveQueueStalls",
        why="the queue is never empty, and is being worked off",
        series={
            f"hive_queue_length{{{COMPOSE}}}": "7x70",
            'hive_bulk_messages_total{result="decided", job="worker", instance="worker:8000"}': "0+5x70",
        },
        silent="25m 40m 60m",
    ),
    Case(
        alert="HiveDeadLetters",
        why="the very first one counts",
        series={
            f'hive_bulk_messages_total{{result="dead", {GATEWAY}}}': "_x30 2x60",
            f'hive_bulk_messages_total{{result="decided", {GATEWAY}}}': "0+5x90",
            f'hive_build_info{{version="1", {GATEWAY}}}': "1x90",
        },
        silent="29m",
        fires="30m",
        labels=IN_KUBERNETES | {"result": "dead"},
        value="2",
    ),
]

DECISIONS = [
    Case(
        alert="HiveInternalErrors",
        why="the very first one counts",
        series=refusals("internal", COMPOSE, "_x30 1x60") | refusals("empty_intent", COMPOSE, "0+5x90"),
        silent="29m",
        fires="30m",
        labels=IN_COMPOSE | {"error": "internal"},
        value="1",
    ),
    Case(
        alert="HiveVerdictsAllAlike",
        why="everything has been approved for a day",
        series={
            f'hive_decisions_total{{verdict="approve", {GATEWAY}}}': "0+30x70",
            f'hive_decisions_total{{verdict="approve", {OTHER}}}': "0+30x70",
            f'hive_decisions_total{{verdict="reject", {GATEWAY}}}': "0+6x17 102x53",
        },
        silent="8h 1d4h",
        fires="1d10h",
        labels=IN_KUBERNETES | {"verdict": "approve"},
        step="30m",
    ),
    Case(
        alert="HiveVerdictsAllAlike",
        why="a hundred alike may be chance",
        series={f'hive_decisions_total{{verdict="approve", {GATEWAY}}}': "0+6x16 96x60"},
        silent="6h 12h 1d",
        step="30m",
    ),
    Case(
        alert="HiveHarmDrifts",
        why="nothing is harmless any more",
        series=distribution("hive_harm_probability", "", (100, 90), (100, 10)),
        silent="8d",
        fires="8d2h",
        labels=IN_KUBERNETES,
        value="79.52%",
        step="30m",
    ),
    Case(
        alert="HiveHarmDrifts",
        why="a dozen decisions an hour prove nothing",
        series=distribution("hive_harm_probability", "", (100, 90), (6, 0)),
        silent="8d 8d1h 8d2h",
        step="30m",
    ),
    Case(
        alert="HiveHarmDrifts",
        why="a little more caution is no drift",
        series=distribution("hive_harm_probability", "", (100, 90), (100, 80)),
        silent="8d 8d1h 8d2h",
        step="30m",
    ),
    Case(
        alert="HiveSpecialistDrifts",
        why="one specialist sees danger everywhere",
        series=distribution("hive_specialist_risk", 'specialist="technical", ', (100, 90), (100, 10))
        | distribution("hive_specialist_risk", 'specialist="behavior", ', (100, 90), (100, 90)),
        silent="8d",
        fires="8d2h",
        labels=IN_KUBERNETES | {"specialist": "technical"},
        value="79.52%",
        step="30m",
    ),
]
