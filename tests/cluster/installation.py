"""The first steps of the proof: a cluster, the image, the stores, the chart, and how the pods are when nothing happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep

from tests.cluster import api, cluster, release, stores
from tests.cluster.node import ClusterError
from tests.cluster.pods import Pod, pods, process, proportional_memory, watched, working_set
from tests.cluster.scene import Scene
from tests.services.folders import locked
from tests.services.image.product import archive
from tests.services.instance import Instance

MOST_MEMORY = 120.0
"""MiB that an idle specialist may have."""
LONGEST_START = 3.0
"""Seconds from a pod's process to Ready."""
_STARTS = 3


def cluster_up(scene: Scene) -> None:
    """A cluster of its own, new."""
    cluster.down()
    stores.down()
    cluster.up(scene.tell)


def image(scene: Scene) -> None:
    """The image that `make image` built, built now if it was not."""
    try:
        path = archive()
    except FileNotFoundError:
        from tests.services.image import making

        making.make(None, spacy=False)
        path = archive()
    began = perf_counter()
    with locked("image"):  # nobody writes it meanwhile
        release.load_image(path, release.version())
    scene.tell(f"{path.name}, {path.stat().st_size / 1e6:.0f} MB, is in containerd ({perf_counter() - began:.1f} s)")


def servers(scene: Scene) -> None:
    """MongoDB's protocol, Neo4j and Redis, and the Secrets that name them."""
    found = {"ledger": stores.mongo(), "graph": stores.graph(), "cache": stores.shared_redis()}
    with ThreadPoolExecutor(len(found)) as pool:
        list(pool.map(Instance.start, found.values()))
    release.prepare({name: instance.url for name, instance in found.items()})
    scene.tell(", ".join(f"{name}: {instance.server.name} at port {instance.ports[0]}" for name, instance in found.items()))


def install(scene: Scene) -> None:
    """The API server accepts each object; then all pods become Ready."""
    scene.tell(f"{release.dry_run()} objects accepted by the API server (server-side dry run)")
    began = perf_counter()
    release.install()
    api.until("the autoscaler has given the gateway two pods", lambda: len(release.endpoints()) == 2, 120)
    number = sum(len(pods(namespace)) for namespace in release.NAMESPACES)
    scene.tell(f"{number} pods are Ready ({perf_counter() - began:.1f} s)")
    for kind in ("horizontalpodautoscalers", "poddisruptionbudgets", "networkpolicies"):
        scene.tell(f"{len(api.kubectl('get', kind, '--all-namespaces', '--output=name').split())} {kind}")


def memory(scene: Scene) -> None:
    """No idle specialist takes more than it may."""
    sleep(3)
    most = 0.0
    for namespace in release.NAMESPACES:
        for pod in pods(namespace):
            own, counted = proportional_memory(pod), working_set(pod)
            scene.tell(f"{pod.name}: {own:.0f} MiB of its own (PSS), {counted:.0f} MiB counted by its cgroup")
            most = max(most, own, counted) if namespace != release.NAMESPACE else most
    if most > MOST_MEMORY:
        raise ClusterError(f"an idle specialist has {most:.0f} MiB; {MOST_MEMORY:.0f} are allowed")


def start(scene: Scene) -> None:
    """A pod's process is Ready, for Kubernetes too, soon after it began."""
    late = []
    for namespace in (release.NAMESPACE, "specialist-technical"):
        seconds = [_replaced(pods(namespace)[0]) for _ in range(_STARTS)]
        scene.tell(f"{namespace}: {', '.join(f'{each:.2f}' for each in seconds)} s from process to Ready")
        if min(seconds) > LONGEST_START:  # the others waited for a processor
            late.append(namespace)
    if late:
        raise ClusterError(f"{', '.join(late)}: more than {LONGEST_START:.0f} s")


def _replaced(pod: Pod) -> float:
    """Delete a pod; seconds that its successor needed from its process to Ready."""
    before = {each.uid for each in pods(pod.namespace)}

    def successor() -> Pod | None:
        return next((each for each in pods(pod.namespace) if each.uid not in before and each.ready), None)

    with watched() as watch:
        sleep(0.5)
        api.kubectl("delete", "pod", pod.name, f"--namespace={pod.namespace}", "--wait=false")
        api.until("a new pod is Ready", lambda: (found := successor()) is not None and found.uid in watch.ready, 90)
        found = successor()
    if found is None:
        raise ClusterError(f"the successor of {pod.name} is gone")
    seconds = watch.ready[found.uid] - process(found).create_time()
    api.until("the old pod is gone", lambda: all(each.name != pod.name for each in pods(pod.namespace)), 90)
    return seconds


def helm_test(scene: Scene) -> None:
    """The chart's own test: an intention from a pod, through everything."""
    told = release.helm("test", release.NAME, "--timeout=2m")
    if "Phase:          Succeeded" not in told:
        raise ClusterError(told[-1000:])
    scene.tell("Succeeded")
