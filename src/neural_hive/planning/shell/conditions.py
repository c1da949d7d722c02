"""Tests of a script, decided as far as the values are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from neural_hive.planning.shell.syntax import text_of
from neural_hive.planning.shell.words import UNKNOWN, Expander, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_NUMERIC = frozenset({"-eq", "-ne", "-lt", "-gt", "-le", "-ge"})
_INTEGER = re.compile(r"-?[0-9]{1,18}")


_VALUES = frozenset({"string", "simple_expansion", "expansion", "word", "concatenation", "raw_string", "number"})


class Conditions:
    """Decides conditions, and remembers what a passed test says about a variable."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self.asked: set[str] = set()

    def truth(self, node: Node) -> bool | None:
        """Whether the condition holds, or None if that cannot be known."""
        decide = {
            "command": self._command,
            "test_command": self._inner,
            "parenthesized_expression": self._inner,
            "negated_command": self._negated,
            "unary_expression": self._unary,
            "binary_expression": self._binary,
        }.get(node.type)
        if decide is not None:
            return decide(node)
        value = self._known(node) if node.type in _VALUES else None
        return None if value is None else bool(value)

    def _inner(self, node: Node) -> bool | None:
        return self.truth(node.named_children[0]) if node.named_children else None

    def _negated(self, node: Node) -> bool | None:
        inner = self._inner(node)
        return None if inner is None else not inner

    def _command(self, node: Node) -> bool | None:
        name = node.child_by_field_name("name")
        if name is None:
            return None
        word = self._expander.word(name)
        return {"true": True, ":": True, "false": False}.get(word.text)

    def _known(self, node: Node) -> str | None:
        word = self._expander.word(node)
        return None if UNKNOWN in word.text else word.text

    def _unary(self, node: Node) -> bool | None:
        operator = text_of(node.children[0])
        operand = node.named_children[-1]
        if operator == "!":
            inner = self.truth(operand)
            return None if inner is None else not inner
        if operator not in ("-n", "-z"):
            return None
        word = self._expander.word(operand)
        if UNKNOWN in word.text:
            return None if word.maybe_empty and word.text == UNKNOWN else operator == "-n"
        return bool(word.text) is (operator == "-n")

    def _binary(self, node: Node) -> bool | None:
        operator = next((text_of(child) for child in node.children[1:-1] if text_of(child).strip()), "")
        left, right = node.named_children[0], node.named_children[-1]
        if operator in ("&&", "||", "-a", "-o"):
            return _combined((self.truth(left), self.truth(right)), every=operator in ("&&", "-a"))
        first, second = self._known(left), self._known(right)
        if first is None or second is None:
            return None
        if operator in ("=", "=="):
            return fnmatchcase(first, second) if "*" in second else first == second
        if operator == "!=":
            return not fnmatchcase(first, second) if "*" in second else first != second
        return _compared(first, operator, second)

    def learn(self, node: Node, *, holds: bool) -> None:
        """Keep what the condition says: a tested variable is not empty from here on."""
        for name in self._not_empty(node, holds=holds):
            value = self._expander.variables.values.get(name)
            if value is None or value.maybe_empty:
                self._expander.variables.values[name] = replace(value or Word(UNKNOWN), maybe_empty=False)

    @contextmanager
    def assumed(self, node: Node) -> Iterator[None]:
        """What the condition, if it held, says is true inside, and is forgotten afterwards where it was unknown."""
        values = self._expander.variables.values
        before = {name: values.get(name) for name in self._not_empty(node, holds=True)}
        self.learn(node, holds=True)
        yield
        for name, value in before.items():
            if value is not None and value.maybe_empty and values.get(name) == replace(value, maybe_empty=False):
                values[name] = value

    def _not_empty(self, node: Node, *, holds: bool) -> list[str]:
        source = text_of(node)
        if node.type == "negated_command":
            return self._not_empty(node.named_children[0], holds=not holds) if node.named_children else []
        wanted = ("-n", "-d", "-e", "-f") if holds else ("-z",)
        if not any(test in source for test in wanted):
            return []
        return [text_of(child) for child in _descendants(node) if child.type in ("variable_name", "special_variable_name")]

    def case_matches(self, subject: Word, patterns: list[str]) -> bool | None:
        """Whether a case item is chosen, or None if the subject is not known."""
        if UNKNOWN in subject.text:
            return None
        return any(fnmatchcase(subject.text, pattern.strip("\"'")) for pattern in patterns)


def _combined(sides: tuple[bool | None, bool | None], *, every: bool) -> bool | None:
    decisive = not every
    if decisive in sides:
        return decisive
    return None if None in sides else every


def _compared(first: str, operator: str, second: str) -> bool | None:
    if operator not in _NUMERIC or not (_INTEGER.fullmatch(first) and _INTEGER.fullmatch(second)):
        return None
    left, right = int(first), int(second)
    return {
        "-eq": left == right,
        "-ne": left != right,
        "-lt": left < right,
        "-gt": left > right,
        "-le": left <= right,
        "-ge": left >= right,
    }[operator]


def _descendants(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(current.named_children)
