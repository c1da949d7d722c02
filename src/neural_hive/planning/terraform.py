"""Reads `terraform show -json`: every resource that would change becomes a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neural_hive.errors import PlanError
from neural_hive.planning.documents import dig, load_json, mapping, sequence
from neural_hive.planning.exposure import allows_anyone, openings, statements
from neural_hive.planning.knowledge import most_cautious
from neural_hive.planning.place import Place, place_of
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.terraform_change import ResourceChange, environment_values, read_change
from neural_hive.planning.terraform_findings import Finding, findings
from neural_hive.planning.terraform_knowledge import Flag, lookup
from neural_hive.planning.writing import Page
from neural_hive.types import Environment, Safeguard, Scope, Task, Trait
from neural_hive.understanding.ontology import ontology

_HARMLESS = frozenset({"tags", "tags_all", "labels", "description", "effective_labels", "terraform_labels", "annotations"})
_REACHING = frozenset({Trait.EXPOSING, Trait.RAISES_PRIVILEGE})  # what it opens reaches further than the thing itself
_GRANTING = ("attachment", "_policy", "member", "binding", "assignment", "permission", "grant", "membership", "access", "collaborator")


def read_terraform(source: str, circumstances: Circumstances) -> Reading:
    """Read a plan in Terraform's JSON.

    Only `resource_changes` and `output_changes` count; drift and prior state are what already
    happened. A file with `planned_values` alone is read as if everything in it were created.

    Raises:
        PlanError: It is no JSON, or not a Terraform plan.
        LimitError: It is nested too deeply.
    """
    plan = load_json(source)
    if not isinstance(plan, dict) or not ({"resource_changes", "planned_values", "output_changes"} & plan.keys()):
        raise PlanError("error.source_terraform")
    changes = [read_change(item) for item in _entries(plan)]
    around = _around(plan, changes)
    pages = _Names()
    tasks = [_task(change, around, circumstances, pages) for change in changes if change.verb not in {"no-op", "read"}]
    tasks += _outputs(plan, around, circumstances)
    return Reading(tasks=tuple(tasks) or (_nothing(),), coverage=1.0)


def _entries(plan: dict[str, Any]) -> list[Any]:
    if "resource_changes" in plan:
        return sequence(plan["resource_changes"])
    return [
        {"address": item.get("address"), "type": item.get("type"), "change": {"actions": ["create"], "after": item.get("values")}}
        for item in _planned(dig(plan, "planned_values", "root_module"))
    ]


def _planned(module: Any) -> Iterator[dict[str, Any]]:
    stack = [module]
    while stack:
        current = mapping(stack.pop())
        yield from (mapping(item) for item in sequence(current.get("resources")) if mapping(item).get("mode") != "data")
        stack.extend(sequence(current.get("child_modules")))


def _around(plan: dict[str, Any], changes: list[ResourceChange]) -> Environment:
    read = [name for change in changes if change.verb == "read" for name in change.names[1:]]
    return most_cautious([ontology().environment_of(name) for name in [*environment_values(plan), *read]])


class _Names:
    """Gives every task an id of its own."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def unique(self, name: str) -> str:
        count = self._seen[name] = self._seen.get(name, 0) + 1
        return name if count == 1 else f"{name} #{count}"


def _task(change: ResourceChange, around: Environment, circumstances: Circumstances, names: _Names) -> Task:
    firm = place_of(change.labels, around, circumstances, hints=change.names)
    place = firm if change.flagged(Flag.ACCESS, Flag.KEYS, Flag.CONTROL) else place_of(change.names, around, circumstances)
    page = Page(names.unique(change.address), f"terraform.{change.verb}")
    fields = _fields(change, place)
    head = page.write(change.title)
    found = list(findings(change)) if change.verb in {"create", "update", "replace"} else []
    if not _only_protective(change, found):
        page.act_at(head, **(fields | _base(change)))
    for finding in found:
        reaching = not _REACHING.isdisjoint(finding.effect.traits)
        _act(page, finding, _fields(change, firm) if reaching else fields)
    if change.verb in {"update", "replace"} and not found:
        for path in change.changed[:5]:
            page.write(change.show(path))
    return page.task()


def _act(page: Page, finding: Finding, fields: dict[str, Any]) -> None:
    effect = finding.effect
    sensitivity = fields["sensitivity"] if fields["disposable"] else max(effect.sensitivity, fields["sensitivity"])
    meaning = {"operation": effect.operation, "object": effect.object or fields["object"], "sensitivity": sensitivity}
    page.act(finding.line, **(fields | meaning), traits=effect.traits, scope=effect.scope, safeguards=finding.safeguards)


def _fields(change: ResourceChange, place: Place) -> dict[str, Any]:
    """What all actions on one resource share."""
    resource, named = change.resource, ontology().object_kind(" ".join(change.names[:4]))
    sensitivity, blast = max(resource.sensitivity, named.sensitivity if named.id != "unknown" else 0.0), resource.blast
    disposable = place.disposable or change.flagged(Flag.TRIVIAL)
    if disposable:
        sensitivity, blast = min(sensitivity, 0.2), min(blast, 0.1)
    return {
        "operation": "update", "object": resource.object, "target": change.address, "sensitivity": sensitivity, "blast": blast,
        "environment": place.environment, "disposable": disposable,
    }  # fmt: skip


def _only_protective(change: ResourceChange, found: list[Any]) -> bool:
    if change.verb != "update" or not found:
        return False
    return all(Trait.PROTECTIVE in finding.effect.traits for finding in found) and len(change.changed) <= len(found)


def _base(change: ResourceChange) -> dict[str, Any]:
    """The action that the verb alone stands for."""
    if change.verb == "create":
        return _creation(change)
    if change.verb == "delete":
        return _deletion(change)
    if change.verb == "replace":
        return _replacement(change)
    if change.verb == "update" and change.changed and all(path[0] in _HARMLESS for path in change.changed):
        return {"operation": "update", "traits": (Trait.COSMETIC, Trait.MUTATING), "scope": Scope.ONE, "sensitivity": 0.1}
    traits = (Trait.ADDITIVE,) if change.verb == "import" else (Trait.MUTATING,)
    return {"operation": "update", "traits": traits, "scope": Scope.ONE}


def _creation(change: ResourceChange) -> dict[str, Any]:
    if change.flagged(Flag.ACCESS) and any(part in change.kind for part in _GRANTING):
        return {"operation": "grant", "traits": (Trait.MUTATING,), "scope": Scope.ONE}
    if change.flagged(Flag.CONTROL):
        return {"operation": "protect", "traits": (Trait.PROTECTIVE, Trait.ADDITIVE), "scope": Scope.ONE}
    return {"operation": "create", "traits": (Trait.ADDITIVE,), "scope": Scope.ONE}


def _deletion(change: ResourceChange) -> dict[str, Any]:
    traits: set[Trait] = {Trait.MUTATING}
    operation, scope = "delete", Scope.ONE
    if change.flagged(Flag.DATA):
        traits |= {Trait.DESTRUCTIVE, Trait.IRREVERSIBLE}
        scope = Scope.ALL
    if change.flagged(Flag.KEYS):
        traits |= {Trait.LOCKS_OUT}
    if change.flagged(Flag.CONTROL):
        traits |= {Trait.WEAKENS_CONTROL}
    if change.flagged(Flag.SERVING):
        traits |= {Trait.DESTRUCTIVE, Trait.INTERRUPTING}
    if change.flagged(Flag.ACCESS):
        granting = any(part in change.kind for part in _GRANTING)
        operation, traits = "revoke", traits | (set() if granting else {Trait.LOCKS_OUT})
    if _closes(change):
        operation, traits = "protect", {Trait.PROTECTIVE, Trait.MUTATING}
    return {"operation": operation, "traits": traits, "scope": scope, "safeguards": _kept(change)}


def _closes(change: ResourceChange) -> bool:
    """Whether what goes is a rule that lets everybody in."""
    rule = change.kind.endswith(("_rule", "_policy", "_member", "_binding", "_permission", "_acl"))
    return rule and (any(openings(change.raw_before)) or any(map(allows_anyone, statements(change.raw_before))))


def _replacement(change: ResourceChange) -> dict[str, Any]:
    if change.flagged(Flag.DATA, Flag.KEYS):
        return _deletion(change)
    traits = {Trait.MUTATING}
    if change.flagged(Flag.SERVING) and not change.successor_first:
        traits |= {Trait.INTERRUPTING, Trait.DESTRUCTIVE}
    if change.flagged(Flag.CONTROL) and not change.successor_first:
        traits |= {Trait.WEAKENS_CONTROL}
    return {"operation": "restart" if Trait.INTERRUPTING in traits else "deploy", "traits": traits, "scope": Scope.ONE}


def _kept(change: ResourceChange) -> tuple[Safeguard, ...]:
    """What the resource itself leaves behind when it is destroyed."""
    values, found = change.raw_before, []
    if values.get("skip_final_snapshot") is False and values.get("final_snapshot_identifier"):
        found.append(Safeguard(kind="backup"))
    if values.get("deletion_protection") is True or values.get("deletion_protection_enabled") is True:
        found.append(Safeguard(kind="limited_scope", verified=True))
    window = values.get("deletion_window_in_days") or values.get("recovery_window_in_days")
    if isinstance(window, int) and window >= 7:
        found.append(Safeguard(kind="rollback"))
    return tuple(found)


def _outputs(plan: dict[str, Any], around: Environment, circumstances: Circumstances) -> list[Task]:
    """Outputs that begin to show a secret."""
    tasks = []
    for name, value in mapping(plan.get("output_changes")).items():
        shown = dig(value, "after_sensitive") is not True and dig(value, "after") is not None
        if not shown or not lookup().secret.search(name) or set(sequence(dig(value, "actions"))) <= {"no-op", "delete"}:
            continue
        place = place_of([name], around, circumstances)
        page = Page(f"output.{name}", "terraform.output")
        page.act(
            f"+ output.{name} (not marked sensitive)", operation="expose", object="secret", target=name, sensitivity=0.85, blast=0.4,
            traits=(Trait.EXPOSING, Trait.WEAKENS_CONTROL), scope=Scope.ONE, environment=place.environment, disposable=place.disposable,
        )  # fmt: skip
        tasks.append(page.task())
    return tasks


def _nothing() -> Task:
    page = Page("no-changes", "terraform.no-op")
    page.act("no changes", operation="read", traits=(Trait.READ_ONLY,), sensitivity=0.1, blast=0.1, scope=Scope.ONE)
    return page.task()
