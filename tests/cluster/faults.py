"""What can go wrong in a cluster, under load: pods die, pods are replaced, a node is drained, the ledger is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic, sleep

import httpx

from neural_hive.types import Verdict
from tests.cluster import api, release, stores
from tests.cluster.caller import Reply
from tests.cluster.judge import cases, healthy
from tests.cluster.load import Load, read
from tests.cluster.node import ClusterError
from tests.cluster.pods import Pod, delete_at_once, kill, pods
from tests.cluster.scene import Scene

_SAMPLE = 30
_EVERY = 4  # of the answers of a whole panel every fourth is compared
_WARM = 40.0  # seconds; a Java server is slow until it has answered some thousands
_CALM = 3.0  # seconds of load before and after what happens
_CHANGE = "--set=settings.log_level=warning"
"""A setting that every process reads, so that its change replaces every pod."""


def equal_verdicts(scene: Scene) -> None:
    """The cluster judges as a single process does, by the node's port as by the Service's address."""
    bodies = cases(_SAMPLE)
    expected = healthy(bodies)
    different = []
    for base in (release.url(), release.inner_url()):
        with httpx.Client(timeout=30) as client:
            told = [client.post(f"{base}/api/v1/intents", json=body) for body in bodies]
        answers = [read(place, monotonic(), Reply(answer.status_code, answer.content)) for place, answer in enumerate(told)]
        scene.answers += answers
        pairs = zip(answers, expected, strict=True)
        different += [
            f"{bodies[found.case]['intent_text'][:60]}: {found.verdict or found.failure}, not {wanted}"
            for found, wanted in pairs
            if found.verdict != wanted
        ]
    scene.tell(f"{_SAMPLE} cases, twice: {dict(Counter(map(str, expected)))}")
    if different:
        raise ClusterError("; ".join(different))


def loses_pods(scene: Scene) -> None:
    """A specialist's pod is removed at once, and one's process is killed: no request fails, no verdict is laxer."""
    with scene.load() as load:
        sleep(_CALM)
        for lose, namespace in ((delete_at_once, "specialist-technical"), (kill, "specialist-behavior")):
            lost = pods(namespace)[0]
            lose(lost)
            scene.tell(f"{lost.name}: {lose.__name__.replace('_', ' ')}")
            _until_whole(namespace)
            sleep(_CALM)
    scene.failures_are_none(load)
    never_laxer(scene, load)


def _until_whole(namespace: str) -> None:
    """Wait until a Deployment has two pods that are Ready, none of them ending."""
    sleep(1)
    api.until(f"two pods in {namespace}", lambda: [each.ready for each in pods(namespace) if not each.ending] == [True, True], 120)


def never_laxer(scene: Scene, load: Load) -> None:
    """Each verdict is at least as cautious as that of a hive that is well; where nobody abstained it is the same."""
    chosen = [answer for place, answer in enumerate(load.answers) if answer.verdict and (answer.abstentions or place % _EVERY == 0)]
    expected = healthy([load.bodies[answer.case] for answer in chosen])
    pairs = [(answer, wanted, Verdict(answer.verdict).severity - wanted.severity) for answer, wanted in zip(chosen, expected, strict=True)]
    laxer = [answer for answer, _, more in pairs if more < 0]
    stricter = [answer for answer, _, more in pairs if more > 0]
    odd = [answer for answer in stricter if not answer.abstentions]
    abstained = sum(bool(answer.abstentions) for answer in load.answers)
    scene.tell(
        f"{abstained} answers without some specialist; of {len(chosen)} compared {len(stricter)} were more cautious, {len(laxer)} laxer"
    )
    if laxer or odd:
        raise ClusterError(f"{len(laxer)} verdicts are laxer, {len(odd)} differ without an abstention")


def steady(scene: Scene) -> None:
    """While nothing happens no request fails either; and what warms up with use has done so before the next steps."""
    with scene.load() as load:
        sleep(_WARM)
    scene.failures_are_none(load)
    never_laxer(scene, load)


def rolls(scene: Scene) -> None:
    """A changed ConfigMap replaces every pod, and a rollback does so again: no request fails."""
    _rolled(scene, "helm upgrade", lambda: release.install(_CHANGE))
    _rolled(scene, "helm rollback", release.rollback)


def _rolled(scene: Scene, what: str, change: Callable[[], None]) -> None:
    before = {pod.uid: pod for pod in _all()}
    began = monotonic()
    with scene.load() as load:
        sleep(_CALM)
        change()
        scene.tell(f"{what}: {monotonic() - began - _CALM:.1f} s until all new pods were Ready")
        api.until("the old pods are gone", lambda: not before.keys() & {pod.uid for pod in _all()}, 120)
        sleep(_CALM)
    after = _all()
    if {pod.settings for pod in after} & {pod.settings for pod in before.values()}:
        raise ClusterError("pods with the old settings are left")
    scene.tell(f"{len(before)} pods replaced by {len(after)}")
    scene.failures_are_none(load)
    never_laxer(scene, load)


def _all() -> list[Pod]:
    return [pod for namespace in release.NAMESPACES for pod in pods(namespace)]


def evicts(scene: Scene) -> None:
    """Kubernetes may take one of two pods away, and not the second before the first is replaced; no request fails."""
    namespace = "specialist-evolution"
    with scene.load() as load:
        sleep(1)
        one, two = pods(namespace)
        codes = [_evict(pod) for pod in (one, two)]
        scene.tell(f"evictions of {one.name} and {two.name}: {codes[0]}, {codes[1]}")
        seconds = api.until("the second may be evicted", lambda: _evict(two) == 201, 120, every=1)
        scene.tell(f"the second one after {seconds:.1f} s")
        _until_whole(namespace)
    if codes != [201, 429]:
        raise ClusterError(f"the budget was not kept: {codes}")
    scene.failures_are_none(load)


def _evict(pod: Pod) -> int:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.name, "namespace": pod.namespace}}
    return api.post(f"{pod.path}/eviction", body)[0]


def ledger_away(scene: Scene) -> None:
    """Without its ledger no gateway is Ready, and none is restarted for that; with it they are again."""
    restarts = {pod.uid: pod.restarts for pod in pods(release.NAMESPACE)}
    database = stores.mongo()
    database.kill()
    try:
        seconds = api.until("the Service has no endpoints", lambda: not release.endpoints(), 60)
        scene.tell(f"no gateway was Ready {seconds:.1f} s after the database died")
    finally:
        database.start()
    seconds = api.until("the Service has its endpoints", lambda: len(release.endpoints()) == len(restarts), 90)
    scene.tell(f"all were Ready {seconds:.1f} s after it was back")
    if {pod.uid: pod.restarts for pod in pods(release.NAMESPACE)} != restarts:
        raise ClusterError("gateways were restarted because their database was away")
