"""One statement to its actions: tree where there is one, its beginning where the parser keeps text."""

from __future__ import annotations

import re
from dataclasses import replace

from neural_hive.planning.sql.actions import Setting, act_action, ddl_actions, dml_actions, lexicon, on_table
from neural_hive.planning.sql.driver import parsed
from neural_hive.planning.sql.pieces import Piece, cut
from neural_hive.planning.surroundings import kind_of
from neural_hive.types import Action, Scope, Trait

_LONG_INSERT = 2000
_MAX_DEPTH = 3
_VALUES = re.compile(r"INSERT\s+(?:IGNORE\s+)?INTO\s+([\w.\[\]]+)\s*(?:\([^)]*\))?\s*VALUES\b")
_GRANT = re.compile(r"GRANT\s+(?P<what>.*?)\s+(?:ON\s+(?P<on>.*?)\s+)?TO\s+(?P<who>.*)$", re.DOTALL)
_VERB = re.compile(
    r"(?:^|[;\s])(?:BEGIN|THEN|ELSE|LOOP|DECLARE)?\s*\b(DELETE\s+FROM|DELETE|UPDATE|TRUNCATE|DROP|INSERT\s+INTO|ALTER|GRANT|EXECUTE|PERFORM|CALL)\b",
    re.IGNORECASE,
)


def actions_of(piece: Piece, dialect: str, setting: Setting, depth: int = 0) -> list[Action]:
    """What one statement does; never empty."""
    bare = piece.bare
    if piece.meta:
        return _client_command(piece, setting)
    for reader in (_transactional, _exported, _granted, _explained, _block, _copied, _executed):
        found = reader(piece, dialect, setting, depth)
        if found is not None:
            return found
    if len(piece.text) > _LONG_INSERT and (values := _VALUES.match(bare)):
        return [on_table("create", values.group(1).lower(), {Trait.ADDITIVE}, setting, scope=Scope.SOME)]
    return _by_tree(piece, dialect, setting) or _by_beginning(piece, setting)


def _by_tree(piece: Piece, dialect: str, setting: Setting) -> list[Action]:
    early = _early(piece.bare, setting)
    if early:
        return early
    tree = parsed(piece.text, dialect)
    if tree is None or tree.key in ("command", "alias", "column", "set", "use", "show", "kill", "analyze"):
        return []
    try:
        return ddl_actions(tree, setting, piece.bare) or dml_actions(tree, setting, piece.bare)
    except (RecursionError, AttributeError, TypeError, IndexError):
        # The tree of malformed input may lack parts or nest without end; the words decide then, cautiously.
        return []


def _early(bare: str, setting: Setting) -> list[Action]:
    """Statements whose tree says less than their words."""
    if bare.startswith(("ALTER TABLE", "DISABLE", "SET", "DROP POLICY", "DROP SECURITY", "ALTER DATABASE", "ALTER SYSTEM")):
        for pattern, act in lexicon().statements:
            if (
                act in ("stop_guard", "lock", "delete_store")
                and pattern.match(bare)
                and not re.search(r"FOREIGN_KEY_CHECKS\s*=\s*1|SAFE_UPDATES\s*=\s*1", bare)
            ):
                return [act_action(act, _subject(bare), setting, scope=Scope.ONE)]
    return []


def _by_beginning(piece: Piece, setting: Setting) -> list[Action]:
    for pattern, act in lexicon().statements:
        if pattern.match(piece.bare):
            return [act_action(act, _subject(piece.bare), setting, certainty=1.0 if act == "read" else 0.9)]
    return [unread(piece, setting)]


def _subject(bare: str) -> str:
    words = [word for word in bare.split()[1:] if word not in ("IF", "EXISTS", "TABLE", "DATABASE", "ONLY", "CONCURRENTLY")]
    return words[0].strip("';(),").lower() if words else ""


_VISIBLE = re.compile(r"\b(DROP|DELETE|TRUNCATE|DESTROY|PURGE|ERASE|REMOVE|UPDATE|GRANT)\b")


def unread(piece: Piece, setting: Setting) -> Action:
    """A statement, or many, that nobody could read; it destroys what its words say it does."""
    visible = bool(_VISIBLE.search(piece.bare))
    traits = (Trait.DESTRUCTIVE, Trait.MUTATING) if visible else ()
    kind = kind_of(piece.bare[:200].lower())
    return Action(
        operation="unknown",
        object=kind.id,
        traits=traits,
        sensitivity=max(0.5, kind.sensitivity),
        blast=0.45,
        environment=setting.environment,
        certainty=0.3,
    )


def _client_command(piece: Piece, setting: Setting) -> list[Action]:
    if re.match(r"\\!", piece.text):
        return [act_action("run", piece.text, setting, certainty=0.4)]
    return [act_action("read", "", setting)]


def _transactional(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    del dialect, depth
    if (
        re.match(
            r"(?:BEGIN(?:\s+(?:TRAN|TRANSACTION|WORK))?|START TRANSACTION|COMMIT|ROLLBACK|END|SAVEPOINT|ABORT)\b[^()]{0,60}$", piece.bare
        )
        and "''" not in piece.bare
    ):
        return [replace(act_action("nothing", "", setting), operation="read")]
    return None


def _exported(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    """`SELECT ... INTO OUTFILE`: the rows leave the database for a file on its host."""
    del dialect, depth
    if not re.search(r"\bINTO\s+(?:OUTFILE|DUMPFILE)\b", piece.bare):
        return None
    found = re.search(r"\bFROM\s+([\w.]+)", piece.bare)
    name = found.group(1).lower() if found else ""
    return [replace(act_action("send", name, setting), sensitivity=max(0.55, kind_of(name).sensitivity), object=kind_of(name).id)]


def _granted(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    del dialect, depth
    bare = piece.bare
    if bare.startswith(("REVOKE", "DENY")):
        return [act_action("revoke", _after(bare, "ON"), setting, scope=Scope.ONE)]
    found = _GRANT.match(bare)
    if not found:
        return None
    what, on, who = found.group("what"), (found.group("on") or "").lower(), found.group("who")
    everyone = bool(re.search(r"\bPUBLIC\b|''@''|'%'|\bANONYMOUS\b", who)) or "%" in piece.literals
    broad = (
        bool(re.search(r"\bALL\b|\bSUPER|\bDBA\b|SYSADMIN|DB_OWNER|CREATEROLE|CONTROL", what))
        or "WITH GRANT OPTION" in who
        or "WITH ADMIN OPTION" in who
    )
    reading = set(re.findall(r"[A-Z]+", re.sub(r"\(.*?\)", "", what))) <= {"SELECT", "USAGE", "CONNECT", "SHOW", "VIEW", "READ"}
    kind = kind_of(on)
    action = act_action(
        "grant_admin" if broad else "grant",
        on or what.lower(),
        setting,
        scope=Scope.ALL if everyone or "ALL TABLES" in on.upper() or "*.*" in on else Scope.ONE,
    )
    sensitivity = 0.9 if broad else max(0.5, kind.sensitivity if kind.id != "unknown" else 0.5)
    traits = {
        Trait.MUTATING,
        Trait.RAISES_PRIVILEGE,
        *((Trait.EXPOSING, Trait.WEAKENS_CONTROL) if everyone else ()),
        *((Trait.WEAKENS_CONTROL,) if broad else ()),
    }
    blast = 0.9 if everyone else action.blast if broad else 0.3 if reading else 0.45
    return [
        replace(
            action,
            traits=tuple(sorted(traits)),
            sensitivity=sensitivity if not (everyone and not reading) else max(0.8, sensitivity),
            blast=blast,
        )
    ]


def _after(bare: str, word: str) -> str:
    _, found, rest = bare.partition(f" {word} ")
    return rest.split(" ", 1)[0].lower() if found else ""


def _explained(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    if not piece.bare.startswith(("EXPLAIN", "DESCRIBE ", "DESC ")):
        return None
    if not re.match(r"EXPLAIN\s+(?:ANALYZE|ANALYSE|\([^)]*\bANALYZE\b(?!\s+(?:FALSE|OFF|0))[^)]*\))", piece.bare):
        return [act_action("read", "", setting)]
    inner = re.sub(r"(?is)^EXPLAIN\s+(?:\([^)]*\)|ANALYZE|ANALYSE)(?:\s+VERBOSE)?\s*", "", piece.text)
    return _nested(inner, dialect, setting, depth)


def _nested(source: str, dialect: str, setting: Setting, depth: int) -> list[Action]:
    if depth >= _MAX_DEPTH:
        return [Action(operation="unknown", certainty=0.3, environment=setting.environment)]
    pieces, _ = cut(source)
    return [action for piece in pieces for action in actions_of(piece, dialect, setting, depth + 1)] or [
        Action(operation="unknown", certainty=0.3)
    ]


def _block(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    if not re.match(r"DO\b", piece.bare) or not piece.bodies:
        return None
    return body_actions(piece.bodies[0], dialect, setting, depth) or [act_action("verify" if raises(piece) else "read", "", setting)]


def body_actions(body: str, dialect: str, setting: Setting, depth: int) -> list[Action]:
    """What the statements in a procedural block do; empty if it only checks."""
    if depth >= _MAX_DEPTH:
        return [Action(operation="unknown", certainty=0.3, environment=setting.environment)]
    actions: list[Action] = []
    for piece in cut(body)[0]:
        found = _VERB.search(piece.text)
        while found is not None and "'" in piece.text[: found.start(1)] and piece.text[: found.start(1)].count("'") % 2:
            found = _VERB.search(piece.text, found.end(1))
        if found is None:
            continue
        statement = piece.text[found.start(1) :]
        if found.group(1).upper() == "PERFORM":
            statement = f"SELECT {statement[7:]}"
        for inner in cut(statement)[0]:
            actions.extend(actions_of(inner, dialect, setting, depth + 1))
    return actions


def raises(piece: Piece) -> bool:
    """Whether a block can stop the script: it raises an error when a check fails."""
    text = " ".join((piece.bare, *(body.upper() for body in piece.bodies)))
    return bool(
        re.search(r"\bRAISE\s+EXCEPTION\b|\bTHROW\b|\bRAISERROR\b|\bSIGNAL\s+SQLSTATE\b|\bASSERT\b|RAISE_APPLICATION_ERROR", text)
    ) or bool(re.search(r"1\s*/\s*(?:\(?CASE|0)", text))


def _copied(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    del dialect, depth
    if not piece.bare.startswith(("COPY", "UNLOAD", "BULK INSERT", "LOAD DATA")):
        return None
    if re.search(r"\bPROGRAM\b", piece.bare):
        return [act_action("run_untrusted", _subject(piece.bare), setting, certainty=0.4)]
    name = _subject(piece.bare)
    if re.search(r"\bTO\b", piece.bare):
        outside = any("://" in literal for literal in piece.literals)
        return (
            [act_action("send", name, setting, certainty=0.7)]
            if outside
            else [on_table("copy", name, {Trait.ADDITIVE}, setting, scope=Scope.ALL)]
        )
    return [on_table("create", name, {Trait.ADDITIVE}, setting, scope=Scope.SOME)]


def _executed(piece: Piece, dialect: str, setting: Setting, depth: int) -> list[Action] | None:
    """EXEC, EXECUTE IMMEDIATE, CALL: procedures, and statements hidden in strings."""
    if not re.match(r"(?:EXEC|EXECUTE|CALL|PERFORM)\b", piece.bare):
        return None
    dynamic = [
        literal
        for literal in piece.literals
        if re.match(r"\s*(?:DROP|DELETE|TRUNCATE|UPDATE|ALTER|INSERT|GRANT|CREATE|SELECT)\b", literal, re.IGNORECASE)
    ]
    if dynamic:
        exact = len(piece.literals) == 1 and not re.search(r"\|\||\+|FORMAT\s*\(", piece.bare)
        inner = _nested(re.sub(r"%[IsL]", "unknown_value", dynamic[0]), dialect, setting, depth)
        return inner if exact else [replace(action, certainty=min(action.certainty, 0.4)) for action in inner]
    name = re.sub(r"^(?:EXEC|EXECUTE|CALL|PERFORM)\s+(?:IMMEDIATE\s+|PROCEDURE\s+)?", "", piece.bare).split("(")[0].split()[:1]
    called = name[0].lower().rsplit(".", 1)[-1] if name else ""
    if called in lexicon().functions:
        return [act_action(lexicon().functions[called], called, setting)]
    if called == "sp_configure":
        return [act_action("configure_store", called, setting)]
    if called in ("sp_help", "sp_who", "sp_who2", "sp_helptext", "sp_spaceused"):
        return [act_action("read", called, setting)]
    traits = (
        (Trait.DESTRUCTIVE, Trait.MUTATING)
        if re.search(r"purge|delete|drop|truncate|limpa|apaga|expurg|remove|clean", called)
        else (Trait.MUTATING,)
    )
    return [
        Action(
            operation="run",
            object=kind_of(called).id,
            target=called,
            traits=traits,
            sensitivity=max(0.5, kind_of(called).sensitivity),
            blast=0.45,
            environment=setting.environment,
            certainty=0.4,
        )
    ]
