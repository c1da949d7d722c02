"""Processes that outlive the command that started them, and the signals they get.

A process is ours when it works in its instance's folder: a recorded number alone could by now be somebody else's.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil

from tests.services.obtain import Program

# Children of this process: a dead one stays a zombie until it is asked for its end.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


def spawn(program: Program, home: Path) -> int:
    """Start a program in its own session, working in `home`, and return its number; what it prints goes to `home/log`."""
    with (home / "log").open("ab") as log:
        child = subprocess.Popen(
            program.argv,
            cwd=home,
            env={**os.environ, **program.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _CHILDREN[child.pid] = child
    return child.pid


def alive(pid: int, home: Path) -> bool:
    """Whether the process lives and is the one that was started in `home`."""
    if pid in _CHILDREN and _CHILDREN[pid].poll() is not None:
        return False
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(home)
    except psutil.Error:
        return False


def session(pid: int, home: Path) -> list[int]:
    """The process and what it started, also after its own death."""
    return [other for other in psutil.pids() if _session_of(other) == pid and alive(other, home)]


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def send(pids: list[int], number: signal.Signals, home: Path) -> list[int]:
    """Send a signal to the processes' sessions and return who got it."""
    members = [member for pid in pids for member in session(pid, home)]
    for member in members:
        try:
            os.kill(member, number)
        except ProcessLookupError:
            continue
    return members


def end(pids: list[int], home: Path, *, patience: float) -> None:
    """End processes: politely, and after `patience` seconds (0 for at once) with SIGKILL."""
    if patience:
        members = send(pids, signal.SIGTERM, home)
        send(pids, signal.SIGCONT, home)
        until(lambda: all(gone(member) for member in members), patience)
    members = send(pids, signal.SIGKILL, home)
    until(lambda: all(gone(member) for member in members), 10)


def gone(pid: int) -> bool:
    """Whether a process has ended; a dying one has no folder any more, but still holds its ports."""
    if pid in _CHILDREN and _CHILDREN[pid].poll() is not None:
        return True
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait up to `patience` seconds for a condition; say whether it came."""
    deadline = monotonic() + patience
    while not condition():
        if monotonic() > deadline:
            return False
        sleep(0.05)
    return True
