"""The cases of the objectives: latency and errors; see cases.py."""

from __future__ import annotations

from tests.deploy.monitoring.cases import COMPOSE, GATEWAY, IN_COMPOSE, IN_KUBERNETES, Case


def reviews(where: str, count: str, quick: str) -> dict[str, str]:
    """Reviews, and those of them within the objective."""
    return {f"hive_decision_seconds_count{{{where}}}": count, f'hive_decision_seconds_bucket{{le="0.25", {where}}}': quick}


def requests(where: str, good: str, bad: str) -> dict[str, str]:
    """Requests answered with 200 and with 503, beside probes that are always answered with 503."""
    return {
        f'hive_requests_total{{route="/api/v1/intents", method="POST", code="200", {where}}}': good,
        f'hive_requests_total{{route="/api/v1/intents", method="POST", code="503", {where}}}': bad,
        f'hive_requests_total{{route="/ready", method="GET", code="503", {where}}}': "0+60x5000",
    }


SLO = [
    Case(
        alert="HiveLatencyBudgetBurnsFast",
        why="half of the reviews are slow",
        series=reviews(GATEWAY, "0+60x420", "0+60x360 21630+30x60"),
        silent="6h 6h19m",
        fires="6h25m",
        labels=IN_KUBERNETES,
        value="50%",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsFast",
        why="a tenth has been slow for hours",
        series=reviews(COMPOSE, "0+300x160", "0+300x72 21600+270x88"),
        silent="6h 8h",
        fires="11h",
        labels=IN_COMPOSE,
        value="10%",
        step="5m",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsFast",
        why="five slow minutes in a day are within the budget",
        series=reviews(GATEWAY, "0+60x480", "0+60x360 21600+0x5 21600+60x115"),
        silent="6h4m 6h6m 6h10m 7h",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsFast",
        why="four slow reviews, and no others, wake nobody",
        series=reviews(GATEWAY, "0x60 1x10 2x10 3x10 4x30", "0x120"),
        silent="1h5m 1h15m 1h25m 1h35m",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsSlowly",
        why="4 % have been slow for a day, in which there were few",
        series=reviews(GATEWAY, "0+3000x98 294300+300x70", "0+3000x98 294288+288x70"),
        silent="2d",
        fires="3d3h",
        labels=IN_KUBERNETES,
        value="4%",
        step="30m",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsSlowly",
        why="2 % have been slow for three days",
        series=reviews(COMPOSE, "0+300x217", "0+300x50 15000+294x167"),
        silent="1d",
        fires="4d",
        labels=IN_COMPOSE,
        value="2%",
        step="30m",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsSlowly",
        why="half of the budget may be used",
        series=reviews(GATEWAY, "0+600x217", "0+597x217"),
        silent="1d 2d 4d",
        step="30m",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsSlowly",
        why="two bad hours in three days are within the budget",
        series=reviews(GATEWAY, "0+300x217", "0+300x150 45270+270x3 46380+300x60"),
        silent="3d4h30m 3d5h 3d6h 3d8h",
        step="30m",
    ),
    Case(
        alert="HiveLatencyBudgetBurnsSlowly",
        why="four slow reviews, and no others, are no trend",
        series=reviews(GATEWAY, "0x50 1x3 2x3 3x3 4x30", "0x100"),
        silent="1d2h 1d4h 1d6h 1d8h",
        step="30m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsFast",
        why="one request in twenty fails",
        series=requests(GATEWAY, "0+60x360 21600+57x60", "0x360 0+3x60"),
        silent="6h 6h19m",
        fires="6h25m",
        labels=IN_KUBERNETES,
        value="5%",
    ),
    Case(
        alert="HiveErrorBudgetBurnsFast",
        why="five bad minutes in a day are within the budget",
        series=requests(GATEWAY, "0+60x360 21600+54x5 21870+60x60", "0x360 0+6x5 30x60"),
        silent="6h4m 6h6m 6h9m 7h",
    ),
    Case(
        alert="HiveErrorBudgetBurnsFast",
        why="1 % has failed for hours",
        series=requests(COMPOSE, "0+2500x72 180000+2475x88", "0x72 0+25x88"),
        silent="6h",
        fires="11h",
        labels=IN_COMPOSE,
        value="1%",
        step="5m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsFast",
        why="four errors are too few, and probes do not count",
        series=requests(GATEWAY, "0+1x120", "0x60 1x10 2x10 3x10 4x30"),
        silent="1h5m 1h16m 1h27m 1h38m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsSlowly",
        why="0.4 % have failed for a day, in which there were few",
        series=requests(GATEWAY, "0+9000x98 882498+498x70", "0x98 2+2x70"),
        silent="2d",
        fires="3d3h",
        labels=IN_KUBERNETES,
        value="0.4%",
        step="30m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsSlowly",
        why="0.2 % have failed for three days",
        series=requests(COMPOSE, "0+500x50 25000+499x167", "0x50 0+1x167"),
        silent="1d",
        fires="4d8h",
        labels=IN_COMPOSE,
        value="0.2%",
        step="30m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsSlowly",
        why="half of the budget may be used",
        series=requests(GATEWAY, "0+1999x217", "0+1x217"),
        silent="1d 2d 4d",
        step="30m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsSlowly",
        why="two bad hours in three days are within the budget",
        series=requests(GATEWAY, "0+500x150 75495+495x3 77480+500x60", "0x150 5+5x3 20x60"),
        silent="3d4h30m 3d5h 3d6h 3d8h",
        step="30m",
    ),
    Case(
        alert="HiveErrorBudgetBurnsSlowly",
        why="four errors are no trend",
        series=requests(GATEWAY, "0+1x100", "0x50 1x3 2x3 3x3 4x30"),
        silent="1d2h 1d4h 1d6h 1d8h",
        step="30m",
    ),
]
