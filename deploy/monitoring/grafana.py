"""Grafana dashboards from panels.toml: one in English and one in Portuguese from each entry of the list."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from deploy.monitoring.rules import filled

LANGUAGES = {"en": "en", "pt": "pt-BR"}
TAG = "neural-hive"
SCHEMA = 39  # of Grafana 11; newer ones carry it forward
COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}

Entry = Mapping[str, Any]
Panel = dict[str, Any]


@cache
def source() -> dict[str, Any]:
    """panels.toml as it stands."""
    return tomllib.loads(Path(__file__).with_name("panels.toml").read_text(encoding="utf-8"))


def texts() -> dict[str, str]:
    """What has to stand in each file of dashboards/, by its name."""
    made = {
        f"{entry['name']}.{tag}.json": dashboard(entry, language) for entry in source()["dashboard"] for language, tag in LANGUAGES.items()
    }
    return {name: json.dumps(content, ensure_ascii=False, indent=2) + "\n" for name, content in made.items()}


def dashboard(entry: Entry, language: str) -> dict[str, Any]:
    """One dashboard in one language, as Grafana imports it."""
    return {
        "uid": f"hive-{entry['name']}-{language}",
        "title": entry[f"title_{language}"],
        "description": entry[f"about_{language}"],
        "tags": [TAG, f"{TAG}-{language}"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [_siblings(language)],
        "templating": {"list": [_datasource(language), *(_variable(name, language) for name in entry["variables"])]},
        "panels": list(_panels(entry, language)),
    }


def _siblings(language: str) -> dict[str, Any]:
    """Links to the other dashboards of the language; time and choices go along."""
    title = {"en": "Dashboards of the hive", "pt": "Painéis da colmeia"}[language]
    return {"type": "dashboards", "title": title, "tags": [f"{TAG}-{language}"], "asDropdown": True, "includeVars": True, "keepTime": True}


def _datasource(language: str) -> dict[str, Any]:
    label = {"en": "Data source", "pt": "Fonte de dados"}[language]
    return {"type": "datasource", "name": "datasource", "label": label, "query": "prometheus", "hide": 0, "refresh": 1, "options": []}


def _variable(name: str, language: str) -> dict[str, Any]:
    entry = source()["variables"][name]
    # Outside Kubernetes nothing has a namespace: ".*" also matches a label that is not there.
    everything = {"includeAll": True, "allValue": ".*", "multi": True, "current": {"text": "All", "value": "$__all"}}
    return {
        "type": "query",
        "name": name,
        "label": entry[f"label_{language}"],
        "datasource": SOURCE,
        "definition": entry["query"],
        "query": {"query": entry["query"], "refId": name},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        **(everything if entry["many"] else {"includeAll": False, "multi": False}),
    }


def _panels(entry: Entry, language: str) -> Iterator[Panel]:
    """Rows and panels, one below or beside the other."""
    number, top = count(1), 0
    for row in entry["row"]:
        yield {
            "id": next(number),
            "type": "row",
            "title": row[f"title_{language}"],
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
            "panels": [],
        }
        top, left = top + 1, 0
        for panel in row["panel"]:
            yield _panel(panel, language) | {
                "id": next(number),
                "gridPos": {"x": left, "y": top, "w": panel["width"], "h": panel["height"]},
            }
            left += panel["width"]
            if left >= COLUMNS or panel is row["panel"][-1]:
                top, left = top + panel["height"], 0


def _panel(panel: Entry, language: str) -> Panel:
    return {
        "type": panel["type"],
        "title": panel[f"title_{language}"],
        "description": filled(panel[f"about_{language}"]),
        "datasource": SOURCE,
        "targets": [_target(*numbered, panel, language) for numbered in enumerate(panel["queries"])],
        "fieldConfig": {"defaults": _field(panel, language), "overrides": []},
        "options": _options(panel["type"]),
    }


def _target(place: int, query: Mapping[str, str], panel: Entry, language: str) -> dict[str, Any]:
    now = panel["type"] in ("stat", "bargauge")
    return {
        "refId": ascii_uppercase[place],
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": filled(query["expr"]),
        "legendFormat": query.get("legend") or query[f"legend_{language}"],
        "format": "heatmap" if panel["type"] == "heatmap" else "time_series",
        "instant": now,
        "range": not now,
    }


def _field(panel: Entry, language: str) -> dict[str, Any]:
    field: dict[str, Any] = {"unit": panel["unit"], "color": {"mode": "thresholds"}, "thresholds": _thresholds(panel)}
    if panel["unit"] == "percentunit" and panel["type"] == "bargauge":
        field |= {"min": 0, "max": 1}
    if "text" in panel:
        field["mappings"] = _mappings(source()["texts"][panel["text"]][language])
    if panel["type"] == "timeseries":
        stacking = {"mode": "normal" if panel.get("stacked") else "none", "group": "A"}
        field |= {"color": {"mode": "palette-classic"}, "min": 0}
        field["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if panel.get("stacked") else 0, "stacking": stacking}
    return field


def _thresholds(panel: Entry) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": color, "value": float(filled(str(value)))} for value, color in panel.get("steps", [])]
    return {"mode": "absolute", "steps": steps}


def _mappings(words: list[str]) -> list[dict[str, Any]]:
    shown = {str(value): {"text": word, "color": ("red", "green")[value], "index": value} for value, word in enumerate(words)}
    return [{"type": "value", "options": shown}]


def _options(kind: str) -> dict[str, Any]:
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    known: dict[str, dict[str, Any]] = {
        "stat": {"reduceOptions": last, "colorMode": "background", "graphMode": "none", "justifyMode": "auto", "textMode": "value"},
        "bargauge": {"reduceOptions": last, "displayMode": "basic", "orientation": "horizontal", "showUnfilled": True},
        "timeseries": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "state-timeline": {
            "mergeValues": True,
            "showValue": "never",
            "rowHeight": 0.8,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single"},
        },
        "heatmap": {
            "calculate": False,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
            "yAxis": {"axisPlacement": "left", "unit": "percentunit"},
            "cellGap": 1,
            "legend": {"show": True},
            "tooltip": {"mode": "single", "yHistogram": False},
        },
    }
    return known[kind]
