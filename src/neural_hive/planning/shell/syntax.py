"""The syntax tree of a shell script; the only place that knows tree-sitter."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


@cache
def _parser() -> Parser:
    # Imported at the first script: no other intention pays for the grammar.
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def parse(source: bytes) -> Node:
    """The root of the tree; broken input gives ERROR nodes, never an exception."""
    return _parser().parse(source).root_node


def text_of(node: Node) -> str:
    """The source of a node."""
    raw = node.text
    return raw.decode("utf-8", "replace") if raw else ""
