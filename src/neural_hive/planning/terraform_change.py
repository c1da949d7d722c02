"""One change of a Terraform plan, compared with what was there before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from neural_hive.planning.documents import Path, dig, leaves, mapping, sequence
from neural_hive.planning.terraform_knowledge import Flag, Resource, lookup, resource_of
from neural_hive.understanding.privacy import mask

_SYMBOLS = {"create": "+", "update": "~", "delete": "-", "replace": "-/+", "forget": ".", "import": "<="}
_LABELS = ("tags", "labels", "tags_all", "effective_labels", "terraform_labels")
Leaves = dict[Path, Any]


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What happens to one resource.

    Attributes:
        verb: create, update, delete, replace, forget, import, read or no-op.
        successor_first: A replacement is created before the old one goes.
        before, after: Leaves by path; the other side's paths may be missing.
        unknown: Paths that are known only after the plan has run.
        hidden: Paths whose values must not be shown.
    """

    address: str
    kind: str
    verb: str
    successor_first: bool
    raw_before: dict[str, Any]
    raw_after: dict[str, Any]
    before: Leaves = field(default_factory=dict)
    after: Leaves = field(default_factory=dict)
    unknown: frozenset[Path] = frozenset()
    hidden: frozenset[Path] = frozenset()

    @property
    def resource(self) -> Resource:
        """What is known of its type."""
        return resource_of(self.kind)

    def flagged(self, *flags: Flag) -> bool:
        """Whether its type has any of the flags."""
        return any(flag in self.resource.flags for flag in flags)

    @property
    def title(self) -> str:
        """Terraform's own sign and the address."""
        return f"{_SYMBOLS.get(self.verb, '?')} {self.address}"

    @property
    def names(self) -> list[str]:
        """Everything that names the resource, its own address first."""
        return [self.address, *_names(self.after or self.before)]

    @property
    def labels(self) -> list[str]:
        """The values of its tags and labels, which say more than a name does."""
        return list(_names(self.after or self.before, labelled_only=True))

    @property
    def changed(self) -> list[Path]:
        """Paths whose value differs and is not merely unknown yet."""
        paths = dict.fromkeys([*self.before, *self.after])
        return [path for path in paths if self.before.get(path) != self.after.get(path) and not self.is_unknown(path)]

    def is_unknown(self, path: Path) -> bool:
        """Whether the new value, or the block that holds it, is computed later."""
        return any(path[:length] in self.unknown for length in range(1, len(path) + 1))

    def show(self, path: Path) -> str:
        """The change of one attribute in words of Terraform; sensitive values stay hidden."""
        name = ".".join(part for part in path if not part.isdigit())
        if any(path[:length] in self.hidden for length in range(1, len(path) + 1)) or lookup().secret.search(name):
            return f"  {name}: (sensitive)"
        if self.verb == "create":
            return f"  {name}: {_short(self.after.get(path))}"
        return f"  {name}: {_short(self.before.get(path))} -> {_short(self.after.get(path))}"


def read_change(item: Any) -> ResourceChange:
    """A change from one entry of `resource_changes`; whatever is missing counts as empty."""
    change, entry = mapping(mapping(item).get("change")), mapping(item)
    actions = [str(action) for action in sequence(change.get("actions"))]
    before, after = mapping(change.get("before")), mapping(change.get("after"))
    address = str(entry.get("address") or f"{entry.get('type', 'resource')}.{entry.get('name', '')}")
    if entry.get("deposed"):
        address += f" (deposed {entry['deposed']})"
    return ResourceChange(
        address=mask(address[:300]).text,
        kind=str(entry.get("type") or address.split(".")[0]),
        verb="read" if entry.get("mode") == "data" else _verb(actions, change),
        successor_first=actions[:1] == ["create"],
        raw_before=before,
        raw_after=after,
        before=dict(leaves(before)) if before else {},
        after=dict(leaves(after)) if after else {},
        unknown=_true_paths(change.get("after_unknown")),
        hidden=_true_paths(change.get("before_sensitive")) | _true_paths(change.get("after_sensitive")),
    )


def _verb(actions: list[str], change: dict[str, Any]) -> str:
    if "delete" in actions:
        return "replace" if "create" in actions else "delete"
    known = next((action for action in ("create", "update", "forget", "read") if action in actions), "")
    if known:
        return known
    return "import" if change.get("importing") else "no-op" if "no-op" in actions or not actions else "update"


def _true_paths(value: Any) -> frozenset[Path]:
    return frozenset(path for path, leaf in leaves(value) if leaf is True) if isinstance(value, (dict, list)) else frozenset()


def _names(values: Leaves, *, labelled_only: bool = False) -> Iterator[str]:
    identity = lookup().knowledge.names.identity
    for path, value in values.items():
        if isinstance(value, str) and value and len(path) <= 4:
            labelled = any(part in _LABELS for part in path[:-1])
            if labelled or (path[-1].lower() in identity and not labelled_only):
                yield value[:200]


def environment_values(value: Any) -> Iterator[str]:
    """What variables, providers and looked-up data say about the environment of the whole plan."""
    plan, names = mapping(value), lookup().knowledge.names
    for name, variable in mapping(plan.get("variables")).items():
        content = dig(variable, "value")
        if isinstance(content, str) and (name.lower() in names.environment_tags or name.lower() in names.identity):
            yield content
    for _, leaf in leaves(dig(plan, "configuration", "provider_config"), 500):
        if isinstance(leaf, str):
            yield leaf[:200]
    if isinstance(plan.get("workspace"), str):
        yield plan["workspace"]


def _short(value: Any) -> str:
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return " ".join(text.split())[:120]
