"""Copies before deletions, checks that stop, transactions: what guards a statement of SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neural_hive.planning.sql.driver import parsed
from neural_hive.planning.sql.pieces import Piece
from neural_hive.planning.sql.statements import raises
from neural_hive.types import Action, Polarity, Safeguard, Trait

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Expression

_COPY = re.compile(r"(?:INSERT\s+INTO|CREATE\s+TABLE|SELECT\b.*?\bINTO|CREATE\s+TABLE\s+IF\s+NOT\s+EXISTS)\b", re.DOTALL)
_TEMPORARY = re.compile(r"CREATE\s+(?:GLOBAL\s+|LOCAL\s+)?TEMP(?:ORARY)?\b|INTO\s+#|INTO\s+TEMP\b")


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows of a table kept elsewhere: all of them when `predicate` is empty."""

    at: int
    table: str
    predicate: str
    transaction: int


@dataclass(frozen=True, slots=True)
class Guards:
    """What guards the statements of one script.

    Attributes:
        transactions: Per statement the number of its transaction, 0 for none.
        undone: Transactions that end in ROLLBACK.
        stops: The script ends at the first error (ON_ERROR_STOP, XACT_ABORT).
    """

    copies: dict[str, tuple[Copy, ...]]
    checks: tuple[int, ...]
    transactions: tuple[int, ...]
    undone: frozenset[int]
    stops: bool

    def apply(self, at: int, piece: Piece, actions: list[Action], dialect: str) -> list[Action]:
        """The actions of a statement with safeguards and, in an undone transaction, as hypothetical."""
        if self.transactions[at] in self.undone:
            actions = [replace(action, polarity=Polarity.HYPOTHETICAL) if not action.has(Trait.READ_ONLY) else action for action in actions]
        if not any(action.has(Trait.DESTRUCTIVE) for action in actions):
            return actions
        if not self.copies:
            return actions
        predicate = where_of(piece, dialect)
        return [self._guarded(at, action, predicate) if action.has(Trait.DESTRUCTIVE) else action for action in actions]

    def _guarded(self, at: int, action: Action, predicate: str) -> Action:
        fitting = [
            copy
            for copy in self.copies.get(_base(action.target), ())
            if _same(copy.table, action.target) and copy.predicate in ("", predicate)
        ]
        before = [copy for copy in fitting if copy.at < at]
        late = [copy for copy in fitting if copy.at > at]
        checked = any(copy.at < check < at for copy in before for check in self.checks)
        together = any(copy.transaction and copy.transaction == self.transactions[at] for copy in before)
        found: list[Safeguard] = []
        if before:
            found.append(Safeguard(kind="backup", verified=together or checked or self.stops))
        if before and checked:
            found.append(Safeguard(kind="restore_test", verified=True))
        return replace(
            action, safeguards=(*action.safeguards, *found), late_safeguards=(Safeguard(kind="backup"),) if late and not before else ()
        )


def _base(name: str) -> str:
    return name.lower().rsplit(".", 1)[-1]


def _same(first: str, second: str) -> bool:
    """Whether two names are one table; a name without a schema may be in any."""
    return first.lower() == second.lower() or ("." not in first or "." not in second)


def guards_of(pieces: tuple[Piece, ...], comments: tuple[str, ...], dialect: str) -> Guards:
    """Looks over a whole script for what guards its statements."""
    transactions, undone = _transactions(pieces)
    destructive = any(re.match(r"(?:WITH\b.*)?(?:DELETE|DROP|TRUNCATE|UPDATE|ALTER)\b", piece.bare, re.DOTALL) for piece in pieces)
    copies = [copy for at, piece in enumerate(pieces) for copy in _copies(at, piece, transactions[at], dialect)] if destructive else []
    checks = tuple(at for at, piece in enumerate(pieces) if raises(piece))
    everything = "\n".join((*comments, *(piece.text for piece in pieces if piece.meta or piece.bare.startswith("SET"))))
    stops = bool(
        re.search(
            r"ON_ERROR_STOP(?!\s*(?:=|\s)\s*(?:0|off))|XACT_ABORT\s+ON|WHENEVER\s+SQLERROR\s+EXIT|--single-transaction",
            everything,
            re.IGNORECASE,
        )
    )
    by_table: dict[str, tuple[Copy, ...]] = {}
    for copy in copies:
        by_table[_base(copy.table)] = (*by_table.get(_base(copy.table), ())[-8:], copy)
    return Guards(by_table, checks, transactions, undone, stops)


def _transactions(pieces: tuple[Piece, ...]) -> tuple[tuple[int, ...], frozenset[int]]:
    numbers: list[int] = []
    undone: set[int] = set()
    current, last = 0, 0
    for piece in pieces:
        if re.match(r"(?:BEGIN(?:\s+(?:TRAN|TRANSACTION|WORK|ISOLATION).*)?|START TRANSACTION.*)$", piece.bare):
            last += 1
            current = last
        numbers.append(current)
        if re.match(r"(?:COMMIT|END)\b", piece.bare):
            current = 0
        elif re.match(r"(?:ROLLBACK|ABORT)\b(?!\s+TO\b)", piece.bare):
            undone.add(current)
            current = 0
    return tuple(numbers), frozenset(undone - {0})


def _copies(at: int, piece: Piece, transaction: int, dialect: str) -> list[Copy]:
    if (
        not _COPY.match(piece.bare)
        or "SELECT" not in piece.bare
        or _TEMPORARY.search(piece.bare)
        or re.search(r"\bLIMIT\b|\bTOP\b", piece.bare)
    ):
        return []
    tree = parsed(piece.text, dialect)
    select = _select_of(tree) if tree is not None else None
    if select is None:
        return []
    source = select.args.get("from_") or select.args.get("from")
    if source is None or source.this is None or source.this.key != "table":
        return []
    table = ".".join(part.name for part in (source.this.args.get("db"), source.this.args.get("this")) if part is not None)
    return [Copy(at, table, _normal(select.args.get("where")), transaction)]


def _select_of(tree: Expression) -> Expression | None:
    if tree.key == "select":
        return tree
    inner = tree.args.get("expression")
    return inner if inner is not None and inner.key == "select" else None


def where_of(piece: Piece, dialect: str) -> str:
    """The WHERE clause of a DELETE or UPDATE in one spelling."""
    if not re.match(r"(?:DELETE|UPDATE)\b", piece.bare):
        return ""
    tree = parsed(piece.text, dialect)
    return _normal(tree.args.get("where")) if tree is not None else "?"


def _normal(where: Expression | None) -> str:
    if where is None:
        return ""
    try:
        return where.sql()
    except RecursionError:
        return "?"  # too deep to compare: equal to nothing
