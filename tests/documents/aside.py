"""Runs a command that serves until it is stopped beside the shell: waits until it is ready, and repeats what it has said.

    python aside.py FOLDER COMMAND ...

Its process id stands in FOLDER; another command of the same kind takes the place of the first.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

_PATIENCE = 60.0  # seconds until the first words
_QUIET = 0.3  # seconds without further words


def main(folder: Path, command: list[str]) -> int:
    """Start the command; its exit code when it ends at once, 0 when it stays."""
    name = "-".join(word for word in command[:3] if not word.startswith("-"))
    stop(folder / f"{name}.pid")
    said = folder / f"{name}.log"
    with said.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    (folder / f"{name}.pid").write_text(str(process.pid), encoding="utf-8")
    _settle(process, said, _port(command))
    sys.stdout.write(said.read_text(encoding="utf-8"))
    return process.poll() or 0


def _port(command: list[str]) -> str:
    """Where it answers HTTP; nothing when it does not."""
    if command[1] in ("worker", "port-forward"):
        return ""
    port = command[command.index("--port") + 1] if "--port" in command else os.environ["HIVE_PORT"]
    return port if port.isdecimal() else ""


def _settle(process: subprocess.Popen[bytes], said: Path, port: str) -> None:
    until = time.monotonic() + _PATIENCE
    while port and process.poll() is None and time.monotonic() < until and not _ready(port):
        time.sleep(0.05)
    size, changed = 0, time.monotonic()
    while process.poll() is None and time.monotonic() < until:
        if said.stat().st_size != size:
            size, changed = said.stat().st_size, time.monotonic()
        if size and time.monotonic() - changed > _QUIET:
            return
        time.sleep(0.02)


def _ready(port: str) -> bool:
    with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def stop(mark: Path) -> None:
    """End what a file with a process id names, and wait until it is gone."""
    if not mark.exists():
        return
    process = int(mark.read_text(encoding="utf-8"))
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGTERM)
    until = time.monotonic() + 20
    while time.monotonic() < until and _alive(process):
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    mark.unlink()


def _alive(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return not _ended(group)
    return False


def _ended(process: int) -> bool:
    """Whether it is only waited for: nobody here is its parent."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    return False


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
