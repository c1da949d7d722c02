"""One running server: its folder, its ports, its processes."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.services import process
from tests.services.obtain import Program
from tests.services.ports import free_ports, is_free

Ports = Sequence[int]


class StartError(RuntimeError):
    """A server does not come up; the text holds the end of its log."""


@dataclass(frozen=True)
class Server:
    """A kind of server: how to have it, to start it and to ask whether it answers."""

    name: str
    ports: int
    obtain: Callable[[], Program]
    lines: Callable[[Program, Path, Ports], list[Program]]
    """One program per process; the path is the instance's folder, `data` below it exists."""
    url: Callable[[Ports], str]
    """As a setting of the hive takes it."""
    answers: Callable[[Ports], bool]
    """Whether it does its work now; never waits for more than some seconds."""
    form: Callable[[Ports], None] = lambda _: None
    """What an empty one needs once, after its processes have been started."""
    patience: float = 60.0
    """Seconds that a start may take."""


class Instance:
    """A server in a folder of its own. Its ports and its data stay the same from start to start."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.home = home
        self._state = home / "state.json"
        known = json.loads(self._state.read_text()) if self._state.exists() else {}
        self.ports: list[int] = known.get("ports", [])
        self.pids: list[int] = known.get("pids", [])

    @property
    def url(self) -> str:
        """Where it is, as a setting of the hive takes it."""
        return self.server.url(self.ports)

    @property
    def alive(self) -> bool:
        """Whether all its processes live."""
        return bool(self.pids) and all(process.alive(pid, self.home) for pid in self.pids)

    @property
    def answers(self) -> bool:
        """Whether it lives and does its work."""
        return self.alive and self.server.answers(self.ports)

    def start(self) -> None:
        """Start it where it was before, unless it answers; a part of it that still lives is ended first.

        Raises:
            StartError: It does not answer in time, or somebody else has its port.
            UnobtainableError: Its program cannot be had.
        """
        program = self.server.obtain()
        if self.answers:
            return
        self.kill()
        self.ports = self.ports or free_ports(self.server.ports)
        taken = [port for port in self.ports if not is_free(port)]
        if taken:
            raise StartError(f"{self.server.name}: another program has port {taken[0]}; stop it, or stop the servers and start them anew")
        self._start(program)

    def _start(self, program: Program) -> None:
        formed = self.home / "formed"
        if not formed.exists():
            shutil.rmtree(self.home / "data", ignore_errors=True)
        (self.home / "data").mkdir(parents=True, exist_ok=True)
        self.pids = [process.spawn(line, self.home) for line in self.server.lines(program, self.home, self.ports)]
        self._write()
        if not formed.exists():
            self.server.form(self.ports)
        process.until(lambda: not self.alive or self.server.answers(self.ports), self.server.patience)
        if not self.answers:
            log = (self.home / "log").read_text(errors="replace")
            self.kill()
            raise StartError(f"{self.server.name} does not answer; the end of its log:\n{log[-2000:]}")
        formed.touch()

    def _write(self) -> None:
        written = self._state.with_suffix(".new")
        written.write_text(json.dumps({"ports": self.ports, "pids": self.pids}))
        written.replace(self._state)

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; after 30 seconds it is killed."""
        self._end(30)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._end(0)

    def _end(self, patience: float) -> None:
        if self.pids:
            process.end(self.pids, self.home, patience=patience)
            # The last of many threads closes the sockets, some time after the process counts as dead.
            process.until(lambda: all(is_free(port) for port in self.ports), 5)

    def pause(self) -> None:
        """Let it hang (SIGSTOP): connections are accepted by the system, nothing answers."""
        process.send(self.pids, signal.SIGSTOP, self.home)

    def resume(self) -> None:
        """Let a paused one go on (SIGCONT)."""
        process.send(self.pids, signal.SIGCONT, self.home)
