"""One statement to one syntax tree; loads sqlglot at the first SQL."""

from __future__ import annotations

import logging
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Expression

_TSQL = re.compile(
    r"(?<![\w&])#\w|\bTOP\s*\(|\bdbo\.|\[\w+\]|^\s*GO\s*$|\bNOLOCK\b|\bGETDATE\b|\bEXEC\b|@\w+\s*=|\bDELETE\s+TOP\b|\bIDENTITY\b",
    re.IGNORECASE | re.MULTILINE,
)
_MYSQL = re.compile(
    r"`|\bINTERVAL\s+\d+\s+\w+|\bENGINE\s*=|\bAUTO_INCREMENT\b|\bDELETE\b[^;]*\bLIMIT\s+\d|\bUPDATE\b[^;]*\bLIMIT\s+\d|\bON\s+DUPLICATE\s+KEY",
    re.IGNORECASE,
)
_ORACLE = re.compile(r"\bSYSDATE\b|\bVARCHAR2\b|\bFROM\s+DUAL\b|\bROWNUM\b|\bNUMBER\(", re.IGNORECASE)
_FALLBACKS = ("postgres", "mysql", "tsql", "oracle", "bigquery", "snowflake", "sqlite", "")


def dialect_of(source: str) -> str:
    """The likeliest dialect by the marks that others do not have; PostgreSQL when nothing tells."""
    if "::" in source or "$$" in source or re.search(r"\bILIKE\b|\binterval\s+'", source, re.IGNORECASE):
        return "postgres"
    for dialect, marks in (("tsql", _TSQL), ("mysql", _MYSQL), ("oracle", _ORACLE)):
        if marks.search(source):
            return dialect
    return "postgres"


@cache
def _quiet() -> None:
    # The parser announces every statement that it keeps as text; that is no news to a reader.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


@lru_cache(maxsize=256)  # readers and guards look at the same statements; nobody changes a tree
def parsed(statement: str, dialect: str) -> Expression | None:
    """The tree of one statement, in the first dialect that understands it; None if none does."""
    if _too_deep(statement):
        return None
    import sqlglot
    from sqlglot.errors import SqlglotError

    _quiet()
    tried = [dialect, *(other for other in _FALLBACKS if other != dialect)] if len(statement) < 4000 else [dialect]
    for name in tried[:3]:
        try:
            tree = sqlglot.parse_one(statement, read=name or None, error_level=sqlglot.ErrorLevel.RAISE)
        except (SqlglotError, RecursionError, ValueError, IndexError, AttributeError, TypeError, KeyError):
            # Malformed input can break the parser in ways it does not declare; another dialect may do.
            continue
        if tree.key not in ("alias", "column"):
            return tree
    return None


_DEEPEST = 60  # levels of brackets; people stay below ten, and each costs the parser stack and time


def _too_deep(statement: str) -> bool:
    if statement.count("(") <= _DEEPEST:
        return False
    depth = 0
    for character in statement:
        depth += (character == "(") - (character == ")")
        if depth > _DEEPEST:
            return True
    return False
