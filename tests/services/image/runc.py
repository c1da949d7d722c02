"""Containers without an engine: runc, and a description of each container that takes away what a pod's would."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from tests.services import debian
from tests.services.image.archive import Image
from tests.services.image.buildah import STATE
from tests.services.obtain import Program, UnobtainableError, once, run

T = TypeVar("T")

ADVICE = "install the package runc (Debian, Ubuntu, Fedora)"
USER = 1000
NAMESPACES = ("pid", "ipc", "uts", "mount", "cgroup")
_NETWORK = 0x40000000  # CLONE_NEWNET


@cache
def obtain() -> Program:
    """The runc command: the one of the PATH, or Debian's, unpacked beside the system.

    Raises:
        UnobtainableError: It cannot be had, or the user is not root.
    """
    if os.geteuid():
        raise UnobtainableError("the image is unpacked and run by root: `sudo make image-check`")
    found = shutil.which("runc", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if found:
        return Program((found,)).given("--root", STATE / "runc")
    try:
        folder = once("runc", lambda folder: debian.unpack(folder, ("runc",), "usr/sbin/runc"))
    except UnobtainableError as error:
        raise UnobtainableError(f"{error}\n{ADVICE}") from error
    return Program((str(folder / "usr/sbin/runc"),), debian.environment(folder)).given("--root", STATE / "runc")


@dataclass
class Container:
    """A running container of the image: read-only, as UID 1000, without a capability and without new privileges.

    Args:
        image: What the archive says.
        root: The image's files.
        home: Folder for what belongs to this container alone.
        words: The command's arguments; they take the place of the image's.
        settings: Environment beside the image's.
        beside: A container whose network it shares; without one it has a loopback of its own and nothing else.
    """

    image: Image
    root: Path
    home: Path
    words: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    beside: Container | None = None
    name: str = field(default_factory=lambda: f"hive-{uuid4().hex[:12]}")
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; what it prints goes to `log`."""
        data = self.home / "data"
        data.mkdir(parents=True)
        os.chown(data, USER, USER)
        (self.home / "hosts").write_text("127.0.0.1 localhost\n", encoding="utf-8")
        (self.home / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", encoding="utf-8")
        (self.home / "config.json").write_text(json.dumps(self.description()), encoding="utf-8")
        program = obtain().given("run", "--bundle", self.home, "--pid-file", self.home / "pid", self.name)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                program.argv, env={**os.environ, **program.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def description(self) -> dict[str, Any]:
        """The container as runc reads it."""
        config = self.image.config
        words = [*(config.get("Entrypoint") or ()), *(self.words or config.get("Cmd") or ())]
        process = self.program(words, [*config["Env"], *(f"{name}={value}" for name, value in self.settings.items())])
        network = {"type": "network", **({"path": f"/proc/{self.beside.pid}/ns/net"} if self.beside else {})}
        own = {} if self.beside else {"sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"}}
        return {
            "ociVersion": "1.0.2",
            "process": process,
            "root": {"path": str(self.root), "readonly": True},
            "hostname": "hive",
            "mounts": self.mounts(),
            "linux": {
                "namespaces": [network, *({"type": name} for name in NAMESPACES)],
                "maskedPaths": ["/proc/kcore", "/proc/keys"],
                **own,
            },
        }

    def program(self, words: Sequence[str], environment: Sequence[str]) -> dict[str, Any]:
        """A process that may nothing beyond what UID 1000 may."""
        nothing: dict[str, list[str]] = {name: [] for name in ("bounding", "effective", "inheritable", "permitted", "ambient")}
        return {
            "terminal": False,
            "user": {"uid": USER, "gid": USER},
            "args": list(words),
            "env": list(environment),
            "cwd": self.image.config.get("WorkingDir") or "/",
            "capabilities": nothing,
            "noNewPrivileges": True,
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 4096, "soft": 4096}],
        }

    def mounts(self) -> list[dict[str, Any]]:
        """What a pod mounts: the kernel's own file systems, /tmp, /data, and the files that name hosts."""
        own = ["nosuid", "nodev"]
        bound = ("hosts", "/etc/hosts"), ("resolv.conf", "/etc/resolv.conf")
        return [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [*own, "noexec", "mode=1777", "size=65536k"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*own, "noexec", "ro"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": [*own, "mode=1777", "size=65536k"]},
            {"destination": "/data", "type": "bind", "source": str(self.home / "data"), "options": ["bind", "rw", *own]},
            *(
                {"destination": path, "type": "bind", "source": str(self.home / name), "options": ["bind", "ro", *own]}
                for name, path in bound
            ),
        ]

    @property
    def log(self) -> Path:
        """What the container printed."""
        return self.home / "log"

    @property
    def pid(self) -> int:
        """The first process, as this machine counts."""
        return int((self.home / "pid").read_text())

    def status(self, field_name: str) -> str:
        """A field of the first process' /proc status."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{field_name}:"))

    def resident(self) -> float:
        """Megabytes (10^6 bytes) of memory that all its processes hold, shared pages counted in each."""
        program = obtain().given("ps", "--format", "json", self.name)
        pids = json.loads(run(*program.argv, cwd=self.home, env=program.env))
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def run_inside(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a Python script in the container, as it runs its own program."""
        process = self.home / "exec.json"
        process.write_text(json.dumps(self.program(["python", "-c", script, *words], self.image.config["Env"])), encoding="utf-8")
        program = obtain().given("exec", "--process", process, self.name)
        environment = {**os.environ, **program.env}
        return subprocess.run(program.argv, env=environment, capture_output=True, text=True, check=False, timeout=120)

    def ask(self, port: int, path: str, body: Mapping[str, Any] | None = None, patience: float = 10.0) -> tuple[int, bytes]:
        """Status and body of an HTTP answer, asked from inside the container's network; status 0 when there is none."""
        return inside(self.pid, lambda: answer(port, path, body, patience))

    @property
    def running(self) -> bool:
        """Whether its first process has begun and not ended."""
        return self.process is not None and self.process.poll() is None and (self.home / "pid").exists()

    def stop(self) -> int | None:
        """End it as an orchestrator does; its exit code, None when it had to be killed or never began."""
        if self.process is None:
            return None
        if self.running:
            os.kill(self.pid, signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            if self.running:
                os.kill(self.pid, signal.SIGKILL)
            return None


def answer(port: int, path: str, body: Mapping[str, Any] | None, patience: float) -> tuple[int, bytes]:
    """One HTTP request to the loopback."""
    connection = HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        connection.close()


def inside(pid: int, work: Callable[[], T]) -> T:
    """Do something in the network of another process, in a thread of its own."""

    def enter() -> T:
        with Path(f"/proc/{pid}/ns/net").open("rb") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NETWORK):
                raise OSError(ctypes.get_errno(), "setns")
        return work()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(enter).result()
