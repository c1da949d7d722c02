"""How much a WHERE clause lets through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from neural_hive.types import Scope

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Expression

_KEY = re.compile(
    r"^(?:id|pk|uuid|guid|cpf|cnpj|email|slug|sku|ssn|username|login|codigo|code|rowid|ctid|_id|oid|key|numero|number)$", re.IGNORECASE
)
_COMPARED = {
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
_MAX_NODES = 2000


def truth(node: Expression | None) -> bool | None:
    """Whether a condition holds for every row (True), for none (False), or depends on the row (None)."""
    if node is None:
        return True
    decide = _DECIDERS.get(node.key)
    found = decide(node) if decide is not None else _pattern(node)
    return not found if found is not None and node.args.get("negate") else found


def _not(node: Expression) -> bool | None:
    inner = truth(node.this)
    return None if inner is None else not inner


def _number(node: Expression) -> bool | None:
    return None if node.is_string else node.this not in ("0", "0.0")


def _combined(node: Expression) -> bool | None:
    sides = (truth(node.this), truth(node.expression))
    decisive = node.key == "or"
    if decisive in sides:
        return decisive
    return None if None in sides else not decisive


def _comparison(node: Expression) -> bool | None:
    left, right = _bare(node.this), _bare(node.expression)
    if left is None or right is None:
        return None
    if left.key == "literal" and right.key == "literal":
        return _literals(node.key, left, right)
    if left.key != "column":
        return None
    if right.key == "column" and left.sql() == right.sql():
        return node.key in ("eq", "gte", "lte")
    return True if _always(node.key, left.name, right) else None


_NOW = frozenset({"currenttimestamp", "currentdate", "now", "currentdatetime"})


def _always(comparison: str, column: str, right: Expression) -> bool:
    """Comparisons that every row of a real table passes: a key above zero, a creation before now."""
    if _is_key(column):
        return (comparison, str(right.this)) in _EVERY_KEY or (right.key == "neg" and comparison in ("gt", "gte", "neq"))
    return comparison in ("lt", "lte") and right.key in _NOW and bool(re.search(r"creat|criad|insert", column, re.IGNORECASE))


_EVERY_KEY = frozenset({("gt", "0"), ("gte", "0"), ("gte", "1"), ("neq", "0")})


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
    if (
        node.key == "exists"
        and node.this is not None
        and node.this.key == "select"
        and node.this.args.get("from_") is None
        and node.this.args.get("where") is None
    ):
        return True
    return None


def _bare(node: Expression | None) -> Expression | None:
    while node is not None and node.key in ("paren", "cast", "trycast"):
        node = node.this
    return node


def _is_key(name: str) -> bool:
    return bool(_KEY.match(name)) or name.lower().endswith("_id") or (name.endswith("Id") and len(name) > 2)


_DECIDERS: dict[str, Callable[[Expression], bool | None]] = {
    "where": lambda node: truth(node.this),
    "paren": lambda node: truth(node.this),
    "not": _not,
    "and": _combined,
    "or": _combined,
    "boolean": lambda node: bool(node.this),
    "literal": _number,
    **dict.fromkeys(_COMPARED, _comparison),
}


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
    pending = [node]
    terms: list[Expression] = []
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
    if term.key in ("is", "in") and term.args.get("negate") and not term.args.get("query"):
        return term.this.key == "column" and _is_key(term.this.name)
    if term.key == "not":
        inner = _bare(term.this)
        if (
            inner is not None
            and inner.key in ("is", "in", "eq")
            and inner.this is not None
            and inner.this.key == "column"
            and not inner.args.get("query")
        ):
            return _is_key(inner.this.name)
    return False
