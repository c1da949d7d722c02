"""How much a WHERE clause lets through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neural_hive.types import Scope

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_KEY = re.compile(r"^(?:id|pk|uuid|guid|cpf|cnpj|email|slug|sku|ssn|username|login|codigo|code|rowid|ctid|_id|oid|key|numero|number)$", re.IGNORECASE)
_COMPARED = {"eq": lambda a, b: a == b, "neq": lambda a, b: a != b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}
_MAX_NODES = 2000


def truth(node: Expression | None) -> bool | None:
    """Whether a condition holds for every row (True), for none (False), or depends on the row (None)."""
    if node is None:
        return True
    kind = node.key
    if kind in ("where", "paren"):
        return truth(node.this)
    if kind == "not":
        inner = truth(node.this)
        return None if inner is None else not inner
    if kind in ("and", "or"):
        return _joined(truth(node.this), truth(node.expression), every=kind == "and")
    if kind == "boolean":
        return bool(node.this)
    if kind == "literal":
        return None if node.is_string else node.this not in ("0", "0.0")
    if kind in _COMPARED:
        return _comparison(node)
    return _pattern(node)


def _joined(left: bool | None, right: bool | None, *, every: bool) -> bool | None:
    if every:
        return False if left is False or right is False else True if left and right else None
    return True if left or right else False if left is False and right is False else None


def _comparison(node: Expression) -> bool | None:
    left, right = _bare(node.this), _bare(node.expression)
    if left is None or right is None:
        return None
    if left.key == "literal" and right.key == "literal":
        return _literals(node.key, left, right)
    if left.key == "column" and right.key == "column" and left.sql() == right.sql():
        return node.key in ("eq", "gte", "lte")
    if left.key == "column" and right.key == "literal" and not right.is_string and _is_key(left.name):
        return True if (node.key, right.this) in (("gt", "0"), ("gte", "0"), ("gte", "1"), ("neq", "0")) else None
    if left.key in ("column", "neg") and right.key == "neg" and node.key in ("gt", "neq", "gte") and left.key == "column" and _is_key(left.name):
        return True
    if node.key in ("lt", "lte") and left.key == "column" and re.search(r"creat|criad|insert", left.name, re.IGNORECASE) and right.key in ("currenttimestamp", "currentdate", "now", "currentdatetime"):
        return True
    return None


def _literals(kind: str, left: Expression, right: Expression) -> bool | None:
    first, second = left.this, right.this
    if left.is_string != right.is_string or kind in ("eq", "neq"):
        return bool(_COMPARED[kind](first, second))
    try:
        return bool(_COMPARED[kind](float(first), float(second)))
    except ValueError:
        return None


def _pattern(node: Expression) -> bool | None:
    if node.key in ("like", "ilike") and node.expression is not None and node.expression.key == "literal":
        return True if set(str(node.expression.this)) == {"%"} else None
    if node.key == "is" and node.this.key == "column":
        return None
    if node.key == "in" and node.this.key == "literal":
        return True if any(item.key == "literal" and item.this == node.this.this for item in node.expressions) else None
    if node.key == "exists" and node.this is not None and node.this.key == "select" and node.this.args.get("from_") is None and node.this.args.get("where") is None:
        return True
    return None


def _bare(node: Expression | None) -> Expression | None:
    while node is not None and node.key in ("paren", "cast", "trycast"):
        node = node.this
    return node


def _is_key(name: str) -> bool:
    return bool(_KEY.match(name)) or name.lower().endswith("_id") or (name.endswith("Id") and len(name) > 2)


def reach(where: Expression | None, table: str, *, limited: bool) -> tuple[Scope, bool]:
    """How many rows a statement touches, and whether nothing bounds them."""
    verdict = truth(where)
    if verdict is True:
        return (Scope.SOME, False) if limited else (Scope.ALL, True)
    if where is None or verdict is False:
        return Scope.ONE, False
    terms = _conjuncts(where.this if where.key == "where" else where)
    if any(_names_one(term, table) for term in terms):
        return Scope.ONE, False
    if not limited and terms and all(_excludes_few(term) or truth(term) is True for term in terms):
        return Scope.ALL, True
    return Scope.SOME, False


def _conjuncts(node: Expression) -> list[Expression]:
    pending, terms = [node], []
    while pending and len(terms) < _MAX_NODES:
        current = pending.pop()
        if current.key == "paren":
            pending.append(current.this)
        elif current.key == "and":
            pending.extend((current.this, current.expression))
        else:
            terms.append(current)
    return terms


def _names_one(term: Expression, table: str) -> bool:
    if term.key != "eq":
        return False
    left, right = _bare(term.this), _bare(term.expression)
    if left is None or right is None or left.key != "column" or right.key in ("column", "subquery", "select"):
        return False
    name = left.name.lower()
    if _KEY.match(name):
        return True
    stem = re.sub(r"_?id$", "", name)
    return stem != name and bool(stem) and table.lower().rstrip("s").endswith(stem.rstrip("s"))


def _excludes_few(term: Expression) -> bool:
    """`id <> 7`, `id IS NOT NULL`, `NOT id IN (1, 2)`: nearly everything passes."""
    if term.key == "neq":
        column = _bare(term.this)
        return column is not None and column.key == "column" and _is_key(column.name)
    if term.key == "is" and term.expression is not None and term.expression.key == "not":
        return term.this.key == "column" and _is_key(term.this.name)
    if term.key == "not":
        inner = _bare(term.this)
        if inner is not None and inner.key in ("is", "in", "eq") and inner.this is not None and inner.this.key == "column" and not inner.args.get("query"):
            return _is_key(inner.this.name)
    return False
