"""The types of the HTTP interface, from the schemas of its OpenAPI document."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from docs.made.parts import code, said, table, word
from neural_hive.types import vocabulary

Schema = Mapping[str, Any]
_REF = "#/components/schemas/"
_FIELDS = Path(__file__).resolve().parent / "fields.toml"
_ATTRIBUTE = re.compile(r"^ *(\w+(?:, \w+)*): (.*)$")


def types(schemas: Mapping[str, Schema], language: str) -> str:
    """A section for each type: what it is, and its members or values."""
    return "\n".join(_section(name, schemas[name], language) for name in sorted(schemas))


def _section(name: str, schema: Schema, language: str) -> str:
    about = said(summary_of(schema), language)
    if "enum" in schema:
        values = ", ".join(code(item.value) for item in getattr(vocabulary, name))
        return f"### {name}\n\n{about}\n\n{word('api.values', language)} {values}.\n"
    needed = set(schema.get("required", ()))
    rows = (
        (
            code(field),
            kind_of(member, language),
            word("api.yes" if field in needed else "api.no", language),
            meaning(name, field, schema, language),
        )
        for field, member in schema["properties"].items()
    )
    return f"### {name}\n\n{about}\n\n" + table([word(f"api.{key}", language) for key in ("field", "type", "always", "meaning")], rows)


def meaning(name: str, field: str, schema: Schema, language: str) -> str:
    """What a member says: as its class documents it, or as `fields.toml` does.

    Raises:
        KeyError: Nobody says it.
    """
    own = attributes_of(schema)
    if field in own:
        return said(own[field], language)
    told: str = _fields()[name][field][language]
    return told


@cache
def _fields() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(_FIELDS.read_text(encoding="utf-8"))


def summary_of(schema: Schema) -> str:
    """What a type is: its docstring without the list of attributes."""
    return " ".join(str(schema.get("description", "")).partition("Attributes:")[0].split())


def attributes_of(schema: Schema) -> dict[str, str]:
    """What the docstring says about each member."""
    found: dict[str, str] = {}
    names: list[str] = []
    listed = str(schema.get("description", "")).partition("Attributes:")[2].strip("\n")
    margin = len(listed) - len(listed.lstrip(" "))
    for line in listed.splitlines():
        begins = _ATTRIBUTE.match(line) if len(line) - len(line.lstrip(" ")) == margin else None
        if begins:
            names = begins[1].split(", ")
            found |= dict.fromkeys(names, begins[2].strip())
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def kind_of(schema: Schema, language: str) -> str:
    """A member's type in a few words, linked where it has a section of its own."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return f" {word('api.or', language)} ".join(kind_of(each, language) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(code(value) for value in schema["enum"])
    kind = schema.get("type", "object")
    if kind == "array":
        return word("api.list_of", language, item=kind_of(schema.get("items", {}), language))
    if kind == "object" and "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return word("api.map_of", language, item=kind_of(schema["additionalProperties"], language))
    longest = f", {word('api.at_most', language, most=schema['maxLength'])}" if "maxLength" in schema else ""
    return word(f"api.{kind}", language) + longest


def used_by(schema: Schema) -> Iterator[str]:
    """The English sentences of a schema, for the check that all of them are translated."""
    yield summary_of(schema)
    yield from attributes_of(schema).values()
