"""JSON and YAML from strangers: loaded whole or refused, never a crash and never a bomb.

YAML anchors can name a structure that is exponentially larger than its text, and both formats can
nest deeper than a stack; both are measured before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from neural_hive.errors import LimitError, PlanError

MAX_DEPTH = 100
MAX_NODES = 200_000
Path = tuple[str, ...]

_COMPACT_NESTING = re.compile(r"^ *(?:[-?] +){20}", re.MULTILINE)
_DEEP_INDENT = re.compile(rf"^[ ]{{{MAX_DEPTH}}}", re.MULTILINE)
_BYTE = re.compile(r"byte (\d+)")


class _Loader(yaml.CSafeLoader):
    """Safe loader that reads dates as text and unknown tags as plain values."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":value"))]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _untagged(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _untagged)
# What libyaml's wrapper and the constructors of explicit tags raise on malformed values.
_MALFORMED = (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError)


def load_json(source: str) -> Any:
    """The value of a JSON text.

    Raises:
        PlanError: It is no JSON; names the line.
        LimitError: It is nested too deeply.
    """
    try:
        return msgspec.json.decode(source)
    except RecursionError as error:
        raise LimitError("error.source_nesting", limit=MAX_DEPTH) from error
    except msgspec.DecodeError as error:
        found = _BYTE.search(str(error))
        data = source.encode("utf-8", "replace")
        line = data[: int(found[1])].count(b"\n") + 1 if found else source.count("\n") + 1
        raise PlanError("error.source_json", line=line) from error
    except ValueError as error:
        raise PlanError("error.source_json", line=1) from error


def load_yaml(source: str) -> list[Any]:
    """All documents of a YAML text, empty ones left out.

    Raises:
        PlanError: It is no YAML; names the line.
        LimitError: It is nested too deeply or its aliases expand to too much.
    """
    try:
        _check_depth(source)
        if "*" in source and "&" in source:
            _check_aliases(source)
        return [document for document in yaml.load_all(source, Loader=_Loader) if document is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PlanError("error.source_yaml", line=mark.line + 1 if mark else 1) from error
    except _MALFORMED as error:
        raise PlanError("error.source_yaml", line=1) from error


def _check_depth(source: str) -> None:
    """Count nesting on the event stream, but only where the text could be deep at all."""
    flow = source.count("[") + source.count("{")
    if flow < MAX_DEPTH // 2 and not _COMPACT_NESTING.search(source) and not _DEEP_INDENT.search(source):
        return
    depth = 0
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise LimitError("error.source_nesting", limit=MAX_DEPTH)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_aliases(source: str) -> None:
    for root in yaml.compose_all(source, Loader=_Loader):
        if _expanded(root, {}, set()) > MAX_NODES:
            raise LimitError("error.source_aliases", limit=MAX_NODES)


def _expanded(node: yaml.Node, sizes: dict[int, int], open_nodes: set[int]) -> int:
    """Nodes that the document has once every alias is written out; a cycle counts as endless."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    known = sizes.get(id(node))
    if known is not None:
        return known
    if id(node) in open_nodes:
        return MAX_NODES + 1
    open_nodes.add(id(node))
    children = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
    total = 1 + sum(_expanded(child, sizes, open_nodes) for child in children)
    open_nodes.discard(id(node))
    sizes[id(node)] = total
    return total


def leaves(value: Any, limit: int = 20_000) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path (list positions as digits), in order; at most `limit` of them."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack and limit > 0:
        path, item = stack.pop()
        if isinstance(item, dict) and item:
            stack.extend([((*path, str(key)), child) for key, child in reversed(list(item.items()))])
        elif isinstance(item, list) and item:
            stack.extend([((*path, str(index)), child) for index, child in reversed(list(enumerate(item)))])
        else:
            limit -= 1
            yield path, item


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def dig(value: Any, *path: str | int) -> Any:
    """The value under a path of keys and positions, None when any step is missing."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
