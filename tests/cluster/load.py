"""Requests at a constant rate, whatever becomes of them, and what became of them.

The rate does not wait for answers (an open model): a service that stalls meets the requests all the same. What failed is not
tried again.
Half of the callers keep their connections, as services do; each request of the other half makes a new one, as scripts do.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

import uvloop

from tests.cluster.caller import Caller, Reply

KEEPERS = 8
"""Callers that keep their connections."""
DEADLINE = 30.0
"""Seconds that an answer may take."""


@dataclass(frozen=True)
class Answer:
    """What became of one request; `verdict` is empty when it failed, and `failure` says how."""

    case: int
    sent: float
    seconds: float
    verdict: str = ""
    decision_id: str = ""
    leaf_index: int = -1
    abstentions: int = 0
    failure: str = ""


@dataclass
class Load:
    """Callers of one URL, in a thread of their own while the block runs.

    Args:
        url: Where the gateway is, as its callers see it.
        bodies: What is asked, one after the other.
        rate: Requests per second.
    """

    url: str
    bodies: Sequence[dict[str, Any]]
    rate: float = 50.0
    answers: list[Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()), name="load")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End, when the last request has its answer."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    @property
    def failures(self) -> Counter[str]:
        """How often what went wrong."""
        return Counter(answer.failure for answer in self.answers if answer.failure)

    def told(self) -> str:
        """One line on all of it."""
        times = sorted(answer.seconds for answer in self.answers if not answer.failure)
        if not times:
            return f"{len(self.answers)} requests, all failed: {dict(self.failures)}"
        half, most = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
        span = max(answer.sent for answer in self.answers) - min(answer.sent for answer in self.answers)
        rate = (len(self.answers) - 1) / span if span else 0.0
        failed = sum(self.failures.values())
        kinds = f" ({self._failed()})" if failed else ""
        return f"{len(self.answers)} requests at {rate:.1f}/s, {failed} failed{kinds}, p50 {half:.0f} ms, p99 {most:.0f} ms"

    def _failed(self) -> str:
        """Each kind of failure: how often, and when the requests were sent, in seconds after the first of all."""
        began, words = min(answer.sent for answer in self.answers), []
        for name, number in self.failures.items():
            sent = [answer.sent - began for answer in self.answers if answer.failure == name]
            took = max(answer.seconds for answer in self.answers if answer.failure == name)
            words.append(f"{name}: {number}, sent at {min(sent):.1f} to {max(sent):.1f} s, after {took:.1f} s at most")
        return "; ".join(words)

    async def _run(self) -> None:
        keepers = [Caller(self.url, keeps=True) for _ in range(KEEPERS)]
        fresh = Caller(self.url, keeps=False)
        under_way: set[asyncio.Task[None]] = set()
        began = time.monotonic()
        for number in count():
            await asyncio.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            if self._stop.is_set():
                break
            caller = keepers[number // 2 % KEEPERS] if number % 2 else fresh
            task = asyncio.create_task(self._ask(number % len(self.bodies), caller))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        for caller in (*keepers, fresh):
            caller.close()

    async def _ask(self, case: int, caller: Caller) -> None:
        sent = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                reply = await caller.post("/api/v1/intents", self.bodies[case])
        except (OSError, TimeoutError, EOFError) as error:
            way = "kept" if caller.keeps else "new"
            self.answers.append(Answer(case, sent, time.monotonic() - sent, failure=f"{type(error).__name__} on a {way} connection"))
            return
        self.answers.append(read(case, sent, reply))


def read(case: int, sent: float, reply: Reply) -> Answer:
    """What an HTTP answer says; every status but 200 is a failure."""
    seconds, found = time.monotonic() - sent, reply.json()
    if reply.status != 200:
        return Answer(case, sent, seconds, failure=f"status {reply.status} {found.get('code', '')}")
    return Answer(
        case,
        sent,
        seconds,
        verdict=found["verdict"],
        decision_id=found["decision_id"],
        leaf_index=found["receipt"]["leaf_index"],
        abstentions=len(found.get("abstentions", ())),
    )
