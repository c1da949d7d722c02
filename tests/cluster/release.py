"""The chart as the proof installs it: namespaces, secrets, `helm` and the objects that come of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.cluster import api, images
from tests.cluster.node import ClusterError
from tests.cluster.places import ADDRESS, HOME, SOURCES
from tests.services.folders import CHECKOUT
from tests.services.go import HELM

NAME, NAMESPACE = "hive", "gateway"
SPECIALISTS = ("technical", "behavior", "evolution", "architecture")
NAMESPACES = (NAMESPACE, *(f"specialist-{name}" for name in SPECIALISTS))
DATABASE = "neural_hive"
KEY = HOME / "ledger.key"
IMAGE = "localhost/neural-hive-mind"
"""What `make image` calls the image, and the chart asks for."""
_CHART = str(CHECKOUT / "deploy" / "helm" / "neural-hive")
_VALUES = f"--values={SOURCES / 'values.yaml'}"


def load_image(archive: Path, version: str) -> None:
    """Give containerd the hive's image.

    Raises:
        ClusterError: It has another name than the one that the chart asks for.
    """
    goal, names = f"{IMAGE}:{version}", images.load(archive)
    if goal not in names:
        raise ClusterError(f"{archive.name} holds {', '.join(names)}, not {goal}")


def prepare(stores: Mapping[str, str]) -> None:
    """Make the namespaces as strict as Kubernetes has them, and the Secrets that `values.yaml` names.

    Args:
        stores: The URLs of ledger, graph and cache.
    """
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    KEY.write_bytes(private)
    KEY.chmod(0o600)
    strict = {"pod-security.kubernetes.io/enforce": "restricted"}
    items: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": strict}} for name in NAMESPACES
    ]
    addresses = {**stores, "ledger": f"{stores['ledger']}/{DATABASE}"}
    secrets = {"hive-stores": addresses, "hive-ledger-key": {"ledger.key": private.decode()}}
    for name, data in secrets.items():
        items.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "stringData": data})
    api.kubectl("apply", "--server-side", "--filename=-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def helm(*words: str, patience: float = 400) -> str:
    """What helm printed.

    Raises:
        ClusterError: It failed or took too long.
    """
    return api.command(*HELM.obtain().argv, *words, f"--namespace={NAMESPACE}", patience=patience)


def dry_run() -> int:
    """Have the API server check every rendered object without keeping any; how many there are. The test's pod needs those others."""
    rendered = helm("template", NAME, _CHART, _VALUES, "--kube-version=1.34", "--no-hooks")
    told = api.kubectl("apply", "--server-side", "--dry-run=server", "--filename=-", given=rendered)
    return len(told.strip().splitlines())


def install(*more: str) -> None:
    """Install the chart, or upgrade it, and wait until every pod is ready."""
    helm("upgrade", "--install", NAME, _CHART, _VALUES, *more, "--wait", "--timeout=5m")


def rollback() -> None:
    """Go back to the revision before, and wait."""
    helm("rollback", NAME, "--wait", "--timeout=5m")


def url() -> str:
    """The gateway, by the port that the node has for its Service."""
    service = api.get(f"/api/v1/namespaces/{NAMESPACE}/services/gateway")
    return f"http://{ADDRESS}:{service['spec']['ports'][0]['nodePort']}"


def inner_url() -> str:
    """The gateway, by the address of its Service."""
    service = api.get(f"/api/v1/namespaces/{NAMESPACE}/services/gateway")
    return f"http://{service['spec']['clusterIP']}:{service['spec']['ports'][0]['port']}"


def endpoints() -> list[str]:
    """Addresses that the gateway's Service sends to now."""
    found = api.get(f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices", labelSelector="kubernetes.io/service-name=gateway")
    all_of_them = [each for part in found["items"] for each in part.get("endpoints") or ()]
    return [address for each in all_of_them if each["conditions"].get("ready") for address in each["addresses"]]


def version() -> str:
    """The version that the chart installs."""
    told = subprocess.run([*HELM.obtain().argv, "show", "chart", _CHART], capture_output=True, text=True, check=True).stdout
    return next(line.split(":")[1].strip().strip('"') for line in told.splitlines() if line.startswith("appVersion:"))
