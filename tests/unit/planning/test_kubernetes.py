from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import HiveError, LimitError, PlanError
from neural_hive.types import Action, Environment, Scope, Trait
from tests.pace import pace
from tests.unit.planning.samples import SAMPLES, actions, read, spans_hold, standing


def manifest(kind: str, spec: Any = None, **extra: Any) -> str:
    metadata = {"name": "web", "namespace": "prod"} | extra.pop("metadata", {})
    return yaml.safe_dump({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec or {}, **extra})


def only(source: str, **circumstances: Any) -> list[Action]:
    return actions(read(source, "kubernetes", **circumstances))


def traits(source: str) -> set[Trait]:
    return {trait for action in only(source) for trait in action.traits}


def pod(**container: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "c", "image": "registry.example.net/c:1.2.3", **container}]}}}


@pytest.mark.parametrize("case", [case for case in SAMPLES if case["format"] == "kubernetes"], ids=lambda case: case["id"])
def test_samples_fall_into_their_class(case: dict[str, str]) -> None:
    reading = read(case["source"], "kubernetes", text=case["intent_text"])
    assert standing(reading) == case["gold"]
    assert spans_hold(reading)


@pytest.mark.parametrize(
    ("context", "trait"),
    [
        ({"privileged": True}, Trait.RAISES_PRIVILEGE),
        ({"runAsUser": 0}, Trait.WEAKENS_CONTROL),
        ({"runAsNonRoot": False}, Trait.WEAKENS_CONTROL),
        ({"allowPrivilegeEscalation": True}, Trait.WEAKENS_CONTROL),
        ({"capabilities": {"add": ["SYS_ADMIN"]}}, Trait.RAISES_PRIVILEGE),
        ({"seccompProfile": {"type": "Unconfined"}}, Trait.WEAKENS_CONTROL),
    ],
)
def test_security_contexts(context: dict[str, Any], trait: Trait) -> None:
    assert trait in traits(manifest("Deployment", pod(securityContext=context)))
    assert traits(manifest("Deployment", pod(securityContext={"readOnlyRootFilesystem": True, "privileged": False}))) == {Trait.MUTATING}


def test_the_node_s_own_folders_and_network() -> None:
    volume = {"template": {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/var/run/docker.sock"}}], "hostNetwork": True}}}
    assert {Trait.EXPOSING, Trait.RAISES_PRIVILEGE} <= traits(manifest("Deployment", volume))
    assert Trait.EXPOSING not in traits(manifest("Deployment", {"volumes": [{"hostPath": {"path": "/opt/data/cache"}}]}))


@pytest.mark.parametrize(("replicas", "stops"), [(0, True), (1, False), (6, False)])
def test_replicas(replicas: int, stops: bool) -> None:
    found = only(manifest("Deployment", {"replicas": replicas, **pod()}))
    assert any(action.has(Trait.INTERRUPTING) and action.scope is Scope.ALL for action in found) is stops


def binding(role: str, subject: str = "ci", kind: str = "ClusterRoleBinding") -> str:
    return manifest(kind, roleRef={"kind": "ClusterRole", "name": role}, subjects=[{"kind": "Group", "name": subject}])


def test_rights() -> None:
    assert Trait.UNBOUNDED in traits(binding("cluster-admin"))
    assert Trait.EXPOSING in traits(binding("view", "system:unauthenticated"))
    (looking,) = only(binding("view"))
    assert [item.kind for item in looking.safeguards] == ["limited_scope"]
    assert Trait.UNBOUNDED in traits(manifest("ClusterRole", rules=[{"verbs": ["*"], "resources": ["*"], "apiGroups": ["*"]}]))
    assert Trait.EXPOSING in traits(manifest("ClusterRole", rules=[{"verbs": ["get", "list"], "resources": ["secrets"]}]))
    assert traits(manifest("Role", rules=[{"verbs": ["get", "list"], "resources": ["pods"]}])) == {Trait.MUTATING}


def test_network_policies() -> None:
    assert {Trait.EXPOSING, Trait.WEAKENS_CONTROL} <= traits(manifest("NetworkPolicy", {"podSelector": {}, "ingress": [{}]}))
    assert Trait.PROTECTIVE in traits(manifest("NetworkPolicy", {"podSelector": {}, "policyTypes": ["Ingress"]}))
    anywhere = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}
    assert Trait.EXPOSING in traits(manifest("NetworkPolicy", anywhere))


def test_services_and_ingresses() -> None:
    public = {"type": "LoadBalancer", "ports": [{"port": 5432}]}
    assert Trait.EXPOSING in traits(manifest("Service", public))
    assert Trait.EXPOSING not in traits(manifest("Service", {**public, "type": "ClusterIP"}))
    assert Trait.EXPOSING not in traits(manifest("Service", {**public, "loadBalancerSourceRanges": ["10.0.0.0/8"]}))
    assert Trait.EXPOSING not in traits(manifest("Service", {"type": "LoadBalancer", "ports": [{"port": 443}]}))
    assert Trait.EXPOSING in traits(manifest("Ingress", {"rules": [{"host": "grafana.example.com"}]}))
    guarded = {"annotations": {"nginx.ingress.kubernetes.io/auth-url": "https://auth.example.com"}}
    assert Trait.EXPOSING not in traits(manifest("Ingress", {"rules": [{"host": "grafana.example.com"}]}, metadata=guarded))


def test_other_kinds() -> None:
    labels = {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}
    assert Trait.WEAKENS_CONTROL in traits(manifest("Namespace", metadata=labels))
    labels = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    assert Trait.PROTECTIVE in traits(manifest("Namespace", metadata=labels))
    assert Trait.WEAKENS_CONTROL in traits(manifest("ValidatingWebhookConfiguration", webhooks=[{"failurePolicy": "Ignore"}]))
    assert Trait.WEAKENS_CONTROL in traits(manifest("PodDisruptionBudget", {"maxUnavailable": "100%"}))
    assert traits(manifest("PodDisruptionBudget", {"minAvailable": 2})) == {Trait.PROTECTIVE}
    assert Trait.INTERRUPTING in traits(manifest("ResourceQuota", {"hard": {"pods": "0"}}))
    assert Trait.WEAKENS_CONTROL in traits(manifest("CronJob", {"suspend": True}, metadata={"name": "pg-backup"}))
    assert Trait.DESTRUCTIVE in traits(manifest("Deployment", {"$patch": "delete"}))


def test_plain_passwords() -> None:
    env = [{"name": "DB_PASSWORD", "value": "hunter2-secret"}]
    found = only(manifest("Deployment", pod(env=env)))
    assert any(action.object == "secret" and action.has(Trait.EXPOSING) for action in found)
    assert "hunter2" not in " ".join(action.text for action in found)
    assert traits(manifest("Deployment", pod(env=[{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "x"}}}]))) == {
        Trait.MUTATING
    }
    assert Trait.EXPOSING in traits(manifest("ConfigMap", data={"API_TOKEN": "abcd1234efgh"}))


def test_commands_of_jobs_are_read() -> None:
    command = ["/bin/sh", "-c", "rm -rf /srv/clientes/*"]
    found = only(manifest("Job", pod(command=command)))
    assert any(action.has(Trait.DESTRUCTIVE) and action.environment is Environment.PRODUCTION for action in found)
    assert not any(action.has(Trait.DESTRUCTIVE) for action in only(manifest("Job", pod(command=["/bin/sh", "-c", "ls /srv"]))))


@pytest.mark.parametrize(
    ("comment", "environment", "disposable"),
    [
        ("# contexto: kind-local", Environment.DEVELOPMENT, True),
        ("# cluster: eks-prod-1", Environment.PRODUCTION, False),
        ("# kubectl --context minikube apply", Environment.DEVELOPMENT, True),
        ("# ambiente: hml", Environment.STAGING, False),
    ],
)
def test_comments_name_the_cluster(comment: str, environment: Environment, disposable: bool) -> None:
    source = f"{comment}\n" + manifest("Secret", metadata={"namespace": "default"})
    (action,) = only(source)
    assert (action.environment, action.disposable) == (environment, disposable)


def test_the_namespace_wins_over_the_title() -> None:
    (action,) = only(manifest("ConfigMap"), environment=Environment.DEVELOPMENT, disposable=True)
    assert (action.environment, action.disposable) == (Environment.PRODUCTION, False)


def test_a_right_is_not_disposable_by_its_name() -> None:
    found = only(binding("cluster-admin", "system:authenticated").replace("name: web", "name: ci-test").replace("prod", "default"))
    assert not any(action.disposable or action.environment is Environment.DEVELOPMENT for action in found)
    runner = manifest("Deployment", pod(securityContext={"privileged": True}), metadata={"name": "ci-runner", "namespace": "default"})
    assert not any(action.disposable for action in only(runner) if action.has(Trait.RAISES_PRIVILEGE))


def test_lists_many_documents_and_json() -> None:
    one = yaml.safe_load(manifest("ConfigMap"))
    listed = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [one, one]})
    assert len(read(listed, "kubernetes").tasks) == 2
    assert len({task.id for task in read(manifest("ConfigMap") + "---\n" + manifest("ConfigMap"), "kubernetes").tasks}) == 2
    assert len(read('{"apiVersion": "v1", "kind": "Pod"}', "kubernetes").tasks) == 1
    partly = read(manifest("ConfigMap") + "---\nfoo: 1\n", "kubernetes")
    assert partly.coverage == 0.5


@pytest.mark.parametrize(
    "source", ["foo: 1", "- 1", "a: [", "a: b: c", "{{ .Values.x }}", "\t- x", "x: !!timestamp y", "? [a]\n: b", "=: ="]
)
def test_what_is_no_manifest_is_refused(source: str) -> None:
    with pytest.raises(PlanError):
        read(source, "kubernetes")


def test_the_error_names_the_line() -> None:
    with pytest.raises(PlanError) as caught:
        read("apiVersion: v1\nkind: Pod\nspec: [\n", "kubernetes")
    assert caught.value.params["line"] >= 3


def _bomb(width: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, width)]
    return "apiVersion: v1\nkind: Pod\n" + "\n".join(lines)


@pytest.mark.parametrize(
    "source",
    [_bomb(9), "[" * 9_000, "{a: " * 4_000, "- " * 9_000, "a: &a [*a, *a]", "? " * 5_000, "\n".join(" " * n + "a:" for n in range(190))],
)
def test_bombs_are_refused_quickly(source: str) -> None:
    def refused() -> None:
        with pytest.raises((LimitError, PlanError)):
            read(source, "kubernetes")

    assert pace(refused) < 80


def test_a_long_manifest_is_quick() -> None:
    source = "---\n".join(manifest("Deployment", pod(env=[{"name": f"A{n}", "value": "x"} for n in range(20)])) for _ in range(22))
    assert len(source) > 18_000
    read(manifest("Deployment", pod()), "kubernetes")
    assert pace(lambda: read(source, "kubernetes")) < 80
    assert len(read(source, "kubernetes").tasks) == 22


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: raw.decode("latin-1"))),
    st.sampled_from(["", "apiVersion: v1\nkind: Job\nspec:\n  "]),
)
def test_any_text_is_read_or_refused(text: str, prefix: str) -> None:
    try:
        assert spans_hold(read(prefix + text, "kubernetes"))
    except HiveError:
        return


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rules", "subjects", "roleRef", "name", "env", "ports", "command"]), inner, max_size=3)
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["Service", "Ingress", "NetworkPolicy", "ClusterRole", "RoleBinding", "Job", "ConfigMap", "X"]), values, values, values
)
def test_any_shape_of_a_known_kind_is_read_or_refused(kind: str, metadata: Any, spec: Any, rules: Any) -> None:
    source = yaml.safe_dump(
        {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "rules": rules, "data": spec, "roleRef": rules}
    )
    try:
        assert spans_hold(read(source, "kubernetes"))
    except HiveError:
        return
