"""A distributed hive as its users run it, whose processes are killed and started again.

Two gateways share a ledger, its key, a cache, a queue and a graph. One keeps its specialists itself (`hive serve
--distributed`), the other one and the worker ask four processes of `hive specialist`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil

from neural_hive.specialists.registry import OWN
from tests.real.world import emptied
from tests.services import Instance, private, url_of
from tests.services.ports import free_ports

HIVE = str(Path(sys.executable).with_name("hive"))
OFTEN = {"gateway": 3, "worker": 2, "specialist": 2, "station": 2, "nest": 1, "redis": 1, "mongodb": 1}
"""How often a kind of process is killed, in proportion."""
AGAIN = 0.1  # seconds between two looks at what has to be started again
DOWN = 0.5  # seconds that a store is away at most
END = 30.0  # seconds to end when asked to


@dataclass
class Part:
    """A process that its keeper starts again whenever it has ended.

    Attributes:
        fell: Times that it ended by itself.
    """

    kind: str
    command: list[str]
    variables: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    fell: int = 0

    @property
    def pid(self) -> int:
        """Its number; 0 while there is no process."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def keep(self) -> None:
        """Start it, unless it runs."""
        if self.pid:
            return
        self.fell += self.process is not None and self.process.returncode != -signal.SIGKILL
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, env=self.variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def end(self) -> int:
        """Ask it to end, and wait for that; gives its exit code."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(END)
        finally:
            self.process.kill()


@dataclass
class Crowd:
    """Everything that may be killed.

    Attributes:
        parts: What the test keeps alive; the first one keeps others alive itself.
        ports: Of the two gateways.
        stores: Servers that may be killed; they keep what they have confirmed.
        variables: The environment of a gateway, for commands that look at the same hive.
        kills: How many of each kind.
    """

    parts: list[Part]
    ports: tuple[int, int]
    stores: dict[str, Instance]
    variables: dict[str, str]
    kills: Counter[str] = field(default_factory=Counter)
    _ending: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        """Start what has ended, until the end."""
        while not self._ending.wait(AGAIN):
            for part in self.parts:
                part.keep()

    def leave(self) -> None:
        """From now on what ends stays so."""
        self._ending.set()
        self._keeper.join()

    def kill(self, dice: random.Random) -> None:
        """Kill one process without warning; one that has ended meanwhile does not count."""
        victims = {kind: pids for kind, pids in self._victims().items() if pids}
        kind = dice.choices([*victims], [OFTEN[kind] for kind in victims])[0]
        if kind in self.stores:
            self.stores[kind].kill()
            time.sleep(dice.uniform(0.0, DOWN))
            self.stores[kind].start()
        else:
            try:
                os.kill(dice.choice(victims[kind]), signal.SIGKILL)
            except ProcessLookupError:
                return
        self.kills[kind] += 1

    def _victims(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {kind: [] for kind in OFTEN}
        for part in self.parts:
            found[part.kind] += [part.pid] if part.pid else []
        found["nest"] = children(self.parts[0].pid)
        found["station"] = [station for nest in found["nest"] for station in children(nest)]
        return found | {name: store.pids for name, store in self.stores.items()}

    def end(self) -> None:
        """End everything, politely; all of it ends well."""
        self.leave()
        codes = {f"{part.kind} {part.log.stem}": part.end() for part in self.parts}
        assert set(codes.values()) == {0}, codes


def children(pid: int) -> list[int]:
    """The processes that a process has started, in the order of their numbers."""
    try:
        return sorted(child.pid for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE) if pid else []
    except psutil.NoSuchProcess:
        return []


@contextmanager
def open_crowd(folder: Path) -> Iterator[Crowd]:
    """A hive of nine processes and four stations, with stores of its own; it may still be starting."""
    folder.mkdir()
    with ExitStack() as stack:
        stores = {name: stack.enter_context(private(name)) for name in ("redis", "mongodb")}
        one, two, *apart = free_ports(2 + len(OWN))
        variables = shared_by_all(folder, stores)
        stack.callback(lambda: asyncio.run(emptied(variables["HIVE_GRAPH"])))
        specialists = {"HIVE_SPECIALISTS": json.dumps({name: f"grpc://127.0.0.1:{port}" for name, port in zip(OWN, apart, strict=True)})}
        parts = [part("gateway", "one", folder, variables, "serve", "--distributed", "--port", str(one))]
        parts += [part("gateway", "two", folder, variables | specialists, "serve", "--port", str(two))]
        parts += [part("worker", "worker", folder, variables | specialists, "worker", "--concurrency", "4")]
        for name, port in zip(OWN, apart, strict=True):
            parts.append(part("specialist", name, folder, variables, "specialist", name, "--port", "0", "--grpc-port", str(port)))
        crowd = Crowd(parts, (one, two), stores, parts[0].variables)
        try:
            yield crowd
        finally:
            crowd.leave()
            for each in parts:
                if each.pid:
                    os.kill(each.pid, signal.SIGKILL)


def shared_by_all(folder: Path, stores: dict[str, Instance]) -> dict[str, str]:
    """What every process of the hive is told; deadlines are for machines with more to do than they can."""
    name = f"chaos{uuid4().hex[:12]}"
    redis = stores["redis"].url
    return os.environ | {
        "HIVE_LEDGER": f"{stores['mongodb'].url}/{name}",
        "HIVE_LEDGER_KEY": str(folder / "shared.key"),
        "HIVE_GRAPH": f"{url_of('neo4j')}?hive={name}",
        "HIVE_CACHE": f"{redis}?prefix={name}",
        "HIVE_QUEUE": f"{redis}?prefix={name}&idle=2",
        "HIVE_CACHE_TTL": "0.5",
        "HIVE_LEDGER_DEADLINE": "10",
        "HIVE_LOG_FORMAT": "json",
    }


def part(kind: str, name: str, folder: Path, variables: dict[str, str], *words: str) -> Part:
    """A process with a data directory and a log of its own."""
    return Part(kind, [HIVE, *words], variables | {"HIVE_DATA_DIR": str(folder / name)}, folder / f"{name}.log")
