"""Whether a command on a page is spelled as its program takes it, without running it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import yaml

from tests.documents.pages import ROOT

CHART = ROOT / "deploy" / "helm" / "neural-hive"
_SEPARATORS = {"|", "||", "&&", ";", "&", "do", "done", "then", "(", ")"}
_ASSIGNED = re.compile(r"^\w+=")
_HELM = {
    "install": {"--namespace", "--values", "--set", "--wait", "--timeout", "--create-namespace"},
    "upgrade": {"--install", "--namespace", "--values", "--set", "--reuse-values", "--wait", "--timeout"},
    "test": {"--namespace", "--logs", "--timeout"},
    "history": {"--namespace"},
    "rollback": {"--namespace", "--wait", "--timeout"},
    "status": {"--namespace"},
    "uninstall": {"--namespace", "--wait", "--timeout"},
}
_KUBECTL = {
    "apply": {"--filename"},
    "create": {"--from-file", "--from-literal"},
    "delete": {"--grace-period", "--wait"},
    "describe": set[str](),
    "exec": {"--stdin"},
    "get": {"--all-namespaces", "--selector", "--sort-by"},
    "label": set[str](),
    "logs": {"--tail", "--previous"},
    "port-forward": set[str](),
    "rollout": {"--timeout"},
    "scale": {"--replicas"},
    "wait": {"--for", "--selector", "--timeout"},
}


def complaints(command: str) -> Iterator[str]:
    """What is wrong with the words of a command, of every program in it that is known here."""
    for words in calls(command):
        check = {"hive": _hive, "make": _make, "helm": _helm, "kubectl": _kubectl}.get(words[0])
        if check:
            yield from check(words[1:])


def calls(command: str) -> Iterator[list[str]]:
    """The simple commands in a line of shell, each as its words, without the variables before them."""
    inner = re.sub(r"\$\(", " ; ", command.replace("\\\n", " "))
    lexer = shlex.shlex(inner, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word in _SEPARATORS:
            if words:
                yield words
            words = []
        elif words or not _ASSIGNED.match(word):
            words.append(word)


def _hive(words: list[str]) -> Iterator[str]:
    command = _tree()
    for place, word in enumerate(words):
        below = getattr(command, "commands", None)
        if below is None or word.startswith("-"):
            yield from _options(command, words[place:])
            return
        if word not in below:
            yield f"no command {word}"
            return
        command = below[word]


def _options(command: Any, words: list[str]) -> Iterator[str]:
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help", "-h"}
    yield from (f"no option {word}" for word in words if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known)


@cache
def _tree() -> Any:
    from typer.main import get_command

    from neural_hive.cli.app import app

    return get_command(app)


def _make(words: list[str]) -> Iterator[str]:
    yield from (f"no target {word}" for word in words if "=" not in word and word not in targets())


@cache
def targets() -> frozenset[str]:
    """The documented targets of the Makefile."""
    return frozenset(re.findall(r"(?m)^([a-z][a-z0-9-]*):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8")))


def _helm(words: list[str]) -> Iterator[str]:
    if words[0] not in _HELM:
        yield f"no helm command {words[0]}"
        return
    yield from _flags(words[1:], _HELM[words[0]])
    for flag, value in pairwise(words):
        if flag == "--set":
            yield from (f"no value {path}" for path in _paths(value) if not is_value(path))
        if flag == "--values" and value.startswith("deploy/") and not (ROOT / value).is_file():
            yield f"no file {value}"


def _paths(assignments: str) -> list[str]:
    return [part.partition("=")[0] for part in re.split(r"(?<!\\),", assignments)]


def is_value(path: str) -> bool:
    """Whether the chart has a value of this dotted name; below a table of settings, any setting is one."""
    from neural_hive.settings import field_names

    table, settings, name = path.rpartition("settings.")
    if settings and (not table or is_value(table.rstrip("."))):
        return name in field_names()
    found: Any = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    parts = path.split(".")
    if parts[0] in ("gateway", "specialist", "worker") or (parts[0] == "specialists" and parts[1:2] and parts[1] in found["specialists"]):
        rest = parts[2:] if parts[0] == "specialists" else parts[1:]
        return not rest or _holds(found["pods"], rest) or _holds(found, parts) or _holds(found["specialist"], rest)
    return _holds(found, parts)


def _holds(table: Any, parts: list[str]) -> bool:
    for part in parts:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _kubectl(words: list[str]) -> Iterator[str]:
    if words[0] not in _KUBECTL:
        yield f"no kubectl command {words[0]}"
        return
    own, _, inner = " ".join(words).partition(" -- ")
    yield from _flags(own.split(), _KUBECTL[words[0]] | {"--namespace"})
    if inner.startswith("hive "):
        yield from _hive(inner.split()[1:])


def _flags(words: list[str], known: set[str]) -> Iterator[str]:
    yield from (f"no option {word}" for word in words if word.startswith("-") and word.partition("=")[0] not in known)
