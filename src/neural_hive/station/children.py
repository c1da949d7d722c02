"""The specialists as child processes of a hive: started, watched, and gone when their parent is gone."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.settings import Settings
from neural_hive.station.events import Ended, Event, Listens, Order, read
from neural_hive.telemetry import RESTARTS, frames

_log = logging.getLogger(__name__)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_START = 30.0  # seconds until all have to be ready; that is long, for machines that are busy
_END = 20.0  # seconds to end; longer than a station may take
_AGAIN = 0.5  # seconds before a nest that died is started again


class Children:
    """One process for each specialist, in a nest that is kept alive by a thread.

    Args:
        settings: Of the hive.
        ports: For each specialist its gRPC port, 0 for a free one; once taken, it keeps it.
    """

    def __init__(self, settings: Settings, ports: dict[str, int]) -> None:
        self._settings = settings
        self._ports = {name: (port, 0) for name, port in ports.items()}
        self._news = threading.Condition()
        self._ready: set[str] = set()
        self._trouble: UnavailableError | None = None
        self._ending = threading.Event()
        self._nest: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="keeper of the nest", daemon=True)

    def start(self) -> None:
        """Start them; `urls` waits until they are ready."""
        self._keeper.start()

    def urls(self, deadline: float = _START) -> dict[str, str]:
        """The URL of each, once all are ready.

        Raises:
            UnavailableError: One ended, or was not ready within `deadline` seconds.
        """
        with self._news:
            self._news.wait_for(lambda: self._trouble or len(self._ready) == len(self._ports), deadline)
            late = sorted(set(self._ports) - self._ready)
        if self._trouble:
            raise self._trouble
        if late:
            raise UnavailableError("error.station_late", name=", ".join(late), seconds=f"{deadline:g}")
        return {name: f"grpc://127.0.0.1:{port}" for name, (port, _) in self._ports.items()}

    def end(self) -> None:
        """Let them finish what is under way and wait for that; after 20 seconds they are killed."""
        self._ending.set()
        nest = self._nest
        if nest is not None:
            nest.terminate()
        self._keeper.join(_END)
        if self._nest is not None and self._keeper.is_alive():
            self._nest.kill()

    def _keep(self) -> None:
        while not self._ending.is_set():
            try:
                code = self._live()
            except OSError as error:  # the machine has no process or no memory to give now
                _log.error("the specialists' processes cannot be started: %s", frames(error))
                code = error.errno or 1
            if self._ending.is_set():
                return
            missing = sorted(set(self._ports) - self._ready)
            if missing and code > 0:
                self._fail("error.station_start", name=", ".join(missing), code=code)
            _log.error("the specialists' processes ended and are started again", extra={"fields": {"code": code}})
            self._ending.wait(_AGAIN)

    def _live(self) -> int:
        """One life of the nest, from its start to its exit code."""
        self._nest = subprocess.Popen(
            [sys.executable, "-m", "neural_hive.station"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if not name.startswith("HIVE_")},  # addresses may hold passwords
            start_new_session=True,  # Ctrl-C goes to the parent alone, which first finishes what is under way
        )
        if self._ending.is_set():
            self._nest.terminate()
        with self._nest as nest:
            assert nest.stdin  # noqa: S101 -- both are pipes
            assert nest.stdout  # noqa: S101 -- as above
            with suppress(BrokenPipeError):
                nest.stdin.write(Order(self._settings, self._ports).line())
                nest.stdin.flush()
            for line in nest.stdout:
                self._hear(read(line))
            return nest.wait()

    def _hear(self, event: Event | None) -> None:
        if isinstance(event, Listens):
            fields = {"specialist": event.specialist, "pid": event.pid, "grpc": event.grpc, "http": event.http}
            _log.info("specialist listens", extra={"fields": fields})
            with self._news:
                self._ports[event.specialist] = (event.grpc, event.http)
                self._ready.add(event.specialist)
                self._news.notify_all()
        elif isinstance(event, Ended):
            fields = {"specialist": event.specialist, "code": event.code, "wait_s": event.wait_s}
            _log.warning("specialist ended and is started again", extra={"fields": fields})
            RESTARTS.labels(specialist=event.specialist).inc()
            if event.code > 0 and event.specialist not in self._ready:  # one that was killed is only started again
                self._fail("error.station_start", name=event.specialist, code=event.code)

    def _fail(self, key: str, **params: object) -> None:
        """Matters only to who still waits for the start."""
        with self._news:
            self._trouble = self._trouble or UnavailableError(key, **params)
            self._news.notify_all()


@contextmanager
def open_children(settings: Settings, names: tuple[str, ...]) -> Iterator[Callable[[], dict[str, str]]]:
    """Start a process for each specialist that is not elsewhere; all of them end with the block.

    Args:
        settings: A URL on loopback in `specialists` fixes a port; one elsewhere is left as it is.
        names: Specialists to start.

    Yields:
        What waits until all are ready and says the URL of each by name; raises UnavailableError.

    Raises:
        SettingsError: A URL on loopback has no port that can be used.
    """
    given = settings.specialists
    own = {name: _port(name, given.get(name, "")) for name in names if not is_elsewhere(given.get(name, ""))}
    children = Children(settings, own)
    children.start()
    try:
        yield lambda: given | children.urls()
    finally:
        children.end()


def _port(name: str, url: str) -> int:
    try:
        return urlsplit(url).port or 0
    except ValueError:
        raise SettingsError("error.grpc_url", name=name) from None


def is_elsewhere(url: str) -> bool:
    """Whether a specialist's URL names another machine, or several places."""
    return bool(url) and ("," in url or urlsplit(url).hostname not in _LOOPBACK)
