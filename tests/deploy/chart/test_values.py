"""Every value has an effect: each that the schema names is changed, and the rendered manifests change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from neural_hive.settings import Settings, field_names
from tests.deploy.chart import generate
from tests.deploy.chart.flipping import Flip, Values, flips
from tests.deploy.chart.places import CHART, SCHEMA, VALUES
from tests.deploy.chart.rendering import RefusedError, Setup, text

_AT_ONCE = 4


def test_what_the_chart_says_twice_is_the_same() -> None:
    wanted = generate.files()
    wrong = [path.name for path, content in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != content]
    assert wrong == [], "python -m tests.deploy.chart.generate"
    assert {*wanted} >= {path for path in (CHART / "files").rglob("*") if path.is_file()}


def test_the_schema_names_every_setting_for_someone_who_reads_it() -> None:
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    assert set(field_names()) == set(_dotted(definitions["settings"]))
    readers = [set(definitions[f"{role}Settings"]["properties"]) for role in ("gateway", "specialist", "worker")]
    assert set.union(*readers) == set(Settings.model_fields)


def test_everything_is_closed_but_what_kubernetes_defines() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    open_parts = sorted(name for name, part in _objects(schema, "") if part.get("additionalProperties") is None)
    assert {name.rpartition(".")[2] for name in open_parts} == {
        *("global", "nodeAffinity", "podAffinity", "podAntiAffinity", "scaleUp", "scaleDown", "items", "valueFrom"),
    }


def test_the_schema_names_every_value() -> None:
    names = {flip.name for flip in flips()}
    written = set(_written(yaml.safe_load(VALUES.read_text(encoding="utf-8"))))
    written = {re.sub(r"^specialists\.\w+", "specialists.technical", name) for name in written}
    assert {
        name for name in written if not any(f"{name}.".startswith(f"{each}.") or each.startswith(f"{name}.") for each in names)
    } == set()


@pytest.mark.real
def test_every_value_has_an_effect() -> None:
    every = list(flips())
    assert len(every) > 400
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        befores = {_key(flip.beside): flip.beside for flip in every}
        texts = dict(zip(befores, pool.map(_rendered, befores.values()), strict=True))
        afters = list(pool.map(lambda flip: _rendered(flip.said), every))
    assert [key for key, made in texts.items() if made is None] == []
    refused = [flip.name for flip, after in zip(every, afters, strict=True) if after is None]
    idle = [flip.name for flip, after in zip(every, afters, strict=True) if after == texts[_key(flip.beside)]]
    assert (refused, idle) == ([], [])


@pytest.mark.real
def test_a_value_without_effect_would_be_seen() -> None:
    flip = Flip("global.idle", "flip", next(flips()).beside)
    assert _rendered(flip.said) == _rendered(flip.beside)


def _rendered(values: Values) -> str | None:
    """The manifests; None when there are none."""
    try:
        return text(Setup(values=values, apis=_APIS))
    except RefusedError as error:
        print(error)  # noqa: T201 -- pytest shows it when the test fails
        return None


_APIS = next(flips()).apis


def _key(values: Values) -> str:
    return json.dumps(values, sort_keys=True)


def _dotted(part: dict[str, Any], name: str = "") -> Iterator[str]:
    for key, inner in part["properties"].items():
        if "properties" in inner:
            yield from _dotted(inner, f"{name}{key}.")
        else:
            yield f"{name}{key}"


def _objects(part: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that is an object, with the name under which it stands."""
    if isinstance(part, list):
        for each in part:
            yield from _objects(each, name)
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield name, part
        for key, inner in part.items():
            yield from _objects(inner, f"{name}.{key}")


def _written(values: Any, name: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _written(value, f"{name}{key}.")
        else:
            yield f"{name}{key}"
