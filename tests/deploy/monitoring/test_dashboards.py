"""The dashboards can be imported into Grafana, overlap nowhere, and say the same in both languages."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest

from deploy.monitoring import grafana
from tests.deploy.monitoring.queries import HERE, asked, panel_targets, taken_apart
from tests.deploy.monitoring.test_metrics import SCRAPED, labels_in

FILES = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((HERE / "dashboards").glob("*.json"))}
PANELS = [(name, panel) for name, content in FILES.items() for panel in content["panels"]]
SHOWN = [(name, panel) for name, panel in PANELS if panel["type"] != "row"]

TYPES = {"stat", "timeseries", "heatmap", "bargauge", "state-timeline"}
UNITS = {"none", "short", "s", "percentunit", "ops", "reqps", "bytes", "dtdurations"}
GRAFANAS = {"__rate_interval"}
VARIABLE = re.compile(r"\$\{?(\w+)")


def test_there_is_one_of_each_in_both_languages() -> None:
    assert FILES.keys() == {f"{name}.{tag}.json" for name in ("overview", "specialist", "decisions") for tag in ("en", "pt-BR")}
    assert len({content["uid"] for content in FILES.values()}) == len({content["title"] for content in FILES.values()}) == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_dashboard_can_be_imported(name: str) -> None:
    content = FILES[name]
    assert content["schemaVersion"] >= 39
    assert re.fullmatch(r"[\w-]{1,40}", content["uid"])
    assert content["panels"]
    first = content["templating"]["list"][0]
    assert (first["type"], first["query"], first["name"]) == ("datasource", "prometheus", "datasource")
    assert content["links"][0]["tags"][0] in content["tags"]


@pytest.mark.parametrize("name", FILES)
def test_every_panel_has_an_id_and_a_place_of_its_own(name: str) -> None:
    panels = FILES[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= grafana.COLUMNS for panel in panels)
    assert not [(one["title"], other["title"]) for one, other in combinations(panels, 2) if overlap(one["gridPos"], other["gridPos"])]


@pytest.mark.parametrize("name", FILES)
def test_no_line_has_a_hole(name: str) -> None:
    lines: dict[int, list[dict[str, int]]] = {}
    for panel in FILES[name]["panels"]:
        lines.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"])
    for places in lines.values():
        assert sum(place["w"] for place in places) == grafana.COLUMNS
        assert len({place["h"] for place in places}) == 1


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not beside and not below


@pytest.mark.parametrize(("name", "panel"), SHOWN, ids=[f"{name}: {panel['id']}" for name, panel in SHOWN])
def test_a_panel_says_what_it_shows(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert re.search(r"\.$", panel["description"])
    assert panel["type"] in TYPES
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"] == grafana.SOURCE
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    assert "$" not in panel["title"] + panel["description"]
    assert all(target["datasource"] == grafana.SOURCE and target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_declared_and_used(name: str) -> None:
    content = FILES[name]
    declared = {variable["name"] for variable in content["templating"]["list"]}
    used = {found for panel in content["panels"] for target in panel.get("targets", []) for found in VARIABLE.findall(json.dumps(target))}
    assert used - GRAFANAS == declared


@pytest.mark.parametrize("name", grafana.source()["variables"])
def test_a_variable_asks_for_a_label_that_the_metric_has(name: str) -> None:
    query = grafana.source()["variables"][name]["query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", query).groups()  # type: ignore[union-attr]
    assert label == name
    assert label in SCRAPED | labels_in(taken_apart(metric))


def test_a_legend_names_labels_that_the_answer_has() -> None:
    for place, panel, target in panel_targets():
        query = taken_apart(asked(target["expr"]))
        known = (
            query.labels & labels_in(query)
            if re.match(r"(sum|max|min|count|histogram_quantile)\b", target["expr"])
            else labels_in(query) | SCRAPED
        )
        named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        assert named <= known | (query.labels & SCRAPED) - {"le"} | ({"le"} if panel["type"] == "heatmap" else set()), (
            place,
            panel["title"],
        )


@pytest.mark.parametrize("entry", grafana.source()["dashboard"], ids=lambda entry: entry["name"])
def test_both_languages_show_the_same(entry: dict[str, Any]) -> None:
    english, portuguese = (grafana.dashboard(entry, language) for language in grafana.LANGUAGES)
    assert wordless(english) == wordless(portuguese)
    assert words(english).isdisjoint(words(portuguese))


def wordless(value: Any) -> Any:
    """A dashboard without what a person reads."""
    if isinstance(value, dict):
        spoken = ("title", "description", "label", "legendFormat", "text", "uid", "tags")
        return {key: wordless(each) for key, each in value.items() if key not in spoken or not isinstance(each, (str, list))}
    return [wordless(each) for each in value] if isinstance(value, list) else value


def words(dashboard: dict[str, Any]) -> set[str]:
    """Its sentences."""
    return {dashboard["description"], *(panel["description"] for panel in dashboard["panels"] if panel["type"] != "row")}


def test_what_is_not_current_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploy.monitoring import __main__ as command

    monkeypatch.setattr(command, "HERE", tmp_path)
    assert command.main(["--check"]) == 1
    assert not list(tmp_path.iterdir())
    assert command.main([]) == 0
    (tmp_path / "dashboards" / "old.json").write_text("{}")
    (tmp_path / "rules.yaml").write_text("groups: []")
    capsys.readouterr()
    assert command.main(["--check"]) == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["dashboards/old.json", "rules.yaml"]
    assert command.main([]) == command.main(["--check"]) == 0
