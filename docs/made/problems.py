"""The errors that a caller of the HTTP interface may meet, found where they are raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from docs.made.parts import ROOT, code, table, word
from neural_hive import errors
from neural_hive.gateway.problems import FieldError, status_of
from neural_hive.messages import catalogue, text
from neural_hive.tokens.base import ScopeError, TokenError

PACKAGE = ROOT / "src" / "neural_hive"
# What these raise ends as an abstention, a missed cache, a missing precedent, or at a start; never as an answer.
_ELSEWHERE = ("cli/", "training/", "evaluation/", "transport/", "cache/", "graph/", "models/", "station/", "bootstrap.py", "settings.py")
_CHOSEN: dict[str, type[errors.HiveError]] = {
    **dict.fromkeys(("error.token_expired", "error.token_audience", "error.token_issuer"), TokenError),
    "error.scope_missing": ScopeError,
}
"""Errors whose key is chosen from a table, or by their own class, where they are raised."""
_OTHERS = (errors.SettingsError, errors.MissingDriverError, errors.IntegrityError)


@cache
def raised() -> dict[str, type[errors.HiveError]]:
    """The class of each error that can reach a caller over HTTP, by its key, sorted."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")) if not _is_elsewhere(str(path))]
    found = {key: kind for source in sources for key, kind in _errors(source)} | _CHOSEN
    return {key: kind for key, kind in sorted(found.items(), key=lambda item: item[0]) if not issubclass(kind, _OTHERS)}


def _is_elsewhere(path: str) -> bool:
    return path.removeprefix(f"{PACKAGE}/").startswith(_ELSEWHERE)


def _errors(source: str) -> Iterator[tuple[str, type[errors.HiveError]]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            kind, key = _kind(ast.unparse(node.func).rpartition(".")[2]), node.args[0].value
            if kind is not None and key in catalogue():
                yield key, kind


def _kind(name: str) -> type[errors.HiveError] | None:
    known = {"FieldError": FieldError, "TokenError": TokenError, "ScopeError": ScopeError}.get(name) or getattr(errors, name, None)
    return known if isinstance(known, type) and issubclass(known, errors.HiveError) else None


def status(key: str) -> int:
    """The HTTP status that an error of this key is answered with."""
    kind = raised()[key]
    error = kind.__new__(kind)
    error.key = key
    return status_of(error)


def problems(language: str) -> str:
    """Every problem by its code, with status and message; what stands in braces is filled in."""
    head = [word(f"api.{name}", language) for name in ("code", "status", "detail")]
    rows = sorted((status(key), key) for key in raised())
    return table(head, ([code(key.removeprefix("error.")), str(number), catalogue()[key][language]] for number, key in rows))


def titles(language: str) -> str:
    """What each status says, as the `title` of a problem."""
    head = [word(f"api.{name}", language) for name in ("status", "title")]
    used = sorted({status(key) for key in raised()})
    return table(head, ([str(number), text(f"problem.{number}", language)] for number in used))
