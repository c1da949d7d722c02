"""Writes what the chart says a second time: `python -m tests.deploy.chart.generate [--check]`.

These are the settings and the roles in values.schema.json, the table in README.md, and the copies of the monitoring files
(Helm reads nothing outside the chart). `--check` writes nothing; it exits with 1 when something differs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from neural_hive.settings import Settings
from tests.deploy.chart.places import CHART, MONITORING, README, SCHEMA, VALUES

Schema = dict[str, Any]

MODELS = frozenset({"models", "models_refresh"})
STATION = frozenset({"grpc_host", "grpc_port"})
COMMON = frozenset({"language", "host", "port", "data_dir", "log_level", "log_format", "ready_deadline", "tls", "auth", "traces"})
NOT_READ = {
    "settings": frozenset[str](),
    "gatewaySettings": STATION,
    "workerSettings": STATION | {"drain"},
    "specialistSettings": frozenset(Settings.model_fields) - COMMON - MODELS - STATION - {"drain"},
}
"""Settings that the processes of a role do not read, as `hive.reads` in the chart has it."""

_WORDS = {
    "settings": "Settings of every process, as HIVE_ variables; docs/en/settings.md tells each.",
    "gatewaySettings": "Settings of the gateway, over the common ones.",
    "workerSettings": "Settings of the worker, over the common ones.",
    "specialistSettings": "Settings of specialists, over the common ones.",
}
_URLS = ("ledger", "graph", "cache", "queue", "models", "endpoint", "jwks_url", "issuer")
_PASSWORD = {"type": "string", "pattern": "://[^/?#]*:[^/?#@]*@"}
_BEGIN, _END = "<!-- values -->\n", "<!-- /values -->\n"


def files() -> dict[Path, str]:
    """What every file should hold."""
    schema = completed(json.loads(SCHEMA.read_text(encoding="utf-8")))
    found = {SCHEMA: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"}
    head, _, rest = README.read_text(encoding="utf-8").partition(_BEGIN)
    found[README] = head + _BEGIN + table(schema) + _END + rest.partition(_END)[2]
    for path in (MONITORING / "rules.yaml", *sorted((MONITORING / "dashboards").glob("*.json"))):
        found[CHART / "files" / path.relative_to(MONITORING)] = path.read_text(encoding="utf-8")
    return found


def completed(schema: Schema) -> Schema:
    """The schema with its settings as they are in the code, and with what holds for pods in each role."""
    definitions = schema["definitions"]
    for name, unread in NOT_READ.items():
        definitions[name] = _settings(name, unread)
    pods = {name: {"$ref": f"#/definitions/pod/properties/{name}"} for name in definitions["pod"]["properties"]}
    for role in ("gateway", "specialist", "worker"):
        own = {name: part for name, part in schema["properties"][role]["properties"].items() if name not in pods}
        schema["properties"][role]["properties"] = own | pods
    definitions["oneSpecialist"] = schema["properties"]["specialist"] | {"description": "One specialist."}
    return schema


def _settings(name: str, unread: frozenset[str]) -> Schema:
    told = Settings.model_json_schema()
    parts = {field: _part(field, part, told["$defs"]) for field, part in told["properties"].items() if field not in unread}
    return {"description": _WORDS[name], "type": "object", "additionalProperties": False, "properties": parts}


def _part(name: str, part: Mapping[str, Any], tables: Mapping[str, Any]) -> Schema:
    """One setting: paths from the root, ports that a Service can name, URLs without a password; null takes back what is said elsewhere."""
    if "$ref" in part or "allOf" in part:
        reference = part.get("$ref") or part["allOf"][0]["$ref"]
        model = tables[reference.rpartition("/")[2]]
        inner = {field: _part(field, each, tables) for field, each in model["properties"].items()}
        return {"description": model["description"], "type": "object", "additionalProperties": False, "properties": inner}
    kind = next(each for each in part.get("anyOf", [part]) if each.get("type") != "null")
    kept = {key: value for key, value in {**part, **kind}.items() if key not in ("anyOf", "default", "title")}
    if kept.pop("format", "") == "path":
        kept["pattern"] = "^/"
    if name in _URLS:
        kept["not"] = _PASSWORD
    if name in ("port", "grpc_port"):
        kept["minimum"] = 1
    if "enum" in kept:
        kept["enum"] = [*kept["enum"], None]
    return kept | {"type": [kept["type"], "null"]}


def table(schema: Schema) -> str:
    """Every value with its default and what it means; what pods have is told once."""
    defaults = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    lines = ["| value | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {_shown(_at(defaults, name))} | {_plain(part)} |" for name, part in rows(schema, schema)]
    return "\n".join(lines) + "\n"


def rows(schema: Schema, part: Schema, name: str = "") -> Iterator[tuple[str, Schema]]:
    """Names of values in the order of the schema; a table of the schema's own is told by what is in it."""
    for key, inner in part["properties"].items():
        path = f"{name}{key}"
        if key == "global" or "#/definitions/pod/properties/" in inner.get("$ref", ""):
            continue
        found = resolved(schema, inner)
        if "properties" in found and not inner.get("$ref", "").endswith("ettings"):
            yield from rows(schema, found, f"{path}.")
        else:
            yield path, {**found, **inner}


def resolved(schema: Schema, part: Schema) -> Schema:
    """A part of the schema, or the one that it refers to."""
    while "$ref" in part:
        found: Any = schema
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        part = found
    return part


def _at(values: Any, name: str) -> Any:
    for key in name.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _shown(value: Any) -> str:
    return "" if value in (None, "") else f"`{json.dumps(value, ensure_ascii=False)}`".replace("|", "\\|")


def _plain(part: Schema) -> str:
    choices = ", ".join(f"`{each}`" for each in part.get("enum", ()) if each)
    words = str(part["description"]).replace("|", "\\|")
    return f"{words} One of {choices}." if choices else words


def main(arguments: Sequence[str]) -> int:
    """Write, or compare."""
    wanted = files()
    present = {*wanted, *(CHART / "files").rglob("*.*")}
    wrong = sorted(path for path in present if not path.exists() or path.read_text(encoding="utf-8") != wanted.get(path))
    for path in wrong:
        sys.stdout.write(f"{path.relative_to(CHART)}\n")
        if "--check" in arguments:
            continue
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return 1 if wrong and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
