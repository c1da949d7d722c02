"""Tests of a script, decided as far as the values are known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from neural_hive.planning.shell.syntax import text_of
from neural_hive.planning.shell.words import UNKNOWN, Expander, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_NUMERIC = {"-eq": 0, "-ne": 0, "-lt": 0, "-gt": 0, "-le": 0, "-ge": 0}


class Conditions:
    """Decides conditions, and remembers what a passed test says about a variable."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self.asked: set[str] = set()

    def truth(self, node: Node) -> bool | None:
        """Whether the condition holds, or None if that cannot be known."""
        kind = node.type
        if kind == "command":
            return self._command(node)
        if kind in ("test_command", "parenthesized_expression"):
            return self.truth(node.named_children[0]) if node.named_children else None
        if kind == "negated_command":
            inner = self.truth(node.named_children[0]) if node.named_children else None
            return None if inner is None else not inner
        if kind == "unary_expression":
            return self._unary(node)
        if kind == "binary_expression":
            return self._binary(node)
        if kind in ("string", "simple_expansion", "expansion", "word", "concatenation", "raw_string", "number"):
            value = self._known(node)
            return None if value is None else bool(value)
        return None

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
            return _combined(self.truth(left), self.truth(right), every=operator in ("&&", "-a"))
        first, second = self._known(left), self._known(right)
        if first is None or second is None:
            return None
        if operator in ("=", "=="):
            return fnmatchcase(first, second) if "*" in second else first == second
        if operator == "!=":
            return not fnmatchcase(first, second) if "*" in second else first != second
        return _compared(first, operator, second)

    def learn(self, node: Node, holds: bool) -> None:
        """Keep what the condition says: a tested variable is not empty from here on."""
        for name in self._not_empty(node, holds):
            value = self._expander.variables.values.get(name)
            if value is None or value.maybe_empty:
                self._expander.variables.values[name] = replace(value or Word(UNKNOWN), maybe_empty=False)

    @contextmanager
    def assumed(self, node: Node, holds: bool) -> Iterator[None]:
        """What the condition says holds inside, and is forgotten afterwards where it was unknown."""
        values = self._expander.variables.values
        before = {name: values.get(name) for name in self._not_empty(node, holds)}
        self.learn(node, holds)
        yield
        for name, value in before.items():
            if value is not None and value.maybe_empty and values.get(name) == replace(value, maybe_empty=False):
                values[name] = value

    @contextmanager
    def nothing(self) -> Iterator[None]:
        """No assumption."""
        yield

    def _not_empty(self, node: Node, holds: bool) -> list[str]:
        source = text_of(node)
        if node.type == "negated_command":
            return self._not_empty(node.named_children[0], not holds) if node.named_children else []
        wanted = "-n" if holds else "-z"
        names = []
        for child in _descendants(node):
            if child.type in ("variable_name", "special_variable_name") and (wanted in source or (holds and ("-d" in source or "-e" in source or "-f" in source))):
                names.append(text_of(child))
        return names

    def case_matches(self, subject: Word, patterns: list[str]) -> bool | None:
        """Whether a case item is chosen, or None if the subject is not known."""
        if UNKNOWN in subject.text:
            return None
        return any(fnmatchcase(subject.text, pattern.strip("\"'")) for pattern in patterns)


def _combined(left: bool | None, right: bool | None, *, every: bool) -> bool | None:
    if every:
        return False if left is False or right is False else True if left and right else None
    return True if left or right else False if left is False and right is False else None


def _compared(first: str, operator: str, second: str) -> bool | None:
    if operator not in _NUMERIC or not (first.lstrip("-").isdigit() and second.lstrip("-").isdigit()):
        return None
    left, right = int(first[:18]), int(second[:18])
    return {"-eq": left == right, "-ne": left != right, "-lt": left < right, "-gt": left > right, "-le": left <= right, "-ge": left >= right}[operator]


def _descendants(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(current.named_children)
