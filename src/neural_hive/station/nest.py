"""A process that loads everything once and forks a station for each specialist: a fifth of the work, a quarter of the memory.

It forks before gRPC has started anything, starts the dead again, and ends with the one that started it:
standard input brings the order and then nothing, until its end. Its stations end when it does, however it died.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from neural_hive.errors import HiveError, UnavailableError
from neural_hive.settings import Settings
from neural_hive.specialists import registry
from neural_hive.station.events import Ended, Event, Listens, Order, read, written
from neural_hive.station.process import PLAN, Ports, drivers, run
from neural_hive.telemetry import LineFormatter, configure_logging, frames

_GRACE = 15.0  # seconds to finish what is under way
_STEADY = 30.0  # seconds after which a station counts as healthy again
_WAITS = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before each further start
_FOREVER = 3600.0
_OURS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Seat:
    """A specialist's place: its process when it has one, else when the next is due (monotonic seconds)."""

    name: str
    settings: Settings
    pid: int = 0
    born: float = 0.0
    due: float = 0.0
    fails: int = 0


class Nest:
    """Keeps a process for each specialist.

    Args:
        order: Which, and how they are configured.
        tell: Takes what happens.
    """

    def __init__(self, order: Order, tell: Callable[[Event], None]) -> None:
        self._seats = [Seat(name, order.settings_of(name)) for name in order.ports]
        self._tell = tell
        self._killing = 0.0  # when patience ends; 0 while nothing is to end
        self._life = os.pipe()  # its end tells the stations that the nest is gone
        self._woken = os.pipe()
        for end in self._woken:
            os.set_blocking(end, False)
        self._news = os.pipe()  # what stations tell
        self._heard = b""

    def keep(self) -> None:
        """Start the stations and keep them alive until SIGTERM, or until standard input ends."""
        signal.set_wakeup_fd(self._woken[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started it all
        while not self._killing or any(seat.pid for seat in self._seats):
            for seat in self._seats:
                if not seat.pid and not self._killing and seat.due <= time.monotonic():
                    self._start(seat)
            self._wait()
            self._reap()

    def _wait(self) -> None:
        """Until a signal, the end of standard input, or the next moment at which something is due."""
        moments = [self._killing] if self._killing else [seat.due for seat in self._seats if not seat.pid]
        patience = max(0.0, min(moments, default=time.monotonic() + _FOREVER) - time.monotonic())
        ready, _, _ = select.select([self._woken[0], self._news[0], *([] if self._killing else [0])], [], [], patience)
        if self._woken[0] in ready:
            os.read(self._woken[0], 4096)
        if self._news[0] in ready:
            self._hear(os.read(self._news[0], 4096))
        if 0 in ready and not os.read(0, 4096):
            self._end()
        if self._killing and time.monotonic() >= self._killing:
            self._send(signal.SIGKILL)

    def _hear(self, news: bytes) -> None:
        """Pass on what stations tell, and remember their ports: they get the same ones ever after."""
        *lines, self._heard = (self._heard + news).split(b"\n")
        for event in map(read, lines):
            for seat in self._seats:
                if isinstance(event, Listens) and event.specialist == seat.name:
                    seat.settings = seat.settings.model_copy(update={"grpc_port": event.grpc, "port": event.http})
                    self._tell(event)

    def _end(self) -> None:
        if not self._killing:
            self._killing = time.monotonic() + _GRACE
            self._send(signal.SIGTERM)

    def _send(self, what: signal.Signals) -> None:
        for seat in self._seats:
            if seat.pid:
                with suppress(ProcessLookupError):
                    os.kill(seat.pid, what)

    def _reap(self) -> None:
        for seat in [seat for seat in self._seats if seat.pid]:
            pid, status = os.waitpid(seat.pid, os.WNOHANG)
            if pid:
                self._ended(seat, os.waitstatus_to_exitcode(status))

    def _ended(self, seat: Seat, code: int) -> None:
        now = time.monotonic()
        seat.fails = 0 if now - seat.born > _STEADY else seat.fails + 1
        wait = _WAITS[min(seat.fails, len(_WAITS)) - 1] if seat.fails else 0.0
        seat.pid, seat.due = 0, now + wait
        if not self._killing:
            self._tell(Ended(specialist=seat.name, code=code, wait_s=wait))

    def _start(self, seat: Seat) -> None:
        seat.born = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)  # until both sides know who they are
        seat.pid = os.fork()
        if not seat.pid:
            self._become(seat)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)

    def _become(self, seat: Seat) -> NoReturn:
        """What the forked process does; it never returns to the nest's own work."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _OURS:
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
            os.close(self._life[1])
            os.dup2(2, 1)  # standard output is the nest's, and ends with it
            threading.Thread(target=_end_with, args=(self._life[0],), daemon=True).start()
            code = _station(seat, lambda event: written(event, self._news[1]))
        finally:
            os._exit(code)


def main() -> None:
    """Read the order from standard input and keep its stations; events go to standard output, a line each."""
    order = Order.read(sys.stdin.buffer.readline())
    configure_logging(order.settings.log_level, order.settings.log_format)
    _load(tuple(order.ports))
    Nest(order, _told).keep()


def _told(event: Event) -> None:
    with suppress(BrokenPipeError):  # nobody is there any more to be told, and the end of standard input will say so
        written(event, sys.stdout.fileno())


def _load(names: tuple[str, ...]) -> None:
    """Everything that a station needs for its first answer, so that the forks share it."""
    with suppress(HiveError):  # each station says for itself what it lacks
        drivers()
    for name in names:
        try:
            asyncio.run(registry.open_local(name).evaluate(PLAN))
        except Exception as error:  # noqa: BLE001 -- as above: one that cannot judge must not keep the others from it
            logging.getLogger(__name__).warning("specialist %s cannot be loaded: %s", name, frames(error))
    gc.collect()
    gc.freeze()  # a collection would touch, and so copy, what the forks share


def _station(seat: Seat, tell: Callable[[Event], None]) -> int:
    with suppress(OSError):  # so that `ps` and `top` tell them apart, where the system lets them
        Path("/proc/self/comm").write_text(seat.name, encoding="utf-8")
    settings = seat.settings
    configure_logging(settings.log_level, settings.log_format)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Named(seat.name, as_json=settings.log_format == "json"))

    def told(ports: Ports) -> None:
        tell(Listens(specialist=seat.name, pid=os.getpid(), grpc=ports.grpc, http=ports.http))

    try:
        run(seat.name, settings, told)
    except HiveError as error:
        logging.getLogger(__name__).error(error.render(settings.language or "en"))  # noqa: TRY400 -- its places tell nobody anything
        return 1 if isinstance(error, UnavailableError) else 64
    except Exception as error:  # noqa: BLE001 -- the last words of a process: what it does not say here nobody will know
        logging.getLogger(__name__).error("it cannot go on: %s", frames(error))  # noqa: TRY400 -- as above
        return 1
    return 0


class _Named(LineFormatter):
    """Lines that say which specialist they are from."""

    def __init__(self, name: str, *, as_json: bool) -> None:
        super().__init__(as_json=as_json)
        self._name, self._named = name, as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line with the name in front, or among its fields."""
        if self._named:
            record.fields = {"specialist": self._name} | getattr(record, "fields", {})
            return super().format(record)
        return f"{self._name:<12} | {super().format(record)}"


def _end_with(life: int) -> None:
    os.read(life, 1)  # nothing is ever written: it returns when the nest is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


def _nothing(*_: object) -> None:
    """A handler, so that the signal wakes the nest."""
