"""`make e2e-k8s`: the chart on a real Kubernetes, what can go wrong there, and how many requests failed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from tests.cluster import cluster, faults, installation, node, pages, records, renewal, stores
from tests.cluster.node import ClusterError
from tests.cluster.places import LOGS
from tests.cluster.scene import Scene
from tests.services.folders import locked
from tests.services.instance import StartError
from tests.services.obtain import UnobtainableError

Step = Callable[[Scene], None]
FOUNDATION: dict[str, Step] = {
    "cluster": installation.cluster_up,
    "image": installation.image,
    "stores": installation.servers,
    "install": installation.install,
}
"""Without one of these there is nothing to prove."""
PROOFS: dict[str, Step] = {
    "memory": installation.memory,
    "start to Ready": installation.start,
    "helm test": installation.helm_test,
    "equal verdicts": faults.equal_verdicts,
    "steady load": faults.steady,
    "rolling upgrade": faults.rolls,
    "loss of a pod": faults.loses_pods,
    "eviction": faults.evicts,
    "ledger away": faults.ledger_away,
    "certificates": renewal.renews,
    "ledger": records.complete,
    "documents": pages.run,
}


def prove(say: Callable[[str], None], *, only: tuple[str, ...] = (), keep: bool = False) -> int:
    """Run every step and say what came of each; the cluster and the stores are gone afterwards.

    Args:
        say: Told each line.
        only: Names of the proofs that are wanted; all when empty.
        keep: Leave the cluster up, to look at it; one that was left up before is tried again as it is.

    Returns:
        0 when everything held, 1 otherwise.
    """
    scene, began = Scene(say), perf_counter()
    with locked("cluster-proof"), node.favoured():
        try:
            wrong = _tried(scene, only, found=keep and cluster.is_up())
        finally:
            scene.collect_logs()
            if not keep:
                stores.down()
                cluster.down()
    result = f"FAILED: {', '.join(wrong)}" if wrong else "all held"
    say(f"{result} ({perf_counter() - began:.0f} s); logs: {LOGS.parent}-logs")
    return 1 if wrong else 0


def _tried(scene: Scene, only: tuple[str, ...], *, found: bool) -> list[str]:
    """Names of the steps that failed; without a foundation the rest is not tried."""
    for name, step in FOUNDATION.items():
        if not found and not _held(name, step, scene):
            return [name]
    return [name for name, step in PROOFS.items() if (not only or name in only) and not _held(name, step, scene)]


def _held(name: str, step: Step, scene: Scene) -> bool:
    began = perf_counter()
    scene.say(f"== {name}")
    try:
        step(scene)
    except (AssertionError, ClusterError, StartError, UnobtainableError, OSError) as error:
        scene.say(f"   FAILED after {perf_counter() - began:.1f} s: {error}")
        return False
    scene.say(f"   held ({perf_counter() - began:.1f} s)")
    return True
