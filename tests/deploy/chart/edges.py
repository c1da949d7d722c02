"""What NetworkPolicies admit, as Kubernetes defines it: both ends have to, and a pod that no policy selects admits everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.deploy.chart.rendering import Object, of_kind, pods, selects

_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Place:
    """A pod, of ours or of somebody else.

    Attributes:
        namespace: Its namespace; None for an address outside the cluster.
        labels: Its labels.
        ports: Its ports by name.
    """

    namespace: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)


def places(found: Sequence[Object]) -> dict[str, Place]:
    """The pods of a rendered chart, by their label `app`."""
    made = {}
    for namespace, pod in pods(found):
        ports = {port["name"]: port["containerPort"] for port in pod["spec"]["containers"][0].get("ports", ())}
        made[pod["metadata"]["labels"]["app"]] = Place(namespace, pod["metadata"]["labels"], ports)
    return made


def admitted(found: Sequence[Object], source: Place, goal: Place, port: int, protocol: str = "TCP") -> bool:
    """Whether a connection may be made."""
    out = _one_side(found, source, goal, ("egress", "to"), (goal, port, protocol))
    return out and _one_side(found, goal, source, ("ingress", "from"), (goal, port, protocol))


def _one_side(found: Sequence[Object], own: Place, other: Place, words: tuple[str, str], asked: tuple[Place, int, str]) -> bool:
    direction, peers = words
    selecting = [each["spec"] for each in of_kind(found, "NetworkPolicy") if _selected(each, own)]
    selecting = [spec for spec in selecting if direction.title() in spec["policyTypes"]]
    rules = [rule for spec in selecting for rule in spec.get(direction) or ()]
    return not selecting or any(_from(rule.get(peers), other, own) and _through(rule.get("ports"), asked) for rule in rules)


def _selected(policy: Object, place: Place) -> bool:
    return policy["metadata"]["namespace"] == place.namespace and selects(policy["spec"]["podSelector"], place.labels)


def _from(peers: Sequence[Mapping[str, Any]] | None, other: Place, own: Place) -> bool:
    return not peers or any(_is(peer, other, own) for peer in peers)


def _is(peer: Mapping[str, Any], other: Place, own: Place) -> bool:
    if other.namespace is None or "ipBlock" in peer:
        return other.namespace is None and "ipBlock" in peer
    named = peer.get("namespaceSelector")
    here = other.namespace == own.namespace if named is None else selects(named, {_NAME: other.namespace})
    return here and selects(peer.get("podSelector"), other.labels)


def _through(ports: Sequence[Mapping[str, Any]] | None, asked: tuple[Place, int, str]) -> bool:
    """Whether a port is let through; a name is that of a port of the pod that is called."""
    goal, port, protocol = asked
    return not ports or any(
        each.get("protocol", "TCP") == protocol and goal.ports.get(each.get("port", port), each.get("port", port)) == port for each in ports
    )
