"""Kubernetes as its users reach it: through kubectl, and through its API for what kubectl is too slow for or has no word for."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

import httpx

from tests.cluster import programs
from tests.cluster.node import ClusterError
from tests.cluster.places import HOME, KUBECONFIG, SERVER


def kubectl(*words: str, given: str | None = None, patience: float = 120) -> str:
    """What kubectl printed.

    Args:
        words: Its arguments.
        given: Its standard input.
        patience: Seconds after which it is ended.

    Raises:
        ClusterError: It failed or took too long.
    """
    return command(str(programs.kubernetes() / "kubectl"), *words, given=given, patience=patience)


def command(*line: str, given: str | None = None, patience: float = 120) -> str:
    """What a program printed that finds the cluster by KUBECONFIG.

    Raises:
        ClusterError: It failed or took too long.
    """
    said = " ".join([line[0].rpartition("/")[2], *line[1:]])[:200]
    environment = {**os.environ, "KUBECONFIG": str(KUBECONFIG)}
    try:
        done = subprocess.run(line, input=given, env=environment, capture_output=True, text=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired as late:
        raise ClusterError(f"`{said}` took more than {patience:.0f} s") from late
    if done.returncode:
        raise ClusterError(f"`{said}` failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def client() -> httpx.Client:
    """A client of the API server that may do everything."""
    folder = HOME / "certificates"
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    return httpx.Client(verify=context, base_url=SERVER, timeout=30)


def get(path: str, **query: str) -> dict[str, Any]:
    """An object, or a list of them, by its path in the API.

    Raises:
        ClusterError: The API server refuses or does not answer.
    """
    try:
        with client() as asked:
            answer = asked.get(path, params=query)
    except (httpx.HTTPError, OSError) as error:
        raise ClusterError(f"GET {path}: {error!r}") from error
    if answer.status_code != httpx.codes.OK:
        raise ClusterError(f"GET {path}: {answer.status_code} {answer.text[:500]}")
    found: dict[str, Any] = answer.json()
    return found


def post(path: str, body: object) -> tuple[int, dict[str, Any]]:
    """Status and answer of a POST, whatever they are."""
    with client() as asked:
        answer = asked.post(path, json=body)
    return answer.status_code, answer.json()


def has_condition(found: dict[str, Any], name: str) -> bool:
    """Whether a node's, pod's or Deployment's condition holds."""
    conditions = found.get("status", {}).get("conditions", ())
    return any(each["type"] == name and each["status"] == "True" for each in conditions)


def until(what: str, condition: Callable[[], bool], patience: float = 60, every: float = 0.1) -> float:
    """Wait for a condition; the seconds that it took.

    Raises:
        ClusterError: It did not come in `patience` seconds.
    """
    began = monotonic()
    while not condition():
        if monotonic() - began > patience:
            raise ClusterError(f"{what}: not within {patience:.0f} s")
        sleep(every)
    return monotonic() - began
