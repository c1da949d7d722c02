"""Reads unified diffs and git patches: every changed file becomes a task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from neural_hive.errors import HiveError, PlanError
from neural_hive.planning.diff_knowledge import Role, role_of
from neural_hive.planning.diff_lines import Finding, Line, changed_lines, findings, is_comment
from neural_hive.planning.embedding import adopted, embedded
from neural_hive.planning.knowledge import Effect
from neural_hive.planning.place import Place
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.terraform_knowledge import Flag, resource_of
from neural_hive.planning.writing import Page
from neural_hive.types import Environment, Polarity, Scope, Task, Trait
from neural_hive.understanding.ontology import ontology
from neural_hive.understanding.privacy import mask

_HEADER = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")
_RESOURCE = re.compile(r"\s*resource\s+\"(\w+)\"\s+\"([\w-]+)\"")
_STATEFUL = re.compile(r"^\s*kind:\s*(?:PersistentVolume(?:Claim)?|StatefulSet|Namespace|\w*(?:Postgres|MySQL|Mongo|Kafka|Cluster)\w*)\s*$")
_MANIFEST = re.compile(r"^apiVersion:", re.MULTILINE)
_RUN = re.compile(r"\s*(?:-\s*)?(?:run|script)\s*:\s*(?![|>])(.+)|^RUN\s+(.+)|^\t@?([a-z].+)")
_PLACED = re.compile(
    r"\.(?:ya?ml|json|toml|ini|cfg|conf|properties|env|tf|tfvars|hcl|sh)$|(?:^|/)\.env|(?:^|/)(?:overlays|environments?|envs?|config|deploy|k8s|helm|infra)/",
    re.IGNORECASE,
)
_NO_PLACE = re.compile(r"(?:^|/)ci(?=[./_-])|\.github/|node_modules|\.local\b|localhost|/live(?:\w)", re.IGNORECASE)
_THROWN_AWAY = re.compile(r"(?:^|/)(?:preview|sandbox|playground|scratch|ephemeral|demos?)(?:/|-)", re.IGNORECASE)
_SYMBOLS = {"added": "A", "deleted": "D", "renamed": "R", "changed": "M"}
_SHOWN = 12


def read_diff(source: str, circumstances: Circumstances) -> Reading:
    """Read a unified diff; what it means rests on the sign of each line and on the file's role.

    Raises:
        PlanError: It is not a diff, or it is cut off beyond repair.
    """
    patch = _parse(source)
    moved = any(
        line.value.lstrip().startswith(("moved {", "removed {")) for file in patch for hunk in file for line in hunk if line.is_added
    )
    tasks: list[Task] = []
    seen: dict[str, int] = {}
    for file in patch:
        tasks += _tasks(_changed_file(file, moved=moved), circumstances, seen)
    return Reading(tasks=tuple(tasks), coverage=1.0)


def _parse(source: str) -> PatchSet:
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    failure: Exception | None = None
    for attempt in (text, _repaired(text)):
        try:
            patch = PatchSet(attempt)
        except (
            UnidiffParseError,
            ValueError,
            IndexError,
            AttributeError,
            TypeError,
        ) as error:  # what unidiff raises on a broken header
            failure = error
            continue
        if any(_says_something(file) for file in patch):
            return patch
    hunk = next((number for number, line in enumerate(text.split("\n"), 1) if line.startswith("@@")), 1)
    raise PlanError("error.source_diff", line=hunk) from failure


def _says_something(file: Any) -> bool:
    return any(len(hunk) for hunk in file) or file.is_rename or file.is_added_file or file.is_removed_file or file.is_binary_file


def _repaired(text: str) -> str:
    """The diff with every hunk's line counts taken from its body, and names where there are none."""
    lines = text.split("\n")
    if not any(line.startswith("+++ ") for line in lines) and any(line.startswith("@@ ") for line in lines):
        first = next(index for index, line in enumerate(lines) if line.startswith("@@ "))
        lines[first:first] = ["--- a/unknown", "+++ b/unknown"]
    out: list[str] = []
    index = 0
    while index < len(lines):
        header = _HEADER.match(lines[index])
        if not header:
            out.append(lines[index])
            index += 1
            continue
        body = _body(lines, index + 1)
        old, new = sum(line[:1] != "+" for line in body), sum(line[:1] != "-" for line in body)
        out.append(f"@@ -{header[1]},{old} +{header[2]},{new} @@{header[3]}")
        out += body
        index += 1 + _length(lines, index + 1)
    return "\n".join(out) + "\n"


def _length(lines: list[str], start: int) -> int:
    end = start
    while end < len(lines) and (lines[end][:1] in {"+", "-", " ", "\\", ""}) and not _starts_file(lines, end):
        end += 1
    return end - start


def _starts_file(lines: list[str], index: int) -> bool:
    return lines[index].startswith("--- ") and index + 1 < len(lines) and lines[index + 1].startswith("+++ ")


def _body(lines: list[str], start: int) -> list[str]:
    body = [line or " " for line in lines[start : start + _length(lines, start)] if not line.startswith("\\") and line != "-- "]
    while body and not body[-1].strip():
        body.pop()
    return body


@dataclass(frozen=True, slots=True)
class _File:
    """One changed file: how it changed, its role, and its lines by hunk as (sign, text)."""

    path: str
    state: str
    role: Role
    hunks: list[list[tuple[str, str]]]
    headers: list[str]
    moved: bool

    def side(self, sign: str) -> list[str]:
        """The lines with this sign, in order."""
        return [text for hunk in self.hunks for mark, text in hunk if mark == sign]


def _changed_file(file: Any, *, moved: bool) -> _File:
    state = "added" if file.is_added_file else "deleted" if file.is_removed_file else "renamed" if file.is_rename else "changed"
    path = mask(str(file.path)[:300]).text
    hunks = [[(line.line_type, line.value.rstrip("\n")) for line in hunk if line.line_type in {"+", "-", " "}] for hunk in file]
    return _File(path, state, role_of(path), hunks, [str(hunk.section_header or "") for hunk in file], moved)


def _tasks(file: _File, circumstances: Circumstances, seen: dict[str, int]) -> Iterator[Task]:
    count = seen[file.path] = seen.get(file.path, 0) + 1
    name = file.path if count == 1 else f"{file.path} #{count}"
    place = _place(file, circumstances)
    inner = tuple(_inner(file, name, place))
    lines = [] if file.state == "deleted" else changed_lines(file.hunks, file.headers)
    found = _with_resources(file, findings(lines, file.role, new_file=file.state == "added"))
    if any(file.path.endswith(suffix) for suffix in (".sql", ".sh")) and inner:
        found = [finding for finding in found if finding.effect.object == "secret"]
    page = Page(name, f"diff.{file.state}")
    head = page.write(f"{_SYMBOLS[file.state]} {file.path}")
    if not _only_protective(lines, found):
        page.act_at(head, **_placed(file, place), **_base(file, place))
    _write(page, lines, found, _placed(file, place))
    yield page.task()
    yield from inner


def _place(file: _File, circumstances: Circumstances) -> Place:
    """Environment from the path; staging and development only where paths tell environments."""
    knowledge, path = ontology(), _NO_PLACE.sub("/", file.path)
    named = knowledge.environment_of(path)
    if named is not Environment.PRODUCTION and not _PLACED.search(file.path):
        named = Environment.UNKNOWN
    spoken = [
        knowledge.environment_of(text) for hunk in file.hunks for sign, text in hunk if sign != "-" and text.strip() and is_comment(text)
    ]
    around = Environment.PRODUCTION if Environment.PRODUCTION in spoken and file.role.name != "docs" else Environment.UNKNOWN
    environment = next(
        (found for found in (named, around, circumstances.environment) if found is not Environment.UNKNOWN), Environment.UNKNOWN
    )
    thrown_away = bool(_THROWN_AWAY.search(file.path)) or circumstances.disposable
    return Place(environment, thrown_away and environment is not Environment.PRODUCTION)


def _with_resources(file: _File, found: list[Finding]) -> list[Finding]:
    """Adds the blocks of infrastructure that a change of Terraform code takes away."""
    if not file.path.endswith((".tf", ".hcl")):
        return found
    kept = {match[0].strip() for text in file.side("+") if (match := _RESOURCE.match(text))}
    for number, hunk in enumerate(file.hunks):
        for sign, text in hunk:
            match = _RESOURCE.match(text) if sign == "-" else None
            if match and match[0].strip() not in kept:
                found.append(Finding(Line("-", text, text, number), _loss(match[1], moved=file.moved)))
    return found


def _loss(kind: str, *, moved: bool) -> Effect:
    known = resource_of(kind)
    traits = {Trait.MUTATING}
    if not moved:
        traits |= {Trait.DESTRUCTIVE, Trait.IRREVERSIBLE} if Flag.DATA in known.flags else {Trait.DESTRUCTIVE}
        traits |= {Trait.INTERRUPTING} if Flag.SERVING in known.flags else set()
        traits |= {Trait.WEAKENS_CONTROL} if Flag.CONTROL in known.flags else set()
    operation = "update" if moved else "delete"
    return Effect(
        operation=operation,
        object=known.object,
        traits=tuple(sorted(traits)),
        sensitivity=known.sensitivity,
        blast=known.blast,
        scope=Scope.ALL,
    )


def _placed(file: _File, place: Place) -> dict[str, Any]:
    return {"target": file.path, "environment": place.environment, "disposable": place.disposable}


def _only_protective(lines: list[Line], found: list[Finding]) -> bool:
    """Whether every changed line adds a protection, so that nothing else changes."""
    protective = {id(finding.line) for finding in found if Trait.PROTECTIVE in finding.effect.traits}
    return bool(lines) and len(protective) == len(lines)


def _write(page: Page, lines: list[Line], found: list[Finding], fields: dict[str, Any]) -> None:
    """Some of the changed lines for the reader, then every line that means something of its own."""
    telling = {id(finding.line) for finding in found}
    for line in [line for line in lines if id(line) not in telling][:_SHOWN]:
        page.write(f"{line.sign} {line.text.strip()}")
    for finding in found:
        effect, low = finding.effect, fields["disposable"]
        page.act(
            f"{finding.line.sign} {finding.line.text.strip()}",
            **fields,
            operation=effect.operation,
            object=effect.object,
            traits=effect.traits,
            sensitivity=min(effect.sensitivity, 0.2) if low else effect.sensitivity,
            blast=0.1 if low else effect.blast,
            scope=effect.scope,
            polarity=finding.polarity,
        )


def _base(file: _File, place: Place) -> dict[str, Any]:
    """What the change of the file means by itself."""
    role = file.role
    base: dict[str, Any] = {
        "operation": role.operation,
        "object": role.object,
        "traits": role.traits,
        "sensitivity": role.sensitivity,
        "blast": role.blast,
    }
    base["scope"] = Scope.ONE
    if file.state == "deleted":
        base |= _deletion(file)
    elif file.state == "renamed" and not file.hunks:
        base |= {"operation": "rename"}
    elif file.hunks and all(is_comment(text) for sign in "+-" for text in file.side(sign)):
        base |= {"traits": (Trait.COSMETIC,), "sensitivity": 0.1}
    elif file.state == "added" and role.name in {"code", "test", "docs", "settings", "infrastructure"}:
        base |= {"operation": "create", "traits": (Trait.ADDITIVE,)}
    if place.environment is Environment.PRODUCTION and role.name in {"settings", "infrastructure"}:
        base["sensitivity"] = max(base["sensitivity"], 0.75)
    if place.disposable:
        base |= {"sensitivity": min(base["sensitivity"], 0.2), "blast": 0.1}
    return base


def _deletion(file: _File) -> dict[str, Any]:
    name, removed = file.role.name, file.side("-")
    traits: set[Trait] = {Trait.MUTATING}
    if name in {"test", "pipeline", "access", "operations", "lockout"}:
        traits.add(Trait.WEAKENS_CONTROL)
    elif name == "migration":
        traits |= {Trait.WEAKENS_CONTROL}
    elif name in {"infrastructure", "settings"} and any(text.lstrip().startswith("kind:") for text in removed):
        traits |= {Trait.DESTRUCTIVE, Trait.INTERRUPTING}
        traits |= {Trait.IRREVERSIBLE} if any(_STATEFUL.match(text) for text in removed) else set()
    elif name == "docs":
        traits = {Trait.COSMETIC, Trait.MUTATING}
    floor = {"test": 0.45, "operations": 0.8, "pipeline": 0.65, "lockout": 0.75}.get(name, file.role.sensitivity)
    return {"operation": "delete", "traits": tuple(sorted(traits)), "sensitivity": floor, "scope": Scope.ALL}


def _inner(file: _File, name: str, place: Place) -> Iterator[Task]:
    """SQL, scripts, pipeline commands and manifests that the change brings with it."""
    if file.role.quiet or file.state == "deleted":
        return
    added = "\n".join(text for text in file.side("+"))
    backward = re.search(r"(?:^|[/_.-])(?:down|rollback|undo|revert)(?:[/_.-]|$)", file.path, re.IGNORECASE)
    polarity = Polarity.HYPOTHETICAL if backward else None
    if file.path.endswith(".sql"):
        yield from embedded(added, "sql", name, place, polarity=polarity)
    elif file.path.endswith((".sh", ".bash")):
        yield from embedded(added, "shell", name, place, polarity=polarity)
    elif file.path.endswith((".yaml", ".yml")) and file.state == "added" and _MANIFEST.search(added):
        yield from _manifests(added, name, place)
    else:
        commands = [next(part for part in match.groups() if part) for text in file.side("+") if (match := _RUN.match(text))]
        if commands and (file.role.name in {"pipeline", "infrastructure"} or file.path.endswith("Makefile")):
            yield from embedded("\n".join(commands), "shell", name, place)


def _manifests(added: str, name: str, place: Place) -> Iterator[Task]:
    from neural_hive.planning.kubernetes import read_kubernetes

    try:
        reading = read_kubernetes(added, Circumstances(environment=place.environment, disposable=place.disposable))
    except HiveError:
        return
    yield from adopted(reading.tasks, name, place)
