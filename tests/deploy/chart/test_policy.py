"""What every setup keeps to, whatever is turned on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml

from neural_hive.settings import Settings
from tests.deploy.chart.places import MONITORING
from tests.deploy.chart.rendering import SETUPS, Object, containers, objects, of_kind, one, pods, rendered, selects

pytestmark = [pytest.mark.real, pytest.mark.parametrize("setup", SETUPS)]


def test_pods_are_restricted_to_what_they_need(setup: str) -> None:
    for namespace, pod in pods(rendered(setup)):
        spec = pod["spec"]
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True, namespace
        assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (1000, 1000, 1000)
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC", "sysctls"} & (spec.keys() | security.keys())
        for container in spec["containers"]:
            own = container["securityContext"]
            assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def test_no_pod_holds_a_token_of_the_cluster(setup: str) -> None:
    accounts = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in of_kind(rendered(setup), "ServiceAccount")}
    for namespace, pod in pods(rendered(setup)):
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["enableServiceLinks"] is False
        assert accounts[namespace, pod["spec"]["serviceAccountName"]]["automountServiceAccountToken"] is False
    assert not of_kind(rendered(setup), "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


def test_pods_say_what_they_need_and_the_most_they_get(setup: str) -> None:
    for container in containers(rendered(setup)):
        wanted, most = container["resources"]["requests"], container["resources"]["limits"]
        assert _cores(wanted["cpu"]) <= 0.25
        assert _cores(wanted["cpu"]) <= _cores(most["cpu"])
        assert _mebibytes(wanted["memory"]) <= min(512, _mebibytes(most["memory"]))
        assert _mebibytes(most["memory"]) <= 512


def test_volumes_are_bounded_and_none_is_of_the_node(setup: str) -> None:
    for _, pod in pods(rendered(setup)):
        for volume in pod["spec"]["volumes"]:
            (kind,) = volume.keys() - {"name"}
            assert kind in {"emptyDir", "secret", "configMap", "persistentVolumeClaim"}
            assert kind != "emptyDir" or volume["emptyDir"]["sizeLimit"]
            assert kind != "secret" or volume["secret"]["defaultMode"] == 0o440


def test_only_volumes_are_mounted_and_each_is(setup: str) -> None:
    for _, pod in pods(rendered(setup)):
        volumes = [volume["name"] for volume in pod["spec"]["volumes"]]
        (container,) = pod["spec"]["containers"]
        mounts = [mount["name"] for mount in container["volumeMounts"]]
        paths = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert sorted(volumes) == sorted(mounts)
        assert len(set(volumes)) == len(volumes)
        assert len(set(paths)) == len(paths)


def test_every_image_has_a_version(setup: str) -> None:
    for container in containers(rendered(setup)):
        assert re.fullmatch(r"[a-z0-9./-]+(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})", container["image"])


def test_variables_are_said_once_and_hold_no_secret(setup: str) -> None:
    for container in containers(rendered(setup)):
        said = container.get("env", [])
        assert max(Counter(each["name"] for each in said).values(), default=1) == 1
        for each in said:
            assert "valueFrom" in each or not re.search(r"PASSWORD|SECRET|KEY$|TOKEN$", each["name"])
    for each in of_kind(rendered(setup), "ConfigMap"):
        assert not re.search(r"://[^/\s\"]*:[^/\s\"@]+@", json.dumps(each["data"]))


def test_every_map_is_mounted_and_every_secret_that_is_made(setup: str) -> None:
    found = rendered(setup)
    used = set(_mentioned(found))
    for each in of_kind(found, "ConfigMap", "Secret"):
        place = (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"])
        assert place in used or each["metadata"]["name"].startswith("neural-hive-dashboard-")
    made = {(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for each in of_kind(found, "ConfigMap")}
    assert {place for place in used if place[0] == "ConfigMap"} <= made


def test_secrets_are_made_only_of_what_was_said(setup: str) -> None:
    made = of_kind(rendered(setup), "Secret")
    said = SETUPS[setup].values.get("secretSettings", {})
    values = sorted(part["value"] for part in said.values() if "value" in part)
    assert sorted({value for each in made for value in each["stringData"].values()}) == values


def test_nothing_says_a_password_of_its_own(setup: str) -> None:
    lines = [line for each in rendered(setup) if each["kind"] != "PrometheusRule" for line in yaml.safe_dump(each).splitlines()]
    assert [line for line in lines if re.search(r"passw|changeme|admin:", line, re.IGNORECASE) and "grafana" not in line.lower()] == []


def test_probes_ask_the_truth_at_ports_that_exist(setup: str) -> None:
    for each in of_kind(rendered(setup), "Deployment"):
        (container,) = each["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        pages = {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}
        if container["name"] == "worker":
            pages = dict.fromkeys(pages, "/metrics")
        for probe, page in pages.items():
            asked = container[probe]
            if "grpc" in asked:
                assert (probe, container["name"]) == ("startupProbe", "specialist")
                assert asked["grpc"] == {"port": ports["grpc"]}
            else:
                assert asked["httpGet"] == {"path": page, "port": "http"}
        encrypted = any(volume["name"] == "tls" for volume in each["spec"]["template"]["spec"]["volumes"])
        assert ("grpc" in container["startupProbe"]) == (container["name"] == "specialist" and not encrypted)


def test_selectors_are_the_labels_and_stay_when_the_version_changes(setup: str) -> None:
    for each in of_kind(rendered(setup), "Deployment"):
        selector = each["spec"]["selector"]["matchLabels"]
        assert selector == {"app": each["metadata"]["name"], "app.kubernetes.io/instance": "hive"}
        assert selects(each["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"])
        for spread in each["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            assert spread["labelSelector"]["matchLabels"] == selector


def test_services_lead_to_pods_and_to_ports_that_they_have(setup: str) -> None:
    found = rendered(setup)
    for service in of_kind(found, "Service"):
        behind = [pod for place, pod in pods(found) if _behind(service, place, pod)]
        assert len(behind) == 1, service["metadata"]["name"]
        ports = {port["name"] for port in behind[0]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_specialists_have_the_services_that_the_gateway_calls(setup: str) -> None:
    found = rendered(setup)
    called: dict[str, str] = json.loads(one(found, "ConfigMap", "gateway-settings")["data"].get("HIVE_SPECIALISTS", "{}"))
    named = {each["metadata"]["labels"]["app"] for each in of_kind(found, "Deployment") if "specialist-" in each["metadata"]["name"]}
    assert {f"specialist-{name}" for name in called} == named
    for name, url in called.items():
        service, headless = one(found, "Service", f"specialist-{name}"), one(found, "Service", f"specialist-{name}-headless")
        assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == {"http": 8000, "grpc": 50051}
        assert headless["spec"]["clusterIP"] == "None"
        scheme = "grpcs" if _settings(found, f"specialist-{name}").get("HIVE_TLS__CERT") else "grpc"
        place = f"specialist-{name}-headless.{headless['metadata']['namespace']}.svc.cluster.local"
        assert url == f"{scheme}://{place}:{headless['spec']['ports'][0]['port']}"


def test_namespaces_are_those_that_were_asked_for(setup: str) -> None:
    found, asked = rendered(setup), SETUPS[setup].values.get("namespaces", {})
    single = asked.get("mode", "single" if SETUPS[setup].file == "values-local.yaml" else "separate") == "single"
    for each in of_kind(found, "Deployment"):
        name = each["metadata"]["name"].replace("worker", "gateway")
        assert each["metadata"]["namespace"] == ("hive" if single else asked.get("prefix", "") + name)
    for made in of_kind(found, "Namespace"):
        assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        assert made["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    wanted = {each["metadata"]["namespace"] for each in of_kind(found, "Deployment")}
    create = not single and asked.get("create", SETUPS[setup].file != "values-k8s.yaml")
    assert {made["metadata"]["name"] for made in of_kind(found, "Namespace")} == (wanted if create else set())


def test_a_ledger_in_a_file_has_one_writer_and_a_volume(setup: str) -> None:
    gateway = one(rendered(setup), "Deployment", "gateway")["spec"]
    embedded = SETUPS[setup].file == "values-local.yaml"
    data = next(volume for volume in gateway["template"]["spec"]["volumes"] if volume["name"] == "data")
    claims = {each["metadata"]["name"]: each for each in of_kind(rendered(setup), "PersistentVolumeClaim")}
    if embedded:
        assert (gateway["replicas"], gateway["strategy"]) == (1, {"type": "Recreate"})
        assert data.get("persistentVolumeClaim", {}).get("claimName") in {*claims, None}
        assert all(claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for claim in claims.values())
    else:
        assert gateway["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        assert _settings(rendered(setup), "gateway")["HIVE_LEDGER_KEY"] == "/secrets/ledger/ledger.key"
    assert bool(claims) == ("persistentVolumeClaim" in data)


def test_budgets_let_nodes_be_drained(setup: str) -> None:
    found = rendered(setup)
    scaled = {(each["metadata"]["namespace"], each["spec"]["scaleTargetRef"]["name"]): each["spec"] for each in _scalers(found)}
    for each in of_kind(found, "Deployment"):
        place = each["metadata"]["namespace"], each["metadata"]["name"]
        assert ("replicas" in each["spec"]) != (place in scaled)
        least = scaled[place]["minReplicas"] if place in scaled else each["spec"]["replicas"]
        budgets = [one for one in of_kind(found, "PodDisruptionBudget") if (one["metadata"]["namespace"], one["metadata"]["name"]) == place]
        assert len(budgets) == (least > 1)
        for budget in budgets:
            assert (budget["spec"]["maxUnavailable"], budget["spec"]["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
            assert budget["spec"]["selector"] == each["spec"]["selector"]


def test_scalers_have_their_deployment_and_their_measure(setup: str) -> None:
    found = rendered(setup)
    for each in _scalers(found):
        target = one(found, "Deployment", each["spec"]["scaleTargetRef"]["name"])
        assert target["metadata"]["namespace"] == each["metadata"]["namespace"]
        (container,) = target["spec"]["template"]["spec"]["containers"]
        assert {metric["resource"]["name"] for metric in each["spec"]["metrics"]} <= container["resources"]["requests"].keys()
        assert each["spec"]["minReplicas"] < each["spec"]["maxReplicas"]


def test_pods_end_gracefully(setup: str) -> None:
    for each in of_kind(rendered(setup), "Deployment"):
        spec = each["spec"]["template"]["spec"]
        drain = float(_settings(rendered(setup), each["metadata"]["name"]).get("HIVE_DRAIN", 0))
        assert drain == (0 if each["metadata"]["name"] == "worker" else 10)
        least = drain + Settings.model_fields["specialist_deadline"].default + Settings.model_fields["ledger_deadline"].default
        assert spec["terminationGracePeriodSeconds"] >= least + 3  # as gateway/server.py gives to what is under way


def test_doors_lead_to_the_gateway(setup: str) -> None:
    found = rendered(setup)
    service = one(found, "Service", "gateway")
    for door in of_kind(found, "Ingress", "HTTPRoute"):
        assert door["metadata"]["namespace"] == service["metadata"]["namespace"]
        rules = door["spec"]["rules"][0]
        backend = rules["http"]["paths"][0]["backend"]["service"] if door["kind"] == "Ingress" else rules["backendRefs"][0]
        assert backend["name"] == "gateway"
        port = backend["port"] if door["kind"] == "HTTPRoute" else backend["port"]["name"]
        assert port in {value for each in service["spec"]["ports"] for value in (each["name"], each["port"])}


def test_certificates_hold_for_the_names_that_are_called(setup: str) -> None:
    found = rendered(setup)
    names = {name for each in of_kind(found, "Certificate") for name in each["spec"]["dnsNames"]}
    called = json.loads(_settings(found, "gateway").get("HIVE_SPECIALISTS", "{}")).values()
    if names:
        assert {url.split("/")[2].partition(":")[0] for url in called} <= names
        secrets = {(each["metadata"]["namespace"], each["spec"]["secretName"]) for each in of_kind(found, "Certificate")}
        assert secrets == {(each["metadata"]["namespace"], "neural-hive-tls") for each in of_kind(found, "Deployment")}


def test_prometheus_is_led_to_each_process_once(setup: str) -> None:
    found = rendered(setup)
    for monitor in of_kind(found, "ServiceMonitor"):
        spec = monitor["spec"]
        picked = [each for each in of_kind(found, "Service") if selects(spec["selector"], each["metadata"]["labels"])]
        assert {each["metadata"]["name"] for each in picked} == {each["metadata"]["name"] for each in of_kind(found, "Deployment")}
        assert {each["metadata"]["namespace"] for each in picked} == set(spec["namespaceSelector"]["matchNames"])
        assert all(spec["endpoints"][0]["port"] in {port["name"] for port in each["spec"]["ports"]} for each in picked)
    for rules in of_kind(found, "PrometheusRule"):
        assert rules["spec"] == yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))


def test_dashboards_are_those_of_the_language_that_was_asked_for(setup: str) -> None:
    boards = [each for each in of_kind(rendered(setup), "ConfigMap") if each["metadata"]["labels"].get("grafana_dashboard") == "1"]
    if SETUPS[setup].values.get("monitoring", {}).get("dashboards"):
        told = {file: content for board in boards for file, content in board["data"].items()}
        assert told == {path.name: path.read_text(encoding="utf-8") for path in (MONITORING / "dashboards").glob("*.en.json")}
    else:
        assert boards == []


def test_names_are_not_given_twice(setup: str) -> None:
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects(SETUPS[setup])]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_helm_test_asks_the_gateway(setup: str) -> None:
    found = rendered(setup)
    (pod,) = of_kind(found, "Pod")
    service = one(found, "Service", "gateway")
    (container,) = pod["spec"]["containers"]
    address = f"http://gateway.{service['metadata']['namespace']}.svc.cluster.local:{service['spec']['ports'][0]['port']}"
    assert f"--url={address}" in container["args"]
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    asked = one(found, "ConfigMap", "gateway-test")["data"]["intentions.jsonl"]
    assert json.loads(asked)["intent_text"]


def _mentioned(found: Sequence[Object]) -> Iterator[tuple[str, str, str]]:
    """Every ConfigMap and Secret that a pod uses: kind, namespace, name."""
    for namespace, pod in pods(found):
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                yield "ConfigMap", namespace, volume["configMap"]["name"]
            if "secret" in volume:
                yield "Secret", namespace, volume["secret"]["secretName"]
        for container in pod["spec"]["containers"]:
            for each in container.get("envFrom", []):
                yield "ConfigMap", namespace, each["configMapRef"]["name"]
            for each in container.get("env", []):
                if "valueFrom" in each:
                    yield "Secret", namespace, each["valueFrom"]["secretKeyRef"]["name"]


def _behind(service: Object, namespace: str, pod: Object) -> bool:
    labels = pod["metadata"]["labels"]
    return namespace == service["metadata"]["namespace"] and selects({"matchLabels": service["spec"]["selector"]}, labels)


def _settings(found: Sequence[Object], app: str) -> dict[str, Any]:
    data: dict[str, Any] = one(found, "ConfigMap", f"{app}-settings")["data"]
    return data


def _scalers(found: Sequence[Object]) -> list[Object]:
    return of_kind(found, "HorizontalPodAutoscaler")


def _cores(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def _mebibytes(text: str) -> float:
    return float(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]
