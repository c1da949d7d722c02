"""The gRPC contract: its calls and messages, from the compiled description and the comments of the `.proto` file.

A message that is named like a type of the HTTP interface says the same as that type, so only the others are told in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from docs.made.api import document
from docs.made.parts import ROOT, code, said, table, word
from neural_hive.transport.generated import specialist_pb2

CONTRACT = ROOT / "proto" / "neural_hive" / "v1" / "specialist.proto"
_BLOCK = re.compile(r"(?:message|enum|service) (\w+)")
_MEMBER = re.compile(r"(?:rpc (\w+)|(?:[\w.]+ )*(\w+) = \d+;)")


@cache
def comments() -> dict[str, str]:
    """The comment above each message, call and field, by its dotted name."""
    found: dict[str, str] = {}
    above: list[str] = []
    block = ""
    for line in CONTRACT.read_text(encoding="utf-8").splitlines():
        words = line.strip()
        if words.startswith("//"):
            above.append(words.removeprefix("//").strip())
            continue
        begun, member = _BLOCK.match(words), _MEMBER.match(words)
        if begun:
            block = begun[1]
            found[block] = " ".join(above)
        elif member:
            found[f"{block}.{member[1] or member[2]}"] = " ".join(above)
        above = []
    return found


def _messages() -> dict[str, Descriptor]:
    return dict(specialist_pb2.DESCRIPTOR.message_types_by_name)


def _own() -> list[Descriptor]:
    """Messages that no type of the HTTP interface is the same as."""
    shared = set(document()["components"]["schemas"])
    return [message for name, message in _messages().items() if name not in shared and name != "Opinion"]


def calls(language: str) -> str:
    """The calls of the service."""
    head = [word(f"wire.{key}", language) for key in ("call", "asks", "answers", "meaning")]
    service = specialist_pb2.DESCRIPTOR.services_by_name["SpecialistService"]
    rows = (
        (
            code(call.name),
            code(call.input_type.name),
            code(call.output_type.name),
            said(comments()[f"{service.name}.{call.name}"], language),
        )
        for call in service.methods
    )
    return table(head, rows)


def messages(language: str) -> str:
    """The messages that exist on the wire only, field by field."""
    head = [word(f"wire.{key}", language) for key in ("message", "number", "field", "type", "meaning")]
    rows = (
        (code(message.name), str(field.number), code(field.name), _kind(field), said(comments()[f"{message.name}.{field.name}"], language))
        for message in _own()
        for field in message.fields
    )
    return table(head, rows)


def fields(language: str) -> str:
    """The numbers of the fields of the messages that are the same as a type."""
    head = [word(f"wire.{key}", language) for key in ("message", "fields")]
    own = {message.name for message in _own()}
    rows = (
        (code(name), ", ".join(f"{field.number} {code(field.name)}" for field in message.fields))
        for name, message in _messages().items()
        if name not in own
    )
    return table(head, rows)


def _kind(field: FieldDescriptor) -> str:
    kinds = {FieldDescriptor.TYPE_STRING: "string", FieldDescriptor.TYPE_UINT32: "uint32", FieldDescriptor.TYPE_DOUBLE: "double"}
    named = field.message_type or field.enum_type
    shown = named.name if named else kinds[field.type]
    return code(f"repeated {shown}" if field.is_repeated else shown)


def sentences() -> Iterator[str]:
    """Every English sentence that the pages show of the contract."""
    yield from (
        comments()[f"SpecialistService.{call.name}"] for call in specialist_pb2.DESCRIPTOR.services_by_name["SpecialistService"].methods
    )
    yield from (comments()[f"{message.name}.{field.name}"] for message in _own() for field in message.fields)
