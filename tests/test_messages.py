"""The catalogue: both languages say the same, every key that is used exists, none is left over."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from neural_hive.messages import LANGUAGES, catalogue

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "neural_hive"
KEYS = sorted(catalogue())
SECTIONS = {key.partition(".")[0] for key in KEYS}


def placeholders(words: str) -> list[str]:
    return sorted({name for _, name, _, _ in string.Formatter().parse(words) if name is not None})


def literals() -> Iterator[str]:
    """Every string in the package that no docstring is; an f-string as its constant parts around `*`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "*" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inside | docstrings):
                yield node.value


@cache
def keys_in_code() -> tuple[set[str], set[str]]:
    """Keys written out, and patterns of keys that are put together from parts."""
    texts = set(literals())
    exact = {words for words in texts if words in catalogue()}
    patterns = {words for words in texts if "*" in words and words.partition(".")[0] in SECTIONS and "." in words and " " not in words}
    return exact, patterns


def raised_keys() -> Iterator[tuple[str, str]]:
    """First arguments of `text(...)` and of raised errors, with their file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                called = ast.unparse(node.func).rpartition(".")[2]
                if called == "text" or (called.endswith("Error") and node.args[0].value.startswith("error.")):
                    yield path.name, node.args[0].value


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_have_the_same_placeholders(key: str) -> None:
    entry = catalogue()[key]
    assert all(entry[language].strip() for language in LANGUAGES)
    assert placeholders(entry["pt"]) == placeholders(entry["en"])


def test_every_key_in_the_code_exists() -> None:
    unknown = [(file, key) for file, key in raised_keys() if "." in key and " " not in key and key not in catalogue()]
    assert not unknown


def test_every_pattern_of_keys_matches_something() -> None:
    assert [pattern for pattern in sorted(keys_in_code()[1]) if not any(matches(key, pattern) for key in KEYS)] == []


def test_no_key_is_left_over() -> None:
    """A key counts as used when it is written out or fits a pattern such as f"factor.{name}"."""
    exact, patterns = keys_in_code()
    unused = [key for key in KEYS if key not in exact and not any(matches(key, pattern) for pattern in patterns)]
    assert not unused


def matches(key: str, pattern: str) -> bool:
    """Whether `key` fits; each `*` stands for at least one character."""
    return re.fullmatch(".+".join(map(re.escape, pattern.split("*"))), key) is not None


def test_a_pattern_can_fail() -> None:
    assert matches("factor.exposure", "factor.*")
    assert not matches("factor.", "factor.*")
    assert not matches("rule.exposure", "factor.*")
    assert matches("cli.help.review", "cli.*.review")
    assert not matches("cli.help.status", "cli.*.review")
