"""Pods as the API server tells of them, and their processes as this machine sees them."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.cluster import api
from tests.cluster.node import ClusterError
from tests.cluster.places import CGROUP

_CGROUPS = Path("/sys/fs/cgroup/memory") / CGROUP
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Pod:
    """A pod at one time."""

    namespace: str
    name: str
    uid: str
    ready: bool
    ending: bool
    restarts: int
    settings: str

    @property
    def path(self) -> str:
        """Where the API server has it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"


def pods(namespace: str) -> list[Pod]:
    """Those of a namespace that have not ended, but for the chart's test."""
    found = api.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector="app!=gateway-test")
    return [read(item) for item in found["items"] if item["status"]["phase"] in ("Pending", "Running")]


def read(item: dict[str, Any]) -> Pod:
    """A pod from its object."""
    meta, state = item["metadata"], item["status"].get("containerStatuses", ())
    return Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        ready=api.has_condition(item, "Ready") and "deletionTimestamp" not in meta,
        ending="deletionTimestamp" in meta,
        restarts=sum(each["restartCount"] for each in state),
        settings=meta.get("annotations", {}).get("checksum/settings", ""),
    )


def process(pod: Pod) -> psutil.Process:
    """The pod's first process besides the one that holds its namespaces.

    Raises:
        ClusterError: There is none.
    """
    for found in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if f"pod{pod.uid}" in Path(f"/proc/{found.pid}/cgroup").read_text() and found.name() != "pause":
                return found
    raise ClusterError(f"{pod.name} has no process")


def kill(pod: Pod) -> None:
    """Kill its process, as a crash would; the kubelet starts its container again."""
    os.kill(process(pod).pid, signal.SIGKILL)


def delete_at_once(pod: Pod) -> None:
    """Remove it without asking it to end."""
    api.kubectl("delete", "pod", pod.name, f"--namespace={pod.namespace}", "--grace-period=0", "--force")


def proportional_memory(pod: Pod) -> float:
    """MiB that its process has for itself, and its part of what it shares (PSS)."""
    text = Path(f"/proc/{process(pod).pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def working_set(pod: Pod) -> float:
    """MiB that count against its limit and that the kernel could not take back at once; what `kubectl top` shows."""
    (folder,) = _CGROUPS.rglob(f"pod{pod.uid}")
    used = int((folder / "memory.usage_in_bytes").read_text())
    stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    return (used - int(stat["total_inactive_file"])) / MEBIBYTE


@dataclass
class Watch:
    """When pods became ready, by this machine's clock."""

    ready: dict[str, float] = field(default_factory=dict)

    def follow(self, stop: threading.Event) -> None:
        """Note the moment at which each pod is told to be ready, until told to stop."""
        with api.client() as asked, suppress(httpx.HTTPError):
            version = asked.get("/api/v1/pods").json()["metadata"]["resourceVersion"]
            query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "120"}
            with asked.stream("GET", "/api/v1/pods", params=query, timeout=httpx.Timeout(5, read=None)) as answer:
                for line in _lines(answer, stop):
                    pod = read(json.loads(line)["object"])
                    if pod.ready:
                        self.ready.setdefault(pod.uid, time.time())


def _lines(answer: httpx.Response, stop: threading.Event) -> Iterator[str]:
    for line in answer.iter_lines():
        if stop.is_set():
            return
        yield line


@contextmanager
def watched() -> Iterator[Watch]:
    """Note when pods become ready, while the block runs."""
    watch, stop = Watch(), threading.Event()
    thread = threading.Thread(target=watch.follow, args=(stop,), name="pods", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
