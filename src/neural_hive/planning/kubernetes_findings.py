"""What one manifest gives away beyond its kind: privilege, exposure, rights, scale, secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from neural_hive.planning.documents import Path, dig, mapping, sequence
from neural_hive.planning.exposure import ANYWHERE
from neural_hive.planning.knowledge import Effect
from neural_hive.planning.kubernetes_knowledge import Kind, Role, lookup
from neural_hive.types import Safeguard, Scope, Trait

_ABOUT = ("_file", "_path", "_name", "_ref", "_url", "_ttl", "_expiry", "secretname")
_INDIRECT = ("$(", "${", "vault:", "ref+", "arn:", "<", "{{", "file:")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document: its kind, what is known of it, and its leaves by path."""

    body: dict[str, Any]
    kind: Kind
    leaves: dict[Path, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """metadata.name, "unnamed" when missing."""
        return str(dig(self.body, "metadata", "name") or dig(self.body, "metadata", "generateName") or "unnamed")[:200]

    @property
    def namespace(self) -> str:
        """metadata.namespace, "" when missing."""
        return str(dig(self.body, "metadata", "namespace") or "")[:200]

    @property
    def spec(self) -> dict[str, Any]:
        """The spec, empty when missing."""
        return mapping(self.body.get("spec"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A line to show and what it means; `instead` says that it replaces the kind's own meaning."""

    line: str
    effect: Effect
    safeguards: tuple[Safeguard, ...] = ()
    instead: bool = False


def findings(manifest: Manifest) -> Iterator[Finding]:
    """Everything found in a manifest, in a fixed order."""
    yield from _settings(manifest)
    yield from _replicas(manifest)
    special = _BY_ROLE.get(manifest.kind.role)
    if special is not None:
        yield from special(manifest)
    yield from _plain_secrets(manifest)


def _effect(operation: str, kind: str, *traits: Trait, sensitivity: float, blast: float = 0.6, scope: Scope = Scope.ONE) -> Effect:
    return Effect(operation=operation, object=kind, traits=traits, sensitivity=sensitivity, blast=blast, scope=scope)


def _settings(manifest: Manifest) -> Iterator[Finding]:
    index = lookup().settings
    for path, value in manifest.leaves.items():
        named = tuple(part for part in path if not part.isdigit())
        for ends, setting in index.get(named[-1], ()) if named else ():
            if named[-len(ends) :] == ends and _lower(value) in setting.bad:
                yield Finding(f"  {'.'.join(named)}: {_lower(value)}", setting)
        if named and named[-1] == "pod-security.kubernetes.io/enforce" and _lower(value) in {"restricted", "baseline"}:
            yield Finding(f"  {named[-1]}: {value}", _effect("protect", "control", Trait.PROTECTIVE, sensitivity=0.7))


def _replicas(manifest: Manifest) -> Iterator[Finding]:
    spec, kind = manifest.spec, manifest.kind
    for name in ("replicas", "maxReplicas", "maxReplicaCount"):
        if str(spec.get(name, "")).strip() in {"0", "0.0"}:
            effect = _effect(
                "scale_down", "service", Trait.INTERRUPTING, Trait.MUTATING, sensitivity=kind.sensitivity, blast=kind.blast, scope=Scope.ALL
            )
            yield Finding(f"  spec.{name}: 0", effect, instead=True)
    if spec.get("suspend") is True or spec.get("paused") is True:
        copies = kind.role is Role.BACKUP or "backup" in manifest.name.lower()
        kind_of, traits = ("backup", (Trait.WEAKENS_CONTROL, Trait.MUTATING)) if copies else ("service", (Trait.MUTATING,))
        yield Finding("  spec.suspend: true", _effect("retire", kind_of, *traits, sensitivity=0.85 if copies else 0.5), instead=True)


def _network_policy(manifest: Manifest) -> Iterator[Finding]:
    spec = manifest.spec
    ingress = spec.get("ingress")
    if isinstance(ingress, list) and any(not mapping(rule).get("from") for rule in ingress):
        limited = all(mapping(rule).get("from") or mapping(rule).get("ports") for rule in ingress)
        everything = not mapping(spec.get("podSelector"))
        traits = (Trait.EXPOSING, Trait.WEAKENS_CONTROL, Trait.MUTATING, *((Trait.UNBOUNDED,) if not limited else ()))
        yield Finding(
            "  spec.ingress: from anywhere",
            _effect("open", "control", *traits, sensitivity=0.8, blast=0.8, scope=Scope.ALL if everything else Scope.ONE),
        )
    elif any(leaf in ANYWHERE for path, leaf in manifest.leaves.items() if path[-1:] == ("cidr",) and "ingress" in path):
        yield Finding(
            "  spec.ingress.from.ipBlock: 0.0.0.0/0",
            _effect("expose", "control", Trait.EXPOSING, Trait.MUTATING, sensitivity=0.8, scope=Scope.ALL),
        )
    elif manifest.kind.kinds[0] == "NetworkPolicy" and ("ingress" in spec or "egress" in spec or "policyTypes" in spec):
        yield Finding("  spec.policyTypes", _effect("protect", "control", Trait.PROTECTIVE, Trait.MUTATING, sensitivity=0.7), instead=True)


def _rules(manifest: Manifest) -> Iterator[Finding]:
    values = lookup().values
    for rule in sequence(manifest.body.get("rules")):
        verbs = {str(item) for item in sequence(mapping(rule).get("verbs"))}
        resources = {str(item) for item in sequence(mapping(rule).get("resources"))}
        line = f"  verbs: {', '.join(sorted(verbs))} on {', '.join(sorted(resources))}"
        strong, sensitive = bool(verbs & values.escalating_verbs), bool(resources & values.sensitive_resources)
        if strong and "*" in resources:
            yield Finding(
                line,
                _effect(
                    "grant",
                    "access_control",
                    Trait.RAISES_PRIVILEGE,
                    Trait.UNBOUNDED,
                    Trait.MUTATING,
                    sensitivity=0.9,
                    blast=0.9,
                    scope=Scope.ALL,
                ),
            )
        elif sensitive or strong:
            extra = (Trait.EXPOSING,) if "secrets" in resources else ()
            yield Finding(
                line, _effect("grant", "access_control", Trait.RAISES_PRIVILEGE, Trait.MUTATING, *extra, sensitivity=0.85, scope=Scope.SOME)
            )
        elif verbs <= {"get", "list", "watch"}:
            yield Finding(
                line,
                _effect("grant", "access_control", Trait.MUTATING, sensitivity=0.5, blast=0.3),
                (Safeguard(kind="limited_scope", verified=True),),
                instead=True,
            )


def _binding(manifest: Manifest) -> Iterator[Finding]:
    known, role = lookup(), str(dig(manifest.body, "roleRef", "name") or "").lower()
    subjects = [str(mapping(item).get("name", "")).lower() for item in sequence(manifest.body.get("subjects"))]
    for subject in subjects:
        if known.everyone.match(subject):
            traits = (Trait.EXPOSING, Trait.RAISES_PRIVILEGE, Trait.MUTATING, Trait.UNBOUNDED)
            yield Finding(
                f"  subjects: {subject}", _effect("expose", "access_control", *traits, sensitivity=0.9, blast=0.9, scope=Scope.ALL)
            )
    if known.admin.match(role):
        local = manifest.body.get("kind") == "RoleBinding" and role != "cluster-admin"
        wide = () if local else (Trait.UNBOUNDED,)
        effect = _effect(
            "grant",
            "access_control",
            Trait.RAISES_PRIVILEGE,
            Trait.MUTATING,
            *wide,
            sensitivity=0.85 if local else 0.9,
            blast=0.9,
            scope=Scope.ALL,
        )
        yield Finding(f"  roleRef: {role}", effect, instead=True)
    elif known.reading.match(role):
        effect = _effect("grant", "access_control", Trait.RAISES_PRIVILEGE, Trait.MUTATING, sensitivity=0.6, blast=0.3)
        yield Finding(f"  roleRef: {role}", effect, (Safeguard(kind="limited_scope", verified=True),), instead=True)


def _service(manifest: Manifest) -> Iterator[Finding]:
    spec, values = manifest.spec, lookup().values
    kind = spec.get("type")
    guarded = _guarded(manifest) or bool(spec.get("loadBalancerSourceRanges"))
    if kind not in {"LoadBalancer", "NodePort"} or guarded:
        return
    ports = {port for item in sequence(spec.get("ports")) for port in (mapping(item).get("port"), mapping(item).get("targetPort"))}
    inner = bool({port for port in ports if isinstance(port, int)} & values.data_ports) or _inner(manifest.name)
    if inner:
        yield Finding(
            f"  spec.type: {kind}",
            _effect("expose", "data_store", Trait.EXPOSING, Trait.MUTATING, sensitivity=0.85, blast=0.7, scope=Scope.ALL),
        )
    else:
        yield Finding(f"  spec.type: {kind}", _effect("open", "network", Trait.MUTATING, sensitivity=0.65, blast=0.6))


def _ingress(manifest: Manifest) -> Iterator[Finding]:
    hosts = [str(value) for path, value in manifest.leaves.items() if any(part in {"host", "hosts", "hostnames"} for part in path[-2:])]
    if not _guarded(manifest) and (_inner(manifest.name) or any(_inner(host) for host in hosts)):
        yield Finding(
            f"  host: {', '.join(hosts)[:120]}",
            _effect("expose", "service", Trait.EXPOSING, Trait.MUTATING, sensitivity=0.8, scope=Scope.ALL),
        )


def _guarded(manifest: Manifest) -> bool:
    annotations = mapping(dig(manifest.body, "metadata", "annotations"))
    return any(guard in str(name).lower() for name in annotations for guard in lookup().values.guards)


def _inner(name: str) -> bool:
    parts = set(name.lower().replace(".", "-").replace("_", "-").split("-"))
    return any(word in parts for word in lookup().values.inner_names)


def _budget(manifest: Manifest) -> Iterator[Finding]:
    spec = manifest.spec
    if str(spec.get("minAvailable", "")) in {"0", "0%"} or str(spec.get("maxUnavailable", "")) == "100%":
        yield Finding(
            "  spec: all pods may go", _effect("bypass", "control", Trait.WEAKENS_CONTROL, Trait.MUTATING, sensitivity=0.6), instead=True
        )


def _quota(manifest: Manifest) -> Iterator[Finding]:
    for name, value in mapping(manifest.spec.get("hard")).items():
        if str(value) == "0" and name in {"pods", "count/pods", "requests.cpu", "limits.cpu", "count/deployments.apps"}:
            effect = _effect("retire", "service", Trait.INTERRUPTING, Trait.MUTATING, sensitivity=0.75, blast=0.9, scope=Scope.ALL)
            yield Finding(f"  spec.hard.{name}: 0", effect)


def _plain_secrets(manifest: Manifest) -> Iterator[Finding]:
    """Passwords written into settings or the environment of a container instead of a Secret."""
    if manifest.kind.role is Role.SECRET:
        return
    effect = _effect("expose", "secret", Trait.EXPOSING, Trait.WEAKENS_CONTROL, sensitivity=0.9, blast=0.5)
    for path, value in manifest.leaves.items():
        name = path[-1] if path else ""
        if name == "value" and "env" in path:
            name = str(dig(manifest.body, *(int(part) if part.isdigit() else part for part in path[:-1]), "name") or "")
        elif "data" not in path[:1]:
            continue
        if isinstance(value, str) and _names_secret(name) and _literal(value):
            yield Finding(f"  {name}: (plain text)", effect)


def _names_secret(name: str) -> bool:
    return bool(lookup().secret.search(name)) and not name.lower().endswith(_ABOUT)


def _literal(value: str) -> bool:
    return 4 <= len(value) < 200 and not value.lower().startswith(_INDIRECT)


_BY_ROLE: dict[Role, Callable[[Manifest], Iterator[Finding]]] = {
    Role.NETWORK_POLICY: _network_policy,
    Role.RULES: _rules,
    Role.BINDING: _binding,
    Role.SERVICE: _service,
    Role.INGRESS: _ingress,
    Role.BUDGET: _budget,
    Role.QUOTA: _quota,
}


def _lower(value: Any) -> str:
    return str(value).lower() if not isinstance(value, (dict, list)) else ""
