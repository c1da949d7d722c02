"""What the changed attributes of a resource give away: controls, rights, exposure, scale, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from neural_hive.planning.documents import Path, dig, leaves, mapping
from neural_hive.planning.exposure import allows_anyone, allows_everything, openings, statements
from neural_hive.planning.knowledge import Effect
from neural_hive.planning.terraform_change import ResourceChange
from neural_hive.planning.terraform_knowledge import Attribute, Flag, lookup
from neural_hive.types import Safeguard, Scope, Trait

_ANYONE = frozenset({"allusers", "allauthenticatedusers", "system:anonymous", "system:unauthenticated"})
_RIGHTS = (
    "policy_arn",
    "role",
    "roles",
    "role_definition_name",
    "managed_policy_arns",
    "permission",
    "privileges",
    "access_level",
    "policy",
)
_PLAIN = (
    "environment",
    "variables",
    "env",
    "env_vars",
    "values",
    "set",
    "user_data",
    "container_definitions",
    "app_settings",
    "data",
    "labels",
)
_INDIRECT = ("arn:", "${", "vault:", "ssm:", "projects/", "@microsoft", "secretref", "/aws/", "sm://", "ref+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth an action of its own: the line to show and what it means."""

    line: str
    effect: Effect
    safeguards: tuple[Safeguard, ...] = ()


def findings(change: ResourceChange) -> Iterator[Finding]:
    """Everything found in the new values of a resource, compared with its old ones."""
    yield from _attributes(change)
    yield from _switched_off(change)
    yield from _scaling(change)
    yield from _openings(change)
    yield from _policies(change)
    yield from _rights(change)
    yield from _secrets(change)
    yield from _expiry(change)


def _attributes(change: ResourceChange) -> Iterator[Finding]:
    index = lookup().attributes
    for path in change.changed:
        named = tuple(part for part in path if not part.isdigit())
        for suffix, rule in index.get(named[-1], ()) if named else ():
            if named[-len(suffix) :] == suffix:
                worse = _worse(rule, change, path)
                if worse is not None:
                    yield Finding(change.show(path), _as_effect(rule) if worse else _protection(rule))
                break


def _worse(rule: Attribute, change: ResourceChange, path: Path) -> bool | None:
    """True when the new value protects less, False when it protects more, None when neither."""
    before, after = change.before.get(path), change.after.get(path)
    if change.verb == "create":
        return True if rule.created and _lower(after) in rule.bad else None
    if rule.fewer:
        old, new = _number(before), _number(after)
        if old is None or old == 0:
            return False if new else None
        return (new or 0) < old if new != old else None
    was, now = _lower(before) in rule.bad, _lower(after) in rule.bad or (before is not None and path not in change.after)
    return None if was == now or (before is None and not now and not rule.created) else now


def _as_effect(rule: Attribute) -> Effect:
    return Effect(
        operation=rule.operation, object=rule.object, traits=rule.traits, sensitivity=rule.sensitivity, blast=rule.blast, scope=rule.scope
    )


def _protection(rule: Attribute) -> Effect:
    return msgspec.structs.replace(_as_effect(rule), operation="protect", traits=(Trait.PROTECTIVE,))


def _switched_off(change: ResourceChange) -> Iterator[Finding]:
    for name in ("enabled", "enable", "is_enabled", "state", "status", "suspended"):
        path = (name,)
        before, after = _lower(change.before.get(path)), _lower(change.after.get(path))
        on, off = (
            ({"false"}, {"true"})
            if name == "suspended"
            else ({"true", "enabled", "active"}, {"false", "disabled", "inactive", "suspended"})
        )
        if before in on and after in off:
            resource = change.resource
            trait = (
                Trait.LOCKS_OUT
                if change.flagged(Flag.KEYS)
                else Trait.WEAKENS_CONTROL
                if change.flagged(Flag.CONTROL)
                else Trait.INTERRUPTING
            )
            traits = (trait, Trait.MUTATING, Trait.INTERRUPTING) if trait is Trait.LOCKS_OUT else (trait, Trait.MUTATING)
            yield Finding(
                change.show(path),
                Effect(operation="retire", traits=traits, sensitivity=resource.sensitivity, blast=resource.blast, scope=Scope.ALL),
            )
        elif before in off and after in on and change.flagged(Flag.CONTROL):
            yield Finding(
                change.show(path), Effect(operation="protect", traits=(Trait.PROTECTIVE,), sensitivity=change.resource.sensitivity)
            )


def _scaling(change: ResourceChange) -> Iterator[Finding]:
    if change.verb == "create":
        return
    for path in change.changed:
        name = next((part for part in reversed(path) if not part.isdigit()), "")
        if name not in lookup().knowledge.scaling:
            continue
        old, new = _number(change.before.get(path)), _number(change.after.get(path))
        if old is None or new is None or change.is_unknown(path):
            continue
        yield Finding(change.show(path), _scale_effect(change, old, new, minimum=name.startswith("min")))


def _scale_effect(change: ResourceChange, old: float, new: float, *, minimum: bool) -> Effect:
    traits: tuple[Trait, ...]
    if new > old:
        traits, scope, operation = (Trait.MUTATING,), Scope.ONE, "scale_up"
    elif new == 0 and not minimum:
        traits, scope, operation = (Trait.INTERRUPTING, Trait.MUTATING), Scope.ALL, "scale_down"
    else:
        deep = new * 2 < old and not minimum
        traits, scope, operation = (Trait.MUTATING, *((Trait.INTERRUPTING,) if deep else ())), Scope.SOME, "scale_down"
    return Effect(operation=operation, traits=traits, sensitivity=change.resource.sensitivity, blast=change.resource.blast, scope=scope)


def _openings(change: ResourceChange) -> Iterator[Finding]:
    if "egress" in change.kind:
        return
    before, after = set(openings(change.raw_before)), set(openings(change.raw_after))
    public = lookup().knowledge.exposure.public_ports
    for first, last in sorted(after - before):
        line = f"  0.0.0.0/0 -> {first if first == last else f'{first}-{last}'}"
        if first == last and first in public:
            yield Finding(line, Effect(operation="open", object="network", traits=(Trait.MUTATING,), sensitivity=0.5, blast=0.5))
        else:
            wide = (Trait.UNBOUNDED,) if last - first > 1_000 else ()
            yield Finding(
                line,
                Effect(
                    operation="expose",
                    object="network",
                    traits=(Trait.EXPOSING, Trait.MUTATING, *wide),
                    sensitivity=0.85,
                    blast=0.7,
                    scope=Scope.ALL,
                ),
            )
    if before - after and not after - before:
        yield Finding(
            "  0.0.0.0/0 -> (closed)",
            Effect(operation="protect", object="network", traits=(Trait.PROTECTIVE, Trait.MUTATING), sensitivity=0.75),
        )


def _policies(change: ResourceChange) -> Iterator[Finding]:
    known = list(statements(change.raw_before))
    for statement in statements(change.raw_after):
        if statement in known:
            continue
        if allows_anyone(statement):
            assumed = "sts:" in str(statement.get("Action", "")).lower()
            extra = (Trait.RAISES_PRIVILEGE,) if assumed else ()
            yield Finding("  Principal: *", _wide("expose", (Trait.EXPOSING, Trait.MUTATING, *extra)))
        elif allows_everything(statement):
            yield Finding("  Allow * on *", _wide("grant", (Trait.RAISES_PRIVILEGE, Trait.MUTATING, Trait.UNBOUNDED)))


def _wide(operation: str, traits: tuple[Trait, ...]) -> Effect:
    return Effect(operation=operation, object="access_control", traits=traits, sensitivity=0.9, blast=0.9, scope=Scope.ALL)


def _rights(change: ResourceChange) -> Iterator[Finding]:
    known = lookup()
    for path in change.changed:
        value, name = change.after.get(path), next((part for part in reversed(path) if not part.isdigit()), "")
        if not isinstance(value, str) or not value:
            continue
        if name in {"member", "members", "principal", "subject", "name"} and value.lower() in _ANYONE:
            yield Finding(change.show(path), _wide("expose", (Trait.EXPOSING, Trait.MUTATING)))
        elif change.flagged(Flag.ACCESS) and _names_right(change, name, path):
            right = value.rpartition("/")[2].lower() if value.startswith("arn:") else value.lower()
            if known.reading.match(right):
                yield Finding(change.show(path), _granted(0.7), (Safeguard(kind="limited_scope", verified=True),))
            elif known.admin.match(right):
                yield Finding(change.show(path), _wide("grant", (Trait.RAISES_PRIVILEGE, Trait.MUTATING, Trait.UNBOUNDED)))
            elif not value.lstrip().startswith("{"):
                yield Finding(change.show(path), _granted(0.8))


def _names_right(change: ResourceChange, name: str, path: Path) -> bool:
    """Whether an attribute says which right is given; a bare `role` may also be who receives it."""
    if name == "role":
        return "member" in change.raw_after or "members" in change.raw_after
    return name in _RIGHTS or path[:1] == ("role_ref",)


def _granted(sensitivity: float) -> Effect:
    return Effect(
        operation="grant", object="access_control", traits=(Trait.RAISES_PRIVILEGE, Trait.MUTATING), sensitivity=sensitivity, blast=0.4
    )


def _secrets(change: ResourceChange) -> Iterator[Finding]:
    effect = Effect(operation="expose", object="secret", traits=(Trait.EXPOSING, Trait.WEAKENS_CONTROL), sensitivity=0.9, blast=0.5)
    for path in change.changed:
        value, hidden = change.after.get(path), any(path[:size] in change.hidden for size in range(1, len(path) + 1))
        if hidden or not isinstance(value, str) or change.flagged(Flag.KEYS, Flag.TRIVIAL) or not any(part in _PLAIN for part in path[:-1]):
            continue
        name = path[-1]
        if name == "value":
            name = str(dig(change.raw_after, *(int(part) if part.isdigit() else part for part in path[:-1]), "name") or "")
        if lookup().secret.search(name) and len(value) >= 4 and not value.lower().startswith(_INDIRECT):
            yield Finding(f"  {'.'.join(path[:-1])}.{name}: (plain text)", effect)


def _expiry(change: ResourceChange) -> Iterator[Finding]:
    """A life-cycle rule that begins to delete, or deletes sooner, whatever has no prefix."""
    for path in change.changed:
        if path[-1:] != ("days",) or not any("expiration" in part or part == "condition" for part in path):
            continue
        old, new = _number(change.before.get(path)), _number(change.after.get(path))
        if new is None or (old is not None and new >= old):
            continue
        traits = (Trait.DESTRUCTIVE, Trait.IRREVERSIBLE, Trait.MUTATING)
        everything = not any(leaf for where, leaf in leaves(mapping(change.raw_after), 2_000) if where[-1:] == ("prefix",))
        yield Finding(
            change.show(path),
            Effect(
                operation="delete", traits=traits, sensitivity=change.resource.sensitivity, scope=Scope.ALL if everything else Scope.SOME
            ),
        )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _lower(value: Any) -> str:
    return "null" if value is None else str(value).lower() if not isinstance(value, (dict, list)) else "[]" if not value else ""
