"""Who may speak with whom: exactly the edges that are needed, worked out from the rendered NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.deploy.chart.edges import Place, admitted, places
from tests.deploy.chart.rendering import OIDC, SERVERS, SETUPS, Object, Setup, objects, of_kind, rendered

pytestmark = pytest.mark.real

PORTS = (53, 443, 4318, 5000, 5432, 6379, 7687, 8000, 22, 27017, 50051)
STRANGERS = {
    "dns": Place("kube-system", {"k8s-app": "kube-dns"}),
    "another system pod": Place("kube-system", {"k8s-app": "metrics-server"}),
    "prometheus": Place("monitoring", {"app": "prometheus"}),
    "stores": Place("stores", {"app": "mongodb"}),
    "ingress": Place("ingress-nginx", {"app": "ingress-nginx"}),
    "somebody": Place("default", {"app": "gateway", "app.kubernetes.io/instance": "another"}),
    "a neighbour": Place("gateway", {"app": "debug"}),
    "a client": Place("gateway", {"neural-hive/client": "true"}),
    "a client elsewhere": Place("default", {"neural-hive/client": "true"}),
    "internet": Place(None),
}
VOICES = ("architecture", "behavior", "evolution", "technical")


def reached(found: Sequence[Object]) -> set[tuple[str, str, int]]:
    """Every connection over TCP between two pods of which one is ours at least."""
    ours = places(found)
    everybody = {**ours, **STRANGERS}
    return {
        (one, other, port)
        for one in everybody
        for other in everybody
        if one != other and (one in ours or other in ours)
        for port in PORTS
        if admitted(found, everybody[one], everybody[other], port)
    }


def expected(callers: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """What every hive with a pod for each specialist needs: names, metrics, opinions, and who asks."""
    for name in (*callers, "gateway-test", *(f"specialist-{voice}" for voice in VOICES)):
        yield name, "dns", 53
        if name != "gateway-test":
            yield "prometheus", name, 8000
    for caller in callers:
        for voice in VOICES:
            yield caller, f"specialist-{voice}", 50051
    yield "gateway-test", "gateway", 8000
    yield "a client", "gateway", 8000


def test_in_production_only_the_edges_that_are_needed_exist() -> None:
    wanted = set(expected(["gateway"]))
    wanted.add(("ingress", "gateway", 8000))
    wanted |= {("gateway", "stores", port) for port in (27017, 7687, 6379)}
    wanted |= {(f"specialist-{voice}", "stores", 5000) for voice in VOICES}
    issuer = {("gateway", name, 443) for name in STRANGERS} | {("gateway", "gateway-test", 443)}  # wherever it is, on its port
    found = reached(rendered("production"))
    assert found - issuer == wanted
    assert ("gateway", "internet", 443) in found


def test_without_stores_nothing_goes_out_but_names() -> None:
    found = reached(objects(Setup("values-local.yaml", namespace="gateway")))
    assert found == set(expected(["gateway"]))


def test_with_one_pod_nobody_else_is_asked() -> None:
    found = reached(objects(Setup("values-local.yaml", {"specialist": {"enabled": False}}, namespace="gateway")))
    assert found == {
        ("gateway", "dns", 53),
        ("gateway-test", "dns", 53),
        ("gateway-test", "gateway", 8000),
        ("a client", "gateway", 8000),
        ("prometheus", "gateway", 8000),
    }


def test_a_worker_reaches_what_the_gateway_reaches_and_nobody_asks_it() -> None:
    found = reached(rendered("tokens everywhere, and a worker"))
    out: dict[str, Any] = {name: {(goal, port) for one, goal, port in found if one == name} for name in ("gateway", "worker")}
    common = {goal for goal in out["gateway"] if goal[0] not in ("gateway", "worker")}
    assert {("specialist-technical", 50051), ("stores", 27017), ("internet", 4318), ("internet", 443)} <= common
    assert common == {goal for goal in out["worker"] if goal[0] not in ("gateway", "worker")}
    assert {(one, port) for one, goal, port in found if goal == "worker"} == {("prometheus", 8000)}


def test_with_tokens_everywhere_specialists_reach_the_issuer() -> None:
    found = reached(rendered("tokens everywhere, and a worker"))
    assert ("specialist-technical", "internet", 443) in found
    assert ("specialist-technical", "internet", 27017) not in found


def test_names_are_looked_up_over_udp_and_tcp() -> None:
    found = rendered("production")
    ours = places(found)
    for place in ours.values():
        assert admitted(found, place, STRANGERS["dns"], 53, "UDP")
        assert admitted(found, place, STRANGERS["dns"], 53, "TCP")
        assert not admitted(found, place, STRANGERS["another system pod"], 53, "UDP")


def test_each_namespace_denies_what_no_policy_names() -> None:
    found = rendered("production")
    stranger = Place("specialist-technical", {"app": "intruder"})
    gateway = places(found)["gateway"]
    assert not admitted(found, stranger, STRANGERS["internet"], 443)
    assert not admitted(found, gateway, stranger, 50051)
    spaces = {each["metadata"]["namespace"] for each in of_kind(found, "Deployment")}
    assert spaces == {each["metadata"]["namespace"] for each in of_kind(found, "NetworkPolicy") if each["spec"]["podSelector"] == {}}


def test_neighbours_in_a_shared_namespace_are_left_alone() -> None:
    found = rendered("local")
    assert admitted(found, Place("hive", {"app": "theirs"}), STRANGERS["internet"], 443)


def test_an_edge_to_a_named_place_goes_nowhere_else() -> None:
    to = [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    values = {
        "networkPolicy": {"issuer": {"to": to, "ports": [8443]}},
        "gateway": {"settings": {"auth": OIDC}},
        "secretSettings": {"queue": SERVERS["queue"]},
    }
    found = objects(Setup("values-k8s.yaml", values))
    gateway = places(found)["gateway"]
    assert admitted(found, gateway, STRANGERS["internet"], 8443)
    assert not admitted(found, gateway, STRANGERS["internet"], 443)
    assert not admitted(found, gateway, STRANGERS["somebody"], 8443)
    assert admitted(found, gateway, STRANGERS["somebody"], 6379)  # a queue that nobody placed


def test_turned_off_there_is_no_policy() -> None:
    found = objects(Setup("values-local.yaml", {"networkPolicy": {"enabled": False}}))
    assert of_kind(found, "NetworkPolicy") == []


def test_the_setups_between_them_make_every_kind() -> None:
    made = {each["kind"] for name in SETUPS for each in rendered(name)}
    assert made >= {
        *("Namespace", "ServiceAccount", "ConfigMap", "Secret", "Deployment", "Pod", "Service", "PersistentVolumeClaim"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Ingress", "HTTPRoute", "Certificate"),
        *("ServiceMonitor", "PrometheusRule"),
    }
