"""Certificates between gateway and specialists that are renewed while everything runs, and the old ones end."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from tests.cluster import api, release
from tests.cluster.certificates import Authority, found
from tests.cluster.faults import never_laxer
from tests.cluster.node import ClusterError
from tests.cluster.places import DOMAIN
from tests.cluster.pods import pods
from tests.cluster.scene import Scene

_LIFE = 240.0  # seconds of the first certificates: an installation, and what a kubelet takes to bring new files
_CONNECTION = 45.0  # seconds; a little more than a connection's age may be, so that none is left from before
_AFTER = 15.0  # seconds of load with nothing but new certificates
_RATE = 25.0
_SECRET = "neural-hive-tls"  # noqa: S105 -- a name


def renews(scene: Scene) -> None:
    """With mutual TLS, each side takes up its new certificate: after the end of the old ones nobody abstains."""
    with TemporaryDirectory(prefix="hive-tls-") as name:
        authority, issued = found(Path(name)), monotonic()
        _give(authority, timedelta(seconds=_LIFE))
        before = _pods()
        release.install("--set=tls.enabled=true")
        # An old gateway still speaks in the clear, which the new specialists do not hear.
        api.until("the pods without certificates are gone", lambda: not before & _pods(), 120)
        scene.tell(f"mutual TLS {monotonic() - issued:.0f} s after certificates for {_LIFE:.0f} s were made")
        _give(authority)
    with scene.load(_RATE) as load:
        sleep(max(0.0, issued + _LIFE + _CONNECTION - monotonic()) + _AFTER)
    scene.tell(f"the first certificates ended {monotonic() - issued - _LIFE:.0f} s ago")
    scene.failures_are_none(load)
    never_laxer(scene, load)
    if abstained := sum(bool(answer.abstentions) for answer in load.answers):
        raise ClusterError(f"{abstained} answers lack a specialist")


def _pods() -> set[str]:
    return {pod.uid for namespace in release.NAMESPACES for pod in pods(namespace)}


def _give(authority: Authority, life: timedelta | None = None) -> None:
    """One certificate for all, in a Secret of each namespace."""
    hosts = [f"*.{namespace}.svc.{DOMAIN}" for namespace in release.NAMESPACES]
    authority.issue("tls", "neural-hive", hosts=hosts, life=life)
    data = {file: (authority.folder / file).read_text() for file in ("ca.crt", "tls.crt", "tls.key")}
    items = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _SECRET, "namespace": namespace}, "stringData": data}
        for namespace in release.NAMESPACES
    ]
    api.kubectl("apply", "--server-side", "--filename=-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
