"""Actions from the syntax tree of one SQL statement."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from neural_hive.planning.shell.commands import commands
from neural_hive.planning.sql.predicates import reach, truth
from neural_hive.planning.surroundings import environment_named, kind_of, names_disposable
from neural_hive.types import Action, Environment, Polarity, Scope, Trait

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Expression


class SqlFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of sql.toml."""

    functions: dict[str, str]
    statements: dict[str, tuple[str, ...]]
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """sql.toml, ready for use."""

    functions: dict[str, str]
    statements: tuple[tuple[re.Pattern[str], str], ...]
    columns: dict[str, frozenset[str]]


@cache
def lexicon() -> Lexicon:
    """The table of functions and statements; read and validated once.

    Raises:
        ValueError: It names an act that does not exist.
    """
    source = msgspec.toml.decode((files("neural_hive.planning") / "data" / "sql.toml").read_bytes(), type=SqlFile)
    missing = sorted({*source.functions, *source.statements} - commands().acts.keys())
    if missing:
        raise ValueError(f"sql.toml names acts that acts.toml does not have: {', '.join(missing)}")
    functions = {name: act for act, names in source.functions.items() for name in names.split()}
    statements = tuple((_beginning(words), act) for act, beginnings in source.statements.items() for words in beginnings)
    return Lexicon(functions, statements, {kind: frozenset(words.split()) for kind, words in source.columns.items()})


def _beginning(words: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(r".*?" if word == "*" else rf"{re.escape(word)}" for word in words.split()) + r"\b", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds where a statement runs."""

    environment: Environment = Environment.UNKNOWN
    disposable: bool = False
    created: frozenset[str] = frozenset()


_D, _I, _M, _U = Trait.DESTRUCTIVE, Trait.IRREVERSIBLE, Trait.MUTATING, Trait.UNBOUNDED


def act_action(name: str, target: str, setting: Setting, *, certainty: float = 1.0, scope: Scope = Scope.UNKNOWN) -> Action:
    """An action by an act of acts.toml."""
    act = commands().acts[name]
    return Action(
        operation=act.operation,
        object=act.object,
        target=target,
        traits=tuple(sorted(act.traits)),
        sensitivity=act.sensitivity,
        blast=_blast(act.blast, setting.environment),
        environment=setting.environment,
        scope=act.scope if act.scope is not Scope.UNKNOWN else scope,
        certainty=min(certainty, act.certainty) if act.certainty < 0.6 or certainty < 1 else 1.0,
    )


def _blast(blast: float, environment: Environment) -> float:
    return round(min(1.0, blast + 0.15 * (environment is Environment.PRODUCTION)), 3)


def table_name(node: Expression | None) -> str:
    """The name of a table, with its schema; a temporary table of T-SQL keeps its `#`."""
    if not hasattr(node, "key") or node is None:
        return ""  # odd input leaves a bare flag where a table should stand
    if node.key == "schema":
        return table_name(node.this)
    if node.key != "table":
        return node.name or ""
    parts = [part.name for part in (node.args.get("catalog"), node.args.get("db"), node.args.get("this")) if part is not None and part.name]
    name = ".".join(parts)
    identifier = node.this
    return f"#{name}" if identifier is not None and identifier.args.get("temporary") else name


def on_table(operation: str, name: str, traits: set[Trait], setting: Setting, *, scope: Scope) -> Action:
    """An action on a table, weighed by what its name says it holds."""
    kind = kind_of(name)
    own = environment_named(name) if "." in name else Environment.UNKNOWN
    environment = own if own is Environment.PRODUCTION else setting.environment
    disposable = is_temporary(name, setting)
    reading = Trait.READ_ONLY in traits
    sensitivity = 0.05 if disposable and not reading else kind.sensitivity if kind.id != "unknown" else 0.55
    blast = 0.05 if disposable and not reading else kind.blast if kind.id != "unknown" else 0.45
    if disposable and not reading:
        traits = traits - {_I, _U}
    return Action(
        operation=operation,
        object=kind.id if kind.id != "unknown" else "table",
        target=name,
        traits=tuple(sorted(traits)),
        sensitivity=sensitivity,
        blast=blast if reading or disposable else _blast(blast, environment),
        environment=environment,
        scope=scope,
        disposable=disposable and not reading,
    )


def is_temporary(name: str, setting: Setting) -> bool:
    """Whether a table is a session's own, was made by this script, or says that it is scratch."""
    bare = name.rsplit(".", 1)[-1]
    return (
        bare.startswith("#")
        or name.lower() in setting.created
        or setting.disposable
        or (names_disposable(bare) and not re.search(r"(?i)test_?(?:result|case)|latest", bare))
    )


def dml_actions(tree: Expression, setting: Setting, bare: str) -> list[Action]:
    """What a DELETE, UPDATE, INSERT, MERGE, TRUNCATE or SELECT does."""
    from sqlglot import expressions as exp

    kinds = {exp.Delete: _delete, exp.Update: _update, exp.Insert: _insert, exp.Merge: _merge, exp.TruncateTable: _truncate}
    found = (
        [reader(node, setting, bare) for node in tree.find_all(*kinds) for reader in (kinds[type(node)],)]
        if not isinstance(tree, exp.Select) or tree.args.get("with_")
        else []
    )
    return [*(action for group in found for action in group), *_queried(tree, setting)]


def _delete(node: Expression, setting: Setting, bare: str) -> list[Action]:
    target = node.this if node.this is not None else (node.args.get("tables") or [None])[0]
    name = table_name(target)
    where = node.args.get("where")
    limited = node.args.get("limit") is not None or bool(re.match(r"DELETE\s+TOP\b", bare))
    scope, unbounded = reach(where, name.rsplit(".", 1)[-1], limited=limited)
    if where is None and node.args.get("using"):
        unbounded, scope = True, Scope.ALL
    action = on_table("delete", name, {_D, _M, *((_I, _U) if unbounded else ())}, setting, scope=scope)
    return [_idle(action, where)]


def _idle(action: Action, where: Expression | None) -> Action:
    return replace(action, polarity=Polarity.HYPOTHETICAL) if where is not None and truth(where) is False else action


def _update(node: Expression, setting: Setting, bare: str) -> list[Action]:
    name = table_name(node.this)
    where = node.args.get("where")
    limited = node.args.get("limit") is not None or bool(re.match(r"UPDATE\s+TOP\b", bare))
    scope, unbounded = reach(where, name.rsplit(".", 1)[-1], limited=limited)
    joined = bool(node.args.get("from_") or node.this.args.get("joins")) and where is None
    if joined:
        scope, unbounded = Scope.SOME, False
    traits = {_M, *((_D, _I, _U) if unbounded else ())}
    columns = [item.this.name.lower() for item in node.expressions if item.key == "eq" and item.this is not None]
    extra, sensitivity = _columns(columns)
    action = on_table("update", name, traits | extra, setting, scope=scope)
    if sensitivity and not action.disposable:
        action = replace(action, sensitivity=max(action.sensitivity, sensitivity))
    return [_idle(action, where)]


def _columns(columns: list[str]) -> tuple[set[Trait], float]:
    traits: set[Trait] = set()
    sensitivity = 0.0
    groups = lexicon().columns
    for column in columns:
        parts = {column, *column.split("_")}
        if parts & groups["money"]:
            traits.add(Trait.MONEY)
            sensitivity = max(sensitivity, 0.8)
        if parts & groups["secret"]:
            traits.add(Trait.LOCKS_OUT)
            sensitivity = max(sensitivity, 0.9)
        if parts & groups["privilege"]:
            traits.add(Trait.RAISES_PRIVILEGE)
            sensitivity = max(sensitivity, 0.8)
    return traits, sensitivity


def _insert(node: Expression, setting: Setting, bare: str) -> list[Action]:
    name = table_name(node.this)
    replacing = bool(node.args.get("overwrite")) or bare.startswith(("REPLACE", "INSERT OVERWRITE"))
    traits = {_D, _M, _U} if node.args.get("overwrite") else {_M} if replacing or node.args.get("conflict") else {Trait.ADDITIVE}
    return [on_table("overwrite" if replacing else "create", name, traits, setting, scope=Scope.SOME)]


def _merge(node: Expression, setting: Setting, bare: str) -> list[Action]:
    name = table_name(node.this)
    deleting = bool(re.search(r"THEN\s+DELETE\b", bare))
    orphaned = bool(re.search(r"NOT\s+MATCHED\s+BY\s+SOURCE.*?THEN\s+DELETE\b", bare, re.DOTALL))
    traits = {_M, *((_D,) if deleting else ()), *((_I, _U) if orphaned or truth(node.args.get("on")) is True else ())}
    return [on_table("delete" if deleting else "update", name, traits, setting, scope=Scope.SOME)]


def _truncate(node: Expression, setting: Setting, bare: str) -> list[Action]:
    del bare
    return [on_table("truncate", table_name(table), {_D, _I, _M, _U}, setting, scope=Scope.ALL) for table in node.expressions]


def _queried(tree: Expression, setting: Setting) -> list[Action]:
    from sqlglot import expressions as exp

    actions = [act_action(act, name, setting) for name, act in called(tree)]
    if not isinstance(tree, exp.Query):
        return actions
    into = tree.args.get("into")
    if into is not None:
        actions.append(on_table("create", table_name(into.this), {Trait.ADDITIVE}, setting, scope=Scope.ONE))
    tables = [table_name(table) for table in tree.find_all(exp.Table)]
    name = max(tables, key=lambda item: kind_of(item).sensitivity, default="")
    if not any(action.has(_D, _M) for action in actions) and not list(tree.find_all(exp.Delete, exp.Update, exp.Insert)):
        actions.append(replace(on_table("read", name, {Trait.READ_ONLY}, setting, scope=Scope.SOME), blast=0.1))
    return actions


def called(tree: Expression) -> list[tuple[str, str]]:
    """Functions called in a tree that do more than compute, with their acts."""
    from sqlglot import expressions as exp

    names = [str(node.this).lower() for node in tree.find_all(exp.Anonymous)]
    return [(name, lexicon().functions[name]) for name in names if name in lexicon().functions]


def ddl_actions(tree: Expression, setting: Setting, bare: str) -> list[Action]:
    """What a CREATE, ALTER or DROP does; empty if the tree is none of them."""
    if tree.key == "drop":
        return _drop(tree, setting)
    if tree.key == "alter":
        return _alter(tree, setting, bare)
    if tree.key == "create":
        return _create(tree, setting, bare)
    return []


_DROPPED: dict[str, tuple[set[Trait], str, float]] = {
    "TABLE": ({_D, _I, _M}, "table", 0.55),
    "DATABASE": ({_D, _I, _M, _U, Trait.INTERRUPTING}, "data_store", 0.85),
    "SCHEMA": ({_D, _I, _M, _U, Trait.INTERRUPTING}, "data_store", 0.8),
    "INDEX": ({_D, _M}, "index", 0.35),
    "VIEW": ({_D, _M}, "index", 0.35),
    "COLUMN": ({_D, _I, _M}, "table", 0.6),
    "CONSTRAINT": ({_M, Trait.WEAKENS_CONTROL}, "control", 0.5),
    "FOREIGN": ({_M, Trait.WEAKENS_CONTROL}, "control", 0.5),
    "PRIMARY": ({_M, Trait.WEAKENS_CONTROL}, "control", 0.6),
    "TRIGGER": ({_D, _M, Trait.WEAKENS_CONTROL}, "control", 0.6),
    "POLICY": ({Trait.EXPOSING, _M, Trait.WEAKENS_CONTROL}, "access_control", 0.85),
    "PARTITION": ({_D, _I, _M}, "table", 0.65),
}


def _drop(tree: Expression, setting: Setting) -> list[Action]:
    kind = str(tree.args.get("kind") or "TABLE").upper()
    traits, object_kind, sensitivity = _DROPPED.get(kind, ({_D, _M}, "code", 0.5))
    names = tree.args.get("tables") or tree.args.get("expressions") or ([tree.this] if tree.this is not None else [])
    actions = []
    for node in names:
        name = table_name(node)
        if kind in ("TABLE", "COLUMN"):
            action = on_table("drop", name, set(traits), setting, scope=Scope.ALL)
        else:
            action = _dropped_thing(name, set(traits), object_kind, sensitivity, setting)
        if tree.args.get("temporary"):
            action = replace(action, disposable=True, sensitivity=0.05, traits=tuple(sorted(set(action.traits) - {_I, _U})))
        actions.append(action)
    return actions


def _dropped_thing(name: str, traits: set[Trait], object_kind: str, sensitivity: float, setting: Setting) -> Action:
    disposable = is_temporary(name, setting) and environment_named(name) is not Environment.PRODUCTION
    return Action(
        operation="drop",
        object=object_kind,
        target=name,
        traits=tuple(sorted(traits - {_I, _U} if disposable else traits)),
        sensitivity=0.05 if disposable else max(sensitivity, kind_of(name).sensitivity if object_kind == "data_store" else 0.0),
        blast=0.05 if disposable else _blast({"data_store": 0.8, "index": 0.35}.get(object_kind, 0.45), setting.environment),
        environment=setting.environment,
        scope=Scope.ALL if object_kind == "data_store" else Scope.ONE,
        disposable=disposable,
    )


def _alter(tree: Expression, setting: Setting, bare: str) -> list[Action]:
    name = table_name(tree.this)
    return [_altered(item, name, setting, bare) for item in tree.args.get("actions") or []] or [
        replace(on_table("update", name, {_M}, setting, scope=Scope.ONE), certainty=0.6)
    ]


def _altered(item: Expression, name: str, setting: Setting, bare: str) -> Action:
    if item.key == "drop":
        kind = str(item.args.get("kind") or "COLUMN").upper()
        traits, object_kind, sensitivity = _DROPPED.get(kind, ({_D, _M}, "table", 0.55))
        action = on_table("drop", name, set(traits), setting, scope=Scope.ALL if kind == "COLUMN" else Scope.ONE)
        column = ", ".join(node.name for node in item.args.get("tables") or [] if node.name)
        changed = action if object_kind == "table" else replace(action, object=object_kind, sensitivity=sensitivity)
        return replace(changed, target=f"{name}.{column}" if column else name)
    if item.key == "columndef":
        strict = bool(re.search(r"\bNOT NULL\b", bare)) and "DEFAULT" not in bare
        return replace(
            on_table("create", name, {_M, Trait.INTERRUPTING} if strict else {Trait.ADDITIVE}, setting, scope=Scope.ONE), object="table"
        )
    if item.key in ("altercolumn", "modifycolumn", "changecolumn"):
        changing_type = item.args.get("dtype") is not None or item.key != "altercolumn"
        traits = {_M, Trait.INTERRUPTING} if changing_type or item.args.get("allow_null") is False else {_M}
        return on_table("update", name, traits, setting, scope=Scope.ALL if changing_type else Scope.ONE)
    if item.key in ("alterrename", "renamecolumn"):
        return on_table("rename", name, {_M, Trait.INTERRUPTING}, setting, scope=Scope.ONE)
    return on_table("update", name, {_M}, setting, scope=Scope.ONE)


def _create(tree: Expression, setting: Setting, bare: str) -> list[Action]:
    kind = str(tree.args.get("kind") or "TABLE").upper()
    name = table_name(tree.this) if kind != "INDEX" else table_name(tree.this.args.get("table")) if tree.this is not None else ""
    replacing = bool(tree.args.get("replace"))
    if kind == "TABLE" and replacing:
        return [on_table("overwrite", name, {_D, _I, _M}, setting, scope=Scope.ALL)]
    traits = {_M} if replacing else {Trait.ADDITIVE}
    action = on_table("create" if not replacing else "update", name, traits, setting, scope=Scope.ONE)
    if kind in ("FUNCTION", "PROCEDURE", "TRIGGER"):
        return [replace(action, object="code", sensitivity=0.5, certainty=0.7)]
    if kind == "INDEX":
        locking = "CONCURRENTLY" not in bare and setting.environment is Environment.PRODUCTION
        return [
            replace(
                action,
                object="index",
                sensitivity=0.35,
                traits=tuple(sorted({Trait.ADDITIVE, *((Trait.INTERRUPTING,) if locking else ())})),
            )
        ]
    return [replace(action, sensitivity=min(action.sensitivity, 0.5))]
