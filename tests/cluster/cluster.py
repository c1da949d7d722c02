"""The cluster as a whole: up, down, how it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from time import monotonic, perf_counter, sleep

import httpx

from tests.cluster import api, configuration, images, node, programs
from tests.cluster.node import ClusterError
from tests.cluster.places import HOME, LOGS, NODE, SOURCES
from tests.services.folders import locked

_PATIENCE = 120.0  # seconds for one part to come up


def obtain(say: Callable[[str], None]) -> None:
    """Have every program; the first time this takes as long as a build of Kubernetes.

    Raises:
        UnobtainableError: One cannot be had.
    """
    for name, had in {"node": programs.system, "pause": programs.pause, "dns": programs.dns, "kubernetes": programs.kubernetes}.items():
        began = perf_counter()
        had()
        say(f"{name} is there ({perf_counter() - began:.1f} s)")


def up(say: Callable[[str], None]) -> None:
    """Start the cluster, unless it is up, and wait until its node is ready.

    Raises:
        ClusterError: It does not come up; what it logged stays.
        UnobtainableError: A program cannot be had.
    """
    obtain(say)
    with locked("cluster"):
        if is_up():
            say("the cluster was up")
            return
        _clear()
        began = perf_counter()
        HOME.mkdir(parents=True)
        configuration.write()
        node.make()
        for name, words in configuration.lines().items():
            if name == "kubelet":
                _until("API server", _answers)
                images.load_own()
            node.spawn(name, words)
            if name == "containerd":
                sleep(0.5)
        _until("node", node_ready)
        api.kubectl("apply", "--server-side", "--filename", str(SOURCES / "manifests"))
        api.kubectl("rollout", "status", "deployment/coredns", "--namespace=kube-system", f"--timeout={_PATIENCE:.0f}s")
        say(f"the node is ready ({perf_counter() - began:.1f} s)")


def down() -> None:
    """End the cluster, also what a crash left of one, and remove its data."""
    with locked("cluster"):
        _clear()


def is_up() -> bool:
    """Whether its node exists and is ready."""
    return node.first() is not None and node_ready()


def node_ready() -> bool:
    """Whether the node takes pods."""
    try:
        return api.has_condition(api.get(f"/api/v1/nodes/{NODE}"), "Ready")
    except ClusterError:
        return False


def _clear() -> None:
    node.end()
    if HOME.exists():
        kept = HOME.with_name("cluster-logs")
        if LOGS.exists():
            shutil.rmtree(kept, ignore_errors=True)
            shutil.move(LOGS, kept)
        node.unmount(HOME)
        shutil.rmtree(HOME)


def _until(what: str, condition: Callable[[], bool]) -> None:
    deadline = monotonic() + _PATIENCE
    while not condition():
        if monotonic() > deadline or node.first() is None:
            raise ClusterError(f"the {what} did not come up; see {LOGS}")
        sleep(0.2)


def _answers() -> bool:
    """Whether the API server is ready to be asked."""
    try:
        with api.client() as asked:
            return asked.get("/readyz").is_success
    except (httpx.HTTPError, OSError):
        return False
