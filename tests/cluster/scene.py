"""What the steps of the proof share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.cluster import api, judge, release
from tests.cluster.load import Answer, Load
from tests.cluster.node import ClusterError
from tests.cluster.places import LOGS

SUPPLY = 60_000
"""Requests that are there to be made."""


@dataclass
class Scene:
    """The cluster while it is tried.

    Attributes:
        say: Told what a step sees.
        answers: Every answer of the gateway so far.
        asked: How many intentions of the supply have been used.
    """

    say: Callable[[str], None]
    answers: list[Answer] = field(default_factory=list)
    asked: int = 0
    _supply: list[judge.Body] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """One line on what a step saw."""
        self.say(f"   {text}")

    @contextmanager
    def load(self, rate: float = 50.0) -> Iterator[Load]:
        """Requests at a constant rate while the block runs; afterwards their answers count for the ledger."""
        self._supply = self._supply or judge.traffic(SUPPLY)
        running = Load(release.url(), self._supply[self.asked :], rate)
        with running:
            yield running
        self.asked += len(running.answers)
        self.answers += running.answers
        self.tell(running.told())

    def failures_are_none(self, load: Load) -> None:
        """Every request had its answer.

        Raises:
            ClusterError: Some had none.
        """
        if load.failures:
            raise ClusterError(f"{sum(load.failures.values())} requests failed: {dict(load.failures)}")

    def collect_logs(self) -> None:
        """Keep what pods and objects say beside the logs of the cluster's own processes."""
        LOGS.mkdir(parents=True, exist_ok=True)
        for name, words in {
            "pods": ("get", "pods", "--all-namespaces", "--output=wide"),
            "events": ("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
            "described": ("describe", "pods", "--all-namespaces"),
        }.items():
            with suppress(ClusterError, OSError):
                (LOGS / f"{name}.txt").write_text(api.kubectl(*words, patience=30))
