"""Every value that the schema names, another thing that it could be, and where it matters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from tests.deploy.chart.generate import resolved
from tests.deploy.chart.places import SCHEMA, VALUES
from tests.deploy.chart.rendering import CERTIFICATES, OIDC, OPERATOR

Values = dict[str, Any]
Schema = dict[str, Any]

# A hive in which nearly everything is used, so that most values matter: stores named in the clear, tokens, traces, a worker.
FULL: Values = {
    "settings": {
        "auth": {**OIDC, "allow_anonymous": True},
        "ledger": "mongodb://db/hive",
        "graph": "neo4j://db",
        "cache": "redis://db",
        "queue": "redis://db/1",
        "models": "mlflow+http://db:5000",
        "traces": {"endpoint": "http://collector:4318"},
    },
    "ledgerKey": {"secret": "hive-ledger-key"},
    "token": {"secret": "hive-token"},
    "pods": {"replicas": 2},
    "worker": {"enabled": True},
    "specialists": {name: {"enabled": False} for name in ("architecture", "behavior", "evolution")},  # one stands for all
}
_SECRET = {"name": "stores", "key": "one"}

# What else has to be said so that a value matters; a value that is None takes away what FULL says. By pattern of the name.
WHEN: tuple[tuple[str, Values], ...] = (
    (r"gateway\.persistence\..*", {"settings": {"ledger": None}, "gateway": {"replicas": 1}, "worker": {"enabled": False}}),
    (r".*autoscaling\.(?!enabled).*", {"pods": {"autoscaling": {"enabled": True}}}),
    (r"tls\.(?!enabled).*", {"tls": {"enabled": True}}),
    (r"tls\.certManager\.(?!enabled).*", {"tls": {"certManager": {"enabled": True}}}),
    (r"test\.tokenKey", {"test": {"tokenSecret": "hive-token"}}),
    (r"ingress\.(?!enabled).*", {"ingress": {"enabled": True}}),
    (r"httpRoute\.(?!enabled).*", {"httpRoute": {"enabled": True}}),
    (r"monitoring\.serviceMonitor\.(?!enabled).*", {"monitoring": {"serviceMonitor": {"enabled": True}}}),
    (r"monitoring\.rules\.(?!enabled).*", {"monitoring": {"rules": {"enabled": True}}}),
    (r"monitoring\.dashboards\.(?!enabled).*", {"monitoring": {"dashboards": {"enabled": True}}}),
    (r"secretSettings\.ledger\..*", {"gateway": {"replicas": 1}, "worker": {"enabled": False}}),
    (r"secretSettings\.queue\..*", {"worker": {"enabled": False}}),
    *((rf"secretSettings\.{name}\..*", {"settings": {name: None}}) for name in ("ledger", "graph", "cache", "queue", "models")),
    *(
        (rf"secretSettings\.{name}\.(name|key)", {"secretSettings": {name: _SECRET}})
        for name in ("ledger", "graph", "cache", "queue", "models")
    ),
)

_TEXTS = ("flip", "/flip", "77Mi", "99s", "99h", "77%", "9.9.9", "sha256:" + "a" * 64)
_SAMPLES: tuple[tuple[str, Any], ...] = (
    (r".*\bledger", "mongodb://flip/hive"),
    (r".*probes\.\w+\.\w+", 77),
    (r".*\.behavior\.\w+", {"stabilizationWindowSeconds": 77}),
    (r".*\.affinity\.\w+", {"preferredDuringSchedulingIgnoredDuringExecution": []}),
    (r".*\.extraVolumes", [{"name": "flip", "emptyDir": {}}]),
)


@dataclass(frozen=True)
class Flip:
    """One value: its name, what it is set to, and what is said beside it."""

    name: str
    value: Any
    beside: Values

    @property
    def said(self) -> Values:
        """All that is said, the flipped value included."""
        return merged(self.beside, nested(self.name, self.value))

    @property
    def apis(self) -> tuple[str, ...]:
        """A cluster that has everything."""
        return (*OPERATOR, *CERTIFICATES)


def flips() -> Iterator[Flip]:
    """One for every value that the schema names, but for `global`, which belongs to a parent chart."""
    schema: Schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    defaults: Values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    for name, part in leaves(schema, schema):
        beside = deepcopy(FULL)
        for pattern, more in WHEN:
            if re.fullmatch(pattern, name):
                beside = merged(beside, more)
        beside = without(beside)
        now = current(merged(defaults, beside), name)
        yield Flip(name, other(schema, name, part, now), beside)


def leaves(schema: Schema, part: Schema, name: str = "") -> Iterator[tuple[str, Schema]]:
    """Names of values down to what has no names of its own; of specialists, one stands for all."""
    for key, inner in part["properties"].items():
        found = resolved(schema, inner)
        path = f"{name}{key}"
        if path == "global":
            continue
        if path == "specialists":
            yield from leaves(schema, resolved(schema, found["additionalProperties"]), f"{path}.technical.")
        elif "oneOf" in found:
            for choice in found["oneOf"]:
                yield from leaves(schema, {"properties": {}, **choice}, f"{path}.")
        elif "properties" in found:
            yield from leaves(schema, found, f"{path}.")
        else:
            yield path, found


def other(schema: Schema, name: str, part: Schema, now: Any) -> Any:
    """Something that the schema allows and that is not what it is now."""
    for pattern, sample in _SAMPLES:
        if re.fullmatch(pattern, name):
            return sample
    kind = part["type"] if isinstance(part["type"], str) else part["type"][0]
    if kind == "boolean":
        return not now
    if kind in ("integer", "number"):
        return _number(part, now)
    if kind == "string":
        return _text(part, now)
    if kind == "array":
        return [each for each in [_item(schema, part["items"])] if each != now]
    return {"flip": "flipped"}


def _number(part: Schema, now: Any) -> float:
    least: float = part["minimum"] if "minimum" in part else part.get("exclusiveMinimum") or 0
    above: float = (now if isinstance(now, int | float) else least) + 1
    return above if above <= part.get("maximum", above) else float(least + 0.5 * (part["maximum"] - least))


def _text(part: Schema, now: Any) -> str:
    for each in part.get("enum", _TEXTS):
        if each not in (now, None) and re.search(part.get("pattern", ""), each):
            return str(each)
    raise LookupError(part["description"])


def _item(schema: Schema, part: Schema) -> Any:
    """One member of a list, with everything that it may have."""
    found = resolved(schema, part)
    if "properties" in found:
        return {key: _item(schema, inner) for key, inner in found["properties"].items() if key != "valueFrom"}
    return other(schema, "", found, None)


def current(values: Values, name: str) -> Any:
    """What holds now: what is said of the place itself, else of what it is a case of."""
    first, _, rest = name.partition(".")
    above = [name]
    if first == "specialists":
        rest = rest.partition(".")[2]
        above.append(f"specialist.{rest}")
    if first in ("gateway", "worker", "specialist", "specialists"):
        above += [f"pods.{rest}", rest]  # the last for settings.*
    return next((found for each in above if (found := _at(values, each)) is not None), None)


def _at(values: Any, name: str) -> Any:
    for key in name.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def nested(name: str, value: Any) -> Values:
    """Values with one name in them."""
    for key in reversed(name.split(".")):
        value = {key: value}
    found: Values = value
    return found


def merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Values:
    """As Helm lays values over values."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def without(values: Values) -> Values:
    """Values without what is None."""
    return {key: without(value) if isinstance(value, dict) else value for key, value in values.items() if value is not None}
