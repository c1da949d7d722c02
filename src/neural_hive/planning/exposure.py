"""Who can reach and do what: open networks, public principals, rights without limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neural_hive.errors import HiveError
from neural_hive.planning.documents import leaves, load_json, mapping, sequence

ANYWHERE = frozenset({"0.0.0.0/0", "::/0", "*", "internet", "any", "0.0.0.0"})
_SOURCES = (
    "cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "source_ranges", "source_address_prefix",
    "source_address_prefixes", "cidr_block", "cidr_ip", "remote_ip_prefix", "source_cidr_blocks", "public_access_cidrs",
    "authorized_networks", "value", "ip_ranges", "allowed_cidrs", "security_ips", "start_ip_address",
)  # fmt: skip
_FIRST_PORT = ("from_port", "port", "port_range_min", "destination_port_range", "ports", "destination_port_ranges")
_LAST_PORT = ("to_port", "port_range_max")
_OUTWARD = frozenset({"egress", "outbound"})
_REFUSING = frozenset({"deny", "drop", "block"})


def openings(value: Any, inside: str = "") -> Iterator[tuple[int, int]]:
    """Port ranges that anybody on the internet may reach, as (first, last); (0, 65535) is all."""
    stack: list[tuple[str, Any]] = [(inside, value)]
    seen = 0
    while stack and seen < 5_000:
        seen += 1
        name, item = stack.pop()
        if isinstance(item, list):
            stack.extend((name, child) for child in item)
        elif isinstance(item, dict) and not _outward(name, item):
            if _open_to_all(name, item):
                yield from _ports(item)
            stack.extend((str(key).lower(), child) for key, child in item.items() if isinstance(child, (dict, list)))


def _outward(name: str, rule: dict[str, Any]) -> bool:
    words = {str(rule.get(key, "")).lower() for key in ("type", "direction", "access", "action", "rule_action")}
    return name in _OUTWARD or rule.get("egress") is True or bool(words & _OUTWARD) or bool(words & _REFUSING)


def _open_to_all(name: str, rule: dict[str, Any]) -> bool:
    for key in _SOURCES:
        if key == "value" and name != "authorized_networks":
            continue
        found = rule.get(key)
        values = found if isinstance(found, list) else [found]
        if any(isinstance(item, str) and item.lower() in ANYWHERE for item in values):
            return True
    return False


def _ports(rule: dict[str, Any]) -> Iterator[tuple[int, int]]:
    allowed = rule.get("allow")
    if isinstance(allowed, (list, dict)):
        for entry in allowed if isinstance(allowed, list) else [allowed]:
            yield from _ports({**mapping(entry), "allow": None})
        return
    protocol = str(rule.get("protocol", rule.get("ip_protocol", ""))).lower()
    first = next((rule[key] for key in _FIRST_PORT if rule.get(key) not in (None, [])), None)
    if protocol in {"-1", "all"} or first is None:
        yield 0, 65_535
        return
    last = next((rule[key] for key in _LAST_PORT if rule.get(key) is not None), first)
    yield from zip(_numbers(first, 0), _numbers(last, -1), strict=False)


def _numbers(value: Any, end: int) -> list[int]:
    found = []
    for item in value if isinstance(value, list) else [value]:
        part = str(item).split("-")[end].strip()
        number = int(part) if part.isascii() and part.isdigit() and len(part) < 6 else 0
        found.append(number if number or end == 0 else 65_535)
    return found


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """The statements of every policy document in a value, also those written as JSON text."""
    for _, leaf in leaves(value, 2_000):
        if isinstance(leaf, str) and leaf.lstrip().startswith("{") and '"Statement"' in leaf:
            try:
                document = load_json(leaf)
            except HiveError:
                continue
            found = mapping(document).get("Statement")
            yield from (mapping(item) for item in (found if isinstance(found, list) else [found]))
    yield from (mapping(item) for item in sequence(mapping(value).get("statement")))


def allows_anyone(statement: dict[str, Any]) -> bool:
    """Whether a policy statement lets any principal in without a condition."""
    principals = statement.get("Principal", statement.get("principals"))
    public = any(leaf in {"*", "allUsers"} for _, leaf in leaves(principals, 200))
    return _allows(statement) and public and not statement.get("Condition") and not statement.get("condition")


def allows_everything(statement: dict[str, Any]) -> bool:
    """Whether a policy statement grants all actions, or control of identities, on everything."""
    actions = [str(leaf).lower() for _, leaf in leaves(statement.get("Action", statement.get("actions")), 500)]
    targets = [str(leaf) for _, leaf in leaves(statement.get("Resource", statement.get("resources")), 500)]
    wide = any(action in {"*", "*:*", "iam:*", "sts:*", "iam:passrole", "kms:*", "organizations:*"} for action in actions)
    some = any(action.endswith(":*") for action in actions)
    return _allows(statement) and (wide or "NotAction" in statement or some) and ("*" in targets or (wide and not targets))


def _allows(statement: dict[str, Any]) -> bool:
    return str(statement.get("Effect", statement.get("effect", "Allow"))).lower() == "allow"
