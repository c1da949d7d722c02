"""rules.yaml from alerts.toml and records.toml: the objectives filled in, one recording rule for each window."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Template
from textwrap import dedent
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
RUNBOOK = "docs/en/troubleshooting.md"
HEAD = """\
# Written by `python -m deploy.monitoring` from alerts.toml and records.toml beside this file: change those.
# Check: promtool check rules deploy/monitoring/rules.yaml
"""

Rule = dict[str, Any]
Group = dict[str, Any]


@cache
def alerts() -> tuple[dict[str, str], ...]:
    """The alerts as they stand in alerts.toml: name, group, severity, for, expr, summary_en, summary_pt, description."""
    return tuple(_read("alerts.toml")["alert"])


@cache
def objectives() -> dict[str, str]:
    """The numbers that rules and panels compare with, by name."""
    found: dict[str, str] = _read("alerts.toml")["objectives"]
    return found


def anchor(alert: str) -> str:
    """Where an alert's section begins on the troubleshooting page: "HiveLedgerDown" is at "hive-ledger-down"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower()


def filled(text: str, **names: str) -> str:
    """A text with the objectives and `names` in the places of `$name`; what Prometheus itself fills in stays."""
    return Template(dedent(text).strip()).safe_substitute(objectives(), **names)


def groups() -> list[Group]:
    """Every group of rules, recording rules first."""
    return [*_recording(), *_alerting()]


def text() -> str:
    """What has to stand in rules.yaml."""
    return HEAD + yaml.dump({"groups": groups()}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def _recording() -> Iterator[Group]:
    source = _read("records.toml")
    for group in source["group"]:
        made = list(_records(group["record"]))
        short = [rule for rule, window in made if not window.endswith("d")]
        days = [rule for rule, window in made if window.endswith("d")]
        if short:
            yield _group(group["name"], short, group.get("interval"))
        if days:
            yield _group(f"{group['name']}-days", days, source["days_interval"])


def _records(records: list[dict[str, Any]]) -> Iterator[tuple[Rule, str]]:
    for record in records:
        for window in record.get("windows", [""]):
            yield {name: filled(record[key], window=window) for name, key in (("record", "name"), ("expr", "expr"))}, window


def _alerting() -> Iterator[Group]:
    for name in dict.fromkeys(alert["group"] for alert in alerts()):
        yield _group(f"hive-alerts-{name}", [_alert(alert) for alert in alerts() if alert["group"] == name])


def _alert(alert: dict[str, str]) -> Rule:
    return {
        "alert": alert["name"],
        "expr": filled(alert["expr"]),
        "for": alert["for"],
        "labels": {"severity": alert["severity"]},
        "annotations": {
            "summary": alert["summary_en"],
            "summary_pt": alert["summary_pt"],
            "description": filled(alert["description"]),
            "runbook_url": f"{RUNBOOK}#{anchor(alert['name'])}",
        },
    }


def _group(name: str, rules: list[Rule], interval: str | None = None) -> Group:
    return {"name": name, **({"interval": interval} if interval else {}), "rules": rules}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _represented(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _represented)
