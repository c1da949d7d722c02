"""What a PromQL expression names: its metrics, its matchers, and every label that it mentions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from deploy.monitoring import grafana

HERE = Path(grafana.__file__).parent
GROUPS: list[dict[str, Any]] = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
RECORDS: dict[str, str] = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
ALERTS: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in RULES if "alert" in rule}

# What Grafana fills in before it asks.
CHOICES = {"$__rate_interval": "5m", "$namespace": ".*", "$specialist": "technical"}


@dataclass
class Query:
    """One expression, taken apart."""

    text: str
    metrics: list[str] = field(default_factory=list)
    matchers: list[tuple[str, str, str]] = field(default_factory=list)
    """Metric, label and what it is compared with, as `=value` or `=~pattern`, `!` before it when negated."""
    labels: set[str] = field(default_factory=set)
    """Named in by, without, on, ignoring or a group modifier."""
    made: set[str] = field(default_factory=set)
    """Set by label_replace."""


@cache
def taken_apart(text: str) -> Query:
    """An expression by its parts; raises ValueError when it is none."""
    found = Query(text)

    def visit(node: Any) -> None:
        if isinstance(node, promql.VectorSelector):
            _select(node, found)
        elif isinstance(node, promql.AggregateExpr) and node.modifier:
            found.labels |= set(node.modifier.labels)
        elif isinstance(node, promql.BinaryExpr) and node.modifier:
            found.labels |= set(node.modifier.matching.labels if node.modifier.matching else ()) | set(node.modifier.group_labels or ())
        elif isinstance(node, promql.Call) and node.func.name == "label_replace":
            found.made.add(node.args[1].val)
            found.labels.add(node.args[3].val)

    promql.walk(promql.parse(text), visit)
    return found


def _select(node: Any, found: Query) -> None:
    if node.name not in found.metrics:
        found.metrics.append(node.name)
    found.matchers += [(node.name, each.name, _operator(each) + each.value) for each in node.matchers.matchers]


def _operator(matcher: promql.Matcher) -> str:
    known = ((promql.MatchOp.Equal, "="), (promql.MatchOp.NotEqual, "!="), (promql.MatchOp.Re, "=~"), (promql.MatchOp.NotRe, "!~"))
    return next(sign for operator, sign in known if operator == matcher.op)


def panel_targets() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every question of every panel: dashboard, panel and target; the two languages ask the same."""
    for entry in grafana.source()["dashboard"]:
        for panel in grafana.dashboard(entry, "en")["panels"]:
            for target in panel.get("targets", []):
                yield entry["name"], panel, target


def asked(expr: str) -> str:
    """A panel's expression with Grafana's variables filled in."""
    for name, value in CHOICES.items():
        expr = expr.replace(name, value)
    return expr


@cache
def queries() -> dict[str, Query]:
    """Every expression of rules and panels, by where it stands."""
    found = {f"rule {rule.get('record') or rule['alert']}": taken_apart(rule["expr"]) for rule in RULES}
    panels = {f"{name} {panel['id']}: {panel['title']} {target['refId']}": asked(target["expr"]) for name, panel, target in panel_targets()}
    return found | {place: taken_apart(expr) for place, expr in panels.items()}
