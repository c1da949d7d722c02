"""The chart as Helm renders it, and the ways in which it is put up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.chart.places import CHART
from tests.services.go import HELM

Object = dict[str, Any]

VERSION = "1.34.0"
OPERATOR = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")
CERTIFICATES = ("cert-manager.io/v1", "cert-manager.io/v1/Certificate")
RELEASE = "hive"


class RefusedError(Exception):
    """Helm did not render; the text is what it said."""


@dataclass(frozen=True)
class Setup:
    """One way to put the chart up.

    Attributes:
        file: A values file of the chart, "" for its defaults alone.
        values: What is said over it.
        version: Of Kubernetes.
        apis: What the cluster has beyond Kubernetes itself.
        namespace: Of the release.
    """

    file: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    version: str = VERSION
    apis: Sequence[str] = ()
    namespace: str = "hive"


OPEN = {"settings": {"auth": {"allow_anonymous": True}}}
OIDC = {"mode": "oidc", "issuer": "https://login.example.com", "audience": "hive"}
SERVERS = {
    "ledger": {"name": "stores", "key": "ledger"},
    "graph": {"name": "stores", "key": "graph"},
    "cache": {"name": "stores", "key": "cache"},
    "queue": {"name": "stores", "key": "queue"},
}
KEY = {"ledgerKey": {"secret": "hive-ledger-key"}}

SETUPS = {
    "local": Setup("values-local.yaml"),
    "local, one pod": Setup("values-local.yaml", {"specialist": {"enabled": False}}),
    "local, one specialist less": Setup("values-local.yaml", {"specialists": {"behavior": {"enabled": False}}}),
    "local, namespaces apart": Setup("values-local.yaml", {"namespaces": {"mode": "separate"}}),
    "local, ledger that goes": Setup("values-local.yaml", {"gateway": {"persistence": {"enabled": False}}}),
    "production": Setup("values-k8s.yaml"),
    "production, monitored": Setup("values-k8s.yaml", {"monitoring": {"dashboards": {"enabled": True}}}, apis=OPERATOR),
    "production, in one namespace": Setup("values-k8s.yaml", {"namespaces": {"mode": "single"}}),
    "production, certificates made": Setup(
        "values-k8s.yaml", {"namespaces": {"create": True, "prefix": "two-"}, "tls": {"certManager": {"enabled": True}}}, apis=CERTIFICATES
    ),
    "production, all doors": Setup(
        "values-k8s.yaml",
        {
            "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "hive-tls"},
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "edge"}], "hostnames": ["hive.example.com"]},
            "image": {"digest": "sha256:" + "a" * 64, "pullSecrets": ["registry"]},
        },
    ),
    "tokens everywhere, and a worker": Setup(
        values={
            "settings": {"auth": OIDC, "traces": {"endpoint": "http://collector.observability:4318"}},
            "secretSettings": SERVERS,
            "token": {"secret": "hive-token"},
            "test": {"tokenSecret": "hive-token"},
            "worker": {"enabled": True, "replicas": 2},
            **KEY,
        }
    ),
    "secrets made": Setup(
        values={
            **OPEN,
            **KEY,
            "secretSettings": {"ledger": {"value": "mongodb://u:p@db/hive"}, "models": {"value": "mlflow+http://m:5000"}},
        }
    ),
}
"""By name; everything that is held of a rendered chart is held of each of these."""


def text(setup: Setup, chart: Path = CHART, *words: str) -> str:
    """What Helm writes.

    Args:
        setup: How the chart is put up.
        chart: Where the chart is, if it is another.
        *words: More for the command line.

    Raises:
        RefusedError: It does not.
    """
    line = [
        *HELM.obtain().argv,
        "template",
        RELEASE,
        str(chart),
        *words,
        f"--namespace={setup.namespace}",
        f"--kube-version={setup.version}",
    ]
    line += [f"--api-versions={each}" for each in setup.apis]
    line += [f"--values={CHART / setup.file}"] * bool(setup.file)
    done = subprocess.run([*line, "--values=-"], input=json.dumps(setup.values), capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RefusedError(done.stderr)
    return done.stdout


def objects(setup: Setup, chart: Path = CHART, *words: str) -> list[Object]:
    """The objects in what Helm writes; arguments as for `text`."""
    return [each for each in yaml.load_all(text(setup, chart, *words), Loader=yaml.CSafeLoader) if each]


@cache
def rendered(name: str) -> tuple[Object, ...]:
    """The objects of a setup of `SETUPS`, rendered once."""
    return tuple(objects(SETUPS[name]))


def of_kind(found: Sequence[Object], *kinds: str) -> list[Object]:
    """Those of these kinds."""
    return [each for each in found if each["kind"] in kinds]


def one(found: Sequence[Object], kind: str, name: str) -> Object:
    """The one of this kind and name, in whatever namespace."""
    (only,) = [each for each in of_kind(found, kind) if each["metadata"]["name"] == name]
    return only


def pods(found: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    """Each pod that would run, as a pod: its namespace, and its metadata and spec."""
    for each in of_kind(found, "Deployment", "Pod"):
        yield each["metadata"]["namespace"], each["spec"]["template"] if each["kind"] == "Deployment" else each


def containers(found: Sequence[Object]) -> Iterator[Object]:
    """Every container of every pod."""
    for _, pod in pods(found):
        yield from (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector with only matchLabels selects; one that is empty selects everything."""
    return all(labels.get(key) == value for key, value in (selector or {}).get("matchLabels", {}).items())
