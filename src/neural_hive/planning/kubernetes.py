"""Reads Kubernetes manifests: every document that would be applied becomes a task."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from neural_hive.errors import PlanError
from neural_hive.planning.documents import dig, leaves, load_json, load_yaml, mapping, sequence
from neural_hive.planning.embedding import embedded
from neural_hive.planning.knowledge import most_cautious
from neural_hive.planning.kubernetes_findings import Finding, Manifest, findings
from neural_hive.planning.kubernetes_knowledge import Role, lookup
from neural_hive.planning.place import Place, place_of
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.writing import Page
from neural_hive.types import Environment, Safeguard, Scope, Task, Trait
from neural_hive.understanding.ontology import ontology
from neural_hive.understanding.privacy import mask

_COMMENT = re.compile(r"^\s*#(?!!)(?P<words>.*)$", re.MULTILINE)
_MAX_COMMENTS = 200
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "/bin/sh", "/bin/bash", "/bin/ash", "/usr/bin/bash", "/bin/dash"})
_LABELLED = ("labels",)
_REACHING = frozenset({Trait.EXPOSING, Trait.RAISES_PRIVILEGE})  # what it opens reaches further than the thing itself
_REACHING_ROLES = frozenset({Role.RULES, Role.BINDING, Role.WEBHOOK, Role.NETWORK_POLICY})


def read_kubernetes(source: str, circumstances: Circumstances) -> Reading:
    """Read one or more manifests in YAML or JSON, also a `List`.

    Raises:
        PlanError: It cannot be parsed, or holds no manifest at all.
        LimitError: It is nested too deeply, or its aliases expand to too much.
    """
    documents = [load_json(source)] if source.lstrip()[:1] in {"{", "["} else load_yaml(source)
    flat = list(_flatten(documents))
    manifests = [document for document in flat if isinstance(document.get("kind"), str)]
    if not manifests:
        raise PlanError("error.source_kubernetes", position=1)
    around = _around(source, manifests, circumstances)
    tasks: list[Task] = []
    seen: dict[str, int] = {}
    for body in manifests:
        tasks += _tasks(body, around, seen)
    return Reading(tasks=tuple(tasks), coverage=len(manifests) / len(flat))


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds for all documents of a source."""

    environment: Environment
    circumstances: Circumstances


def _flatten(documents: list[Any]) -> Iterator[dict[str, Any]]:
    stack = list(reversed(documents))
    while stack:
        document = stack.pop()
        if isinstance(document, list):
            stack.extend(reversed(document))
        elif isinstance(document, dict):
            if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
                stack.extend(reversed(document["items"]))
            else:
                yield document


def _around(source: str, manifests: list[dict[str, Any]], circumstances: Circumstances) -> _Around:
    """Comments that name a context or cluster, and the namespaces that the source itself declares."""
    known, knowledge = lookup(), ontology()
    comments = [match["words"].strip() for _, match in zip(range(_MAX_COMMENTS), _COMMENT.finditer(source), strict=False)]
    named = [found[1] for comment in comments for found in known.context.finditer(comment)]
    own = [str(dig(body, "metadata", "name") or "") for body in manifests if body.get("kind") == "Namespace"]
    environment = most_cautious([knowledge.environment_of(name) for name in [*named, *own]])
    if environment is Environment.UNKNOWN:
        environment = most_cautious([knowledge.environment_of(comment) for comment in comments if len(comment) < 200])
    toy = any(not known.values.own_cluster.isdisjoint(re.split(r"[^a-z0-9]+", name.lower())) for name in named)
    disposable = circumstances.disposable or (toy and environment is not Environment.PRODUCTION)
    return _Around(environment, Circumstances(environment=circumstances.environment, disposable=disposable, text=circumstances.text))


def _tasks(body: dict[str, Any], around: _Around, seen: dict[str, int]) -> Iterator[Task]:
    name = str(body.get("kind", ""))[:80]
    manifest = Manifest(body, lookup().kind(name), dict(leaves(body)))
    labels = _labels(manifest)
    firm = place_of(labels, around.environment, around.circumstances, hints=[manifest.name])
    place = firm if manifest.kind.role in _REACHING_ROLES else place_of([*labels, manifest.name], around.environment, around.circumstances)
    task_id = mask("/".join(part for part in (name, manifest.namespace, manifest.name) if part)).text
    count = seen[task_id] = seen.get(task_id, 0) + 1
    task_id = task_id if count == 1 else f"{task_id} #{count}"
    yield _task(manifest, task_id, place, firm)
    for number, (language, script) in enumerate(_scripts(manifest), 1):
        yield from embedded(script, language, f"{task_id}/{number}", place)


def _labels(manifest: Manifest) -> list[str]:
    """What says where a document goes: its namespace and labels; for a namespace also its name."""
    metadata = mapping(manifest.body.get("metadata"))
    labels = [
        str(value) for kind in _LABELLED for value in mapping(metadata.get(kind)).values() if isinstance(value, str) and len(value) < 80
    ]
    owner = dig(manifest.body, "spec", "destination", "namespace")
    return [manifest.namespace, manifest.name if manifest.kind.role is Role.NAMESPACE else "", *labels, str(owner or "")]


def _task(manifest: Manifest, task_id: str, place: Place, firm: Place) -> Task:
    page = Page(task_id, f"kubernetes.{manifest.body['kind'][:80]}")
    fields = _fields(manifest, place)
    head = page.write(f"apply {task_id}")
    found = list(findings(manifest))
    if not any(finding.instead for finding in found):
        kind = manifest.kind
        page.act_at(
            head, **fields, operation=kind.operation, object=kind.object, traits=kind.traits, scope=Scope.ONE, safeguards=_rollout(manifest)
        )
    for finding in found:
        reaching = not _REACHING.isdisjoint(finding.effect.traits)
        _act(page, finding, _fields(manifest, firm) if reaching else fields)
    return page.task()


def _act(page: Page, finding: Finding, fields: dict[str, Any]) -> None:
    effect = finding.effect
    low = fields["disposable"]
    weight = {name: fields[name] if low else max(getattr(effect, name), fields[name]) for name in ("sensitivity", "blast")}
    page.act(
        finding.line, **(fields | weight), operation=effect.operation, object=effect.object, traits=effect.traits, scope=effect.scope,
        safeguards=finding.safeguards,
    )  # fmt: skip


def _fields(manifest: Manifest, place: Place) -> dict[str, Any]:
    kind, named = manifest.kind, ontology().object_kind(manifest.name)
    sensitivity, blast = kind.sensitivity, kind.blast
    if named.id != "unknown" and kind.role is not Role.SECRET:
        sensitivity = max(sensitivity, min(named.sensitivity, 0.85))
    if place.environment is Environment.PRODUCTION and kind.role is Role.WORKLOAD:
        sensitivity = max(sensitivity, 0.75)
    if place.disposable:
        sensitivity, blast = min(sensitivity, 0.2), min(blast, 0.1)
    return {
        "target": "/".join(part for part in (manifest.namespace, manifest.name) if part), "sensitivity": sensitivity, "blast": blast,
        "environment": place.environment, "disposable": place.disposable,
    }  # fmt: skip


def _rollout(manifest: Manifest) -> tuple[Safeguard, ...]:
    """A gradual roll-out that the manifest itself prescribes."""
    if manifest.body.get("kind") == "Rollout" and dig(manifest.spec, "strategy", "canary", "steps"):
        return (Safeguard(kind="canary"),)
    return ()


def _scripts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Commands that containers run, and scripts that settings carry."""
    if manifest.kind.role is Role.SETTINGS:
        for name, value in mapping(manifest.body.get("data")).items():
            if isinstance(value, str) and str(name).endswith((".sh", ".sql")):
                yield ("sql" if str(name).endswith(".sql") else "shell"), value
        return
    stack: list[Any] = [manifest.spec]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            words = [str(word) for key in ("command", "args") for word in sequence(item.get(key))]
            if words:
                yield "shell", _command(words)
            stack.extend(child for child in reversed(list(item.values())) if isinstance(child, (dict, list)))


def _command(words: list[str]) -> str:
    """The command line of a container; the script itself when the container runs a shell."""
    if words[0] in _SHELLS and len(words) > 2:
        flags = [index for index, word in enumerate(words) if word.startswith("-") and "c" in word and not word.startswith("--")]
        if flags and len(words) > flags[0] + 1:
            return words[flags[0] + 1]
    return shlex.join(words)
