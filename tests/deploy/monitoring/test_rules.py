"""promtool on the rules: every alert fires when it should and is silent when it should not, and healthy traffic raises none."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.monitoring.__main__ import files, stale
from deploy.monitoring.rules import anchor
from tests.deploy.monitoring import healthy
from tests.deploy.monitoring.cases import PROCESSES, SPECIALISTS, Case
from tests.deploy.monitoring.cases_of_parts import DECISIONS, QUEUE, STORES
from tests.deploy.monitoring.cases_of_slo import SLO
from tests.deploy.monitoring.queries import ALERTS, GROUPS, HERE, RECORDS
from tests.services import prometheus

CASES = [*SLO, *PROCESSES, *SPECIALISTS, *STORES, *QUEUE, *DECISIONS]
ROOT = HERE.parents[1]
OF_DAYS = [name for name in RECORDS if name.endswith(("1d", "3d", "1w", "drift"))]
Test = dict[str, Any]


def test_rules_and_dashboards_are_current() -> None:
    assert stale(files()) == []


def test_every_alert_is_made_to_fire() -> None:
    assert {case.alert for case in CASES if case.fires} == ALERTS.keys()


def test_every_alert_is_seen_silent() -> None:
    assert {case.alert for case in CASES if case.silent} == ALERTS.keys()


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_is_wrong_in_both_languages_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert all(rule["annotations"][name] for name in ("summary", "summary_pt", "description"))
    assert rule["annotations"]["runbook_url"] == f"docs/en/troubleshooting.md#{anchor(alert)}"


@pytest.mark.parametrize("page", ["docs/en/troubleshooting.md", "docs/pt-BR/troubleshooting.md"])
def test_the_troubleshooting_page_has_a_section_for_each_alert(page: str) -> None:
    headings = re.findall(r"^#{2,4} (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert [alert for alert in ALERTS if anchor(alert) not in anchors] == []


@pytest.mark.real
def test_promtool_finds_nothing_to_say() -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", HERE / "rules.yaml")


@pytest.mark.real
def test_the_configuration_loads_the_rules() -> None:
    told = promtool("check", "config", ROOT / "deploy/prometheus.yml")
    assert "1 rule files found" in told
    assert f"{len(ALERTS) + len(RECORDS)} rules found" in told


@pytest.mark.real
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_alert(case: Case, tmp_path: Path) -> None:
    checks: list[Test] = [{"eval_time": when, "alertname": case.alert, "exp_alerts": []} for when in case.silent.split()]
    if case.fires:
        checks.append({"eval_time": case.fires, "alertname": case.alert, "exp_alerts": [expected(case)]})
    told = unit_test(tmp_path, case.step, {"interval": case.step, "input_series": series(case.series), "alert_rule_test": checks})
    assert "SUCCESS" in told


@pytest.mark.real
def test_an_hour_of_healthy_traffic_raises_nothing(tmp_path: Path) -> None:
    asks = [some(name, "70m") for name in RECORDS if name not in OF_DAYS]
    calm(tmp_path, "1m", "70m", healthy.series(70), asks)


@pytest.mark.real
def test_eight_days_of_healthy_traffic_raise_nothing(tmp_path: Path) -> None:
    # Half an hour between two samples: too long to see a worker at its work.
    calm(tmp_path, "30m", "8d", healthy.series(384, waiting=0), [some(name, "8d") for name in OF_DAYS])


def calm(folder: Path, step: str, end: str, given: Mapping[str, str], asks: list[Test]) -> None:
    """No alert was pending or firing until `end`, though everything that they ask for had a value."""
    none = {"expr": f"count_over_time(ALERTS[{end}])", "eval_time": end, "exp_samples": []}
    unit_test(folder, step, {"interval": step, "input_series": series(given), "promql_expr_test": [none, *asks]})


def series(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in given.items()]


def some(name: str, when: str) -> Test:
    """Asks whether a recording rule has a value at all: what is never computed could not raise an alert either."""
    return {"expr": f"count({name} >= 0) > bool 0", "eval_time": when, "exp_samples": [{"labels": "{}", "value": 1}]}


def expected(case: Case) -> Test:
    """The alert with its labels, and its annotations as Prometheus has to fill them in."""
    rule = ALERTS[case.alert]
    labels = {**rule["labels"], **case.labels}
    told = re.sub(r"{{ \$labels\.(\w+) }}", lambda found: case.labels[found[1]], rule["annotations"]["description"])
    annotations = rule["annotations"] | {"description": re.sub(r"{{ \$value[^}]*}}", case.value, told)}
    return {"exp_labels": labels, "exp_annotations": annotations}


def unit_test(folder: Path, step: str, test: Test) -> str:
    """What promtool says to one test."""
    path = folder / "test.yaml"
    # In the order of the file: an alert then sees what was recorded at the same moment.
    order = [group["name"] for group in GROUPS]
    content = {"rule_files": [str(HERE / "rules.yaml")], "evaluation_interval": step, "group_eval_order": order, "tests": [test]}
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return promtool("test", "rules", path)


def promtool(*arguments: str | Path) -> str:
    """What it printed; it has to be content."""
    program = prometheus.promtool().given(*arguments)
    done = subprocess.run(program.argv, env={**os.environ, **program.env}, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
