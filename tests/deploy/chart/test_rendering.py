"""Helm takes the chart, Kubernetes' own schemas take what comes out, and what cannot work is refused with the next step."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neural_hive import __version__
from tests.deploy.chart import rendering
from tests.deploy.chart.places import CHART
from tests.deploy.chart.rendering import CERTIFICATES, KEY, OIDC, OPEN, OPERATOR, SERVERS, SETUPS, RefusedError, Setup
from tests.services import deploytools
from tests.services.go import HELM, KUBECONFORM

pytestmark = pytest.mark.real

VERSIONS = [f"1.{minor}" for minor in range(29, 37)]
# Kinds of others: the registries reached here have no schemas of them. test_policy.py looks at what is in them.
FOREIGN = ("ServiceMonitor", "PrometheusRule", "Certificate", "HTTPRoute")


@pytest.mark.parametrize("file", ["values-local.yaml", "values-k8s.yaml"])
def test_helm_finds_nothing_to_complain_about(file: str) -> None:
    line = [*HELM.obtain().argv, "lint", "--strict", str(CHART), f"--values={CHART / file}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "[WARNING]" in done.stdout, "[ERROR]" in done.stdout) == (0, False, False), done.stdout


def test_the_chart_is_of_this_version() -> None:
    told = subprocess.run([*HELM.obtain().argv, "show", "chart", str(CHART)], capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"appVersion: {__version__}" in told
    assert f"\nversion: {__version__}\n" in told


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"requires kubeVersion"):
        rendering.text(Setup("values-local.yaml", version="1.28.9"))


def test_every_version_of_kubernetes_gets_the_same() -> None:
    made = {rendering.text(replace(SETUPS["production"], version=f"{version}.0")) for version in VERSIONS}
    assert len(made) == 1


def test_every_version_of_kubernetes_takes_every_setup(tmp_path: Path) -> None:
    for number, setup in enumerate(SETUPS.values()):
        (tmp_path / f"{number}.yaml").write_text(rendering.text(setup), encoding="utf-8")
    assert [told for told in (conforms(version, tmp_path) for version in VERSIONS) if told] == []


def conforms(version: str, folder: Path) -> str:
    """What kubeconform finds wrong with the files of a folder; nothing when all is well."""
    schemas = deploytools.schemas(VERSIONS) / "{{.NormalizedKubernetesVersion}}" / "{{.ResourceKind}}{{.KindSuffix}}.json"
    line = [*KUBECONFORM.obtain().argv, "-strict", "-summary", f"-kubernetes-version={version}.0", f"-schema-location={schemas}"]
    done = subprocess.run([*line, f"-skip={','.join(FOREIGN)}", str(folder)], capture_output=True, text=True, check=False, timeout=120)
    well = done.returncode == 0 and "Invalid: 0, Errors: 0" in done.stdout and "Valid: 0," not in done.stdout
    return "" if well else f"{version}: {done.stdout}{done.stderr}"


def test_kubeconform_would_see_a_wrong_field(tmp_path: Path) -> None:
    wrong = rendering.text(SETUPS["local"]).replace("enableServiceLinks:", "enableServiceLink:")
    (tmp_path / "wrong.yaml").write_text(wrong, encoding="utf-8")
    assert "enableServiceLink" in conforms("1.34", tmp_path)


REFUSED: dict[str, tuple[Setup, str]] = {
    "nobody said who may call": (Setup(), r"Who may call gateway\? Say one of\n  settings.auth.mode=oidc"),
    "a specialist that anybody reaches": (
        Setup(values={"gateway": {"settings": {"auth": OIDC}}}),
        r"Who may call specialist-architecture\?[\s\S]*tls.enabled=true",
    ),
    "tokens of nobody": (Setup(values={"settings": {"auth": {"mode": "oidc"}}}), r"needs settings.auth.issuer and settings.auth.audience"),
    "two gateways on a file": (Setup(values={**OPEN, "gateway": {"replicas": 2}}), r"one writer[\s\S]*secretSettings.ledger"),
    "a file that scales": (Setup(values={**OPEN, "gateway": {"autoscaling": {"enabled": True}}}), r"one writer"),
    "a worker on a file": (Setup(values={**OPEN, "worker": {"enabled": True}}), r"A worker shares the gateway's ledger"),
    "a worker without a queue": (
        Setup(values={**OPEN, **KEY, "secretSettings": {"ledger": SERVERS["ledger"]}, "worker": {"enabled": True}}),
        r"A worker needs a queue: set secretSettings.queue",
    ),
    "a shared ledger without a key": (
        Setup(values={**OPEN, "secretSettings": {"ledger": SERVERS["ledger"]}}),
        r"openssl genpkey -algorithm ed25519 -out ledger.key\n  kubectl -n gateway create secret generic hive-ledger-key",
    ),
    "a worker without a token": (
        Setup(values={"settings": {"auth": OIDC}, **KEY, "secretSettings": SERVERS, "worker": {"enabled": True}}),
        r"acts for no caller, and specialist-architecture asks for a token: set token.secret",
    ),
    "said twice": (
        Setup(values={"settings": {**OPEN["settings"], "cache": "redis://a"}, "secretSettings": {"cache": SERVERS["cache"]}}),
        r"secretSettings.cache and the settings of gateway both say",
    ),
    "killed before it has ended": (
        Setup("values-local.yaml", {"settings": {"drain": 20, "ledger_deadline": 5.5}}),
        r"gateway takes up to 31 s to end[\s\S]*set pods.terminationGracePeriodSeconds to 31 or more",
    ),
    "a specialist killed before it has ended": (
        Setup("values-local.yaml", {"specialists": {"technical": {"terminationGracePeriodSeconds": 19}}}),
        r"specialist-technical takes up to 20 s to end",
    ),
    "certificates of nobody": (Setup("values-k8s.yaml", {"tls": {"certManager": {"enabled": True}}}), r"no cert-manager.io/v1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_with_the_next_step(name: str) -> None:
    setup, words = REFUSED[name]
    with pytest.raises(RefusedError, match=words):
        rendering.text(setup)


ILL: dict[str, dict[str, Any]] = {
    "an unknown value": {"replicas": 3},
    "an unknown value of an image": {"image": {"name": "x"}},
    "an unknown value of pods": {"pods": {"privileged": True}},
    "an unknown value of the gateway": {"gateway": {"grpcProbe": "none"}},
    "an unknown value of one specialist": {"specialists": {"technical": {"replica": 2}}},
    "an unknown setting": {"settings": {"ledgr": "x"}},
    "an unknown nested setting": {"settings": {"limits": {"max_taks": 1}}},
    "a setting that specialists do not read": {"specialist": {"settings": {"ledger": "mongodb://db/hive"}}},
    "a setting that gateways do not read": {"gateway": {"settings": {"grpc_port": 50052}}},
    "a text for a number": {"pods": {"replicas": "two"}},
    "a number for a truth": {"networkPolicy": {"enabled": 1}},
    "a truth for a text": {"clusterDomain": True},
    "a setting of the wrong type": {"settings": {"limits": {"max_tasks": "many"}}},
    "a setting out of range": {"settings": {"traces": {"sample": 2}}},
    "an unknown choice": {"namespaces": {"mode": "both"}},
    "an algorithm that is not taken": {"settings": {"auth": {"algorithms": ["HS256"]}}},
    "root": {"pods": {"runAsUser": 0}},
    "the group of root": {"pods": {"runAsGroup": 0}},
    "no version of an image": {"image": {"tag": "latest"}},
    "a version inside the name": {"image": {"repository": "hive@sha256:abc"}},
    "a short digest": {"image": {"digest": "sha256:abc"}},
    "an amount that is none": {"pods": {"resources": {"limits": {"memory": "much"}}}},
    "a password in a setting": {"settings": {"ledger": "mongodb://hive:secret@db/hive"}},
    "a password in a role's setting": {"specialist": {"settings": {"models": "mlflow+http://hive:secret@m:5000"}}},
    "half a reference": {"secretSettings": {"ledger": {"name": "stores"}}},
    "a reference and a value": {"secretSettings": {"ledger": {"name": "stores", "key": "ledger", "value": "x"}}},
    "an empty secret": {"secretSettings": {"ledger": {"value": ""}}},
    "a name that DNS does not bear": {"specialists": {"Technical": {}}},
    "an unknown edge": {"networkPolicy": {"mongo": {"ports": [1]}}},
    "an edge without a port": {"networkPolicy": {"ledger": {"ports": []}}},
    "a port that is none": {"networkPolicy": {"ledger": {"ports": [70000]}}},
    "a peer of nothing": {"networkPolicy": {"clients": [{}]}},
}


@pytest.mark.parametrize("name", ILL)
def test_unknown_and_ill_typed_values_are_refused(name: str) -> None:
    with pytest.raises(RefusedError, match=r"values don't meet the specifications of the schema"):
        rendering.text(Setup("values-local.yaml", ILL[name]))


@pytest.mark.parametrize("name", SETUPS)
def test_the_notes_name_the_next_commands(name: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(CHART, tmp_path / "neural-hive"))
    (copy / "NOTES.txt").write_bytes((copy / "templates" / "NOTES.txt").read_bytes())
    (copy / "templates" / "notes.yaml").write_text('notes: {{ tpl (.Files.Get "NOTES.txt") . | toJson }}', encoding="utf-8")
    (made,) = rendering.objects(SETUPS[name], copy, "--show-only=templates/notes.yaml")
    place = rendering.one(rendering.rendered(name), "Deployment", "gateway")["metadata"]["namespace"]
    assert f"kubectl -n {place} rollout status deployment/gateway" in made["notes"]
    assert "helm test hive -n hive" in made["notes"]
    assert ("-n hive --logs" in made["notes"]) == (place == "hive")  # helm looks for the test's pod where the release is
    assert ("Anybody who reaches the gateway" in made["notes"]) == (name.startswith("local") or name == "secrets made")
    assert ('"Authorization: Bearer $HIVE_TOKEN"' in made["notes"]) == name.startswith(("production", "tokens"))


def test_null_takes_back_what_another_file_says() -> None:
    values = {
        "secretSettings": {"graph": None, "models": None},
        "specialists": {"behavior": None},
        "gateway": {"settings": {"auth": {"jwks_url": None}}},
        "settings": {"auth": {"jwks_url": "https://login.example.com/keys", "leeway": None}, "language": None},
    }
    found = rendering.objects(Setup("values-k8s.yaml", values))
    data = rendering.one(found, "ConfigMap", "gateway-settings")["data"]
    assert "behavior" not in data["HIVE_SPECIALISTS"]
    assert not {"HIVE_LANGUAGE", "HIVE_AUTH__LEEWAY", "HIVE_AUTH__JWKS_URL"} & data.keys()
    secret = {each["name"] for container in rendering.containers(found) for each in container.get("env", [])}
    assert {"HIVE_GRAPH", "HIVE_MODELS"}.isdisjoint(secret)
    assert "HIVE_LEDGER" in secret


@pytest.mark.parametrize(
    ("values", "apis"),
    [
        ({"monitoring": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}}}, OPERATOR),
        ({"tls": {"enabled": True, "certManager": {"enabled": True}}}, CERTIFICATES),
    ],
)
def test_foreign_kinds_come_with_their_api_alone(values: Mapping[str, Any], apis: tuple[str, ...]) -> None:
    there = {each["kind"] for each in rendering.objects(Setup("values-local.yaml", values, apis=apis))}
    assert there & set(FOREIGN)
    try:
        absent = {each["kind"] for each in rendering.objects(Setup("values-local.yaml", values))}
    except RefusedError as error:
        assert "cert-manager" in str(error)  # noqa: PT017 -- one of the two is refused, the other is left out
    else:
        assert not absent & set(FOREIGN)
