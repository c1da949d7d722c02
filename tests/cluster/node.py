"""The node's namespaces: made around one process, entered by all others, gone when that one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psutil

from tests.cluster import programs
from tests.cluster.places import ADDRESS, CGROUP, HOME, HOST, INSIDE, LINK, LOGS, PODS, PREFIX, PROGRAMS, SERVICES
from tests.services.obtain import tool

# Files of /proc/sys that a kubelet writes. It gets copies: they are the whole machine's.
_GUARDED = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
_CGROUPS = Path("/sys/fs/cgroup")
# All pods together count as one process beside those of others on a busy machine, unless they are given more: one has 1024.
_SHARES = 32_768
_FAVOURED = _CGROUPS / "cpu" / f"{CGROUP}-proof"
_RECORD = HOME / "first-process"


class ClusterError(RuntimeError):
    """The cluster cannot be had, or is not as it should be; the text says what was seen."""


def first() -> int | None:
    """Number of the node's first process, or nothing when there is no node."""
    try:
        number, started = _RECORD.read_text().split()
        return int(number) if psutil.Process(int(number)).create_time() == float(started) else None
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None


def make() -> None:
    """Make the namespaces and what a node needs inside: mounts, cable, cgroups.

    Raises:
        ClusterError: A step failed.
    """
    pause, system = programs.pause(), programs.system()
    line = [tool("unshare", "it belongs to util-linux"), "--mount", "--net", "--pid", "--fork", "--kill-child", str(pause)]
    outer = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    inner = _child(outer.pid)
    _RECORD.write_text(f"{inner} {psutil.Process(inner).create_time()!r}")
    _mount(system)
    _wire(inner, system)
    for controller in _controllers():
        (controller / CGROUP).mkdir(exist_ok=True)
    (_CGROUPS / "cpu" / CGROUP / "cpu.shares").write_text(str(_SHARES))


def _child(outer: int) -> int:
    deadline = monotonic() + 10
    while monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(outer).children():
                if child.name() == "pause":
                    return child.pid
        sleep(0.01)
    raise ClusterError("no process in new namespaces could be started; root is needed")


def _mount(system: Path) -> None:
    """Fresh /proc, /run and /var; the programs and the cluster's folder under names of their own."""
    folders = {"kubernetes": programs.kubernetes(), "system": system}
    binds = [(HOME, INSIDE), *((folder, PROGRAMS / name) for name, folder in folders.items())]
    guards = [f"cat /proc/sys/{name} > /run/guard/{name.replace('/', '.')}" for name in _GUARDED]
    script = [
        "set -e",
        "mount --make-rprivate /",
        "mount -t proc proc /proc",
        "mount -t tmpfs -o mode=755 tmpfs /run",
        "mkdir -p /run/guard /run/addresses",
        *(f"mkdir -p '{inside}' && mount --rbind '{outside}' '{inside}'" for outside, inside in binds),
        "mount -t tmpfs -o mode=755 tmpfs /var",
        "ln -s /run /var/run",
        "mkdir -p /var/lib /var/log /var/tmp",
        *guards,
        *(f"mount --bind /run/guard/{name.replace('/', '.')} /proc/sys/{name}" for name in _GUARDED),
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
    ]
    do("sh", "-c", "\n".join(script))


def _wire(inner: int, system: Path) -> None:
    """Lay the cable between machine and node, and say at each end what is at the other."""
    ip = str(system / "links" / "ip")
    environment = {**os.environ, **programs.environment(system, system)}

    def outside(*words: str) -> None:
        done = subprocess.run([ip, *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"ip {' '.join(words)}: {done.stderr.strip()}")

    outside("link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", str(inner))
    outside("address", "add", f"{HOST}/{PREFIX}", "dev", LINK)
    outside("link", "set", LINK, "up")
    do("ip", "link", "set", "lo", "up")
    do("ip", "address", "add", f"{ADDRESS}/{PREFIX}", "dev", "eth0")
    do("ip", "link", "set", "eth0", "up")
    do("ip", "route", "add", "default", "via", HOST)
    for network in (PODS, SERVICES):
        outside("route", "add", network, "via", ADDRESS)


def line(*words: str) -> list[str]:
    """A command line that runs inside the node.

    Raises:
        ClusterError: There is no node.
    """
    inner = first()
    if inner is None:
        raise ClusterError("the cluster is down; start it with: python -m tests.cluster up")
    return [tool("nsenter", "it belongs to util-linux"), f"--target={inner}", "--mount", "--net", "--pid", "--", *words]


def environment() -> dict[str, str]:
    """The environment of processes inside the node."""
    system = programs.system()
    path = f"{PROGRAMS}/system/links:{PROGRAMS}/kubernetes:/usr/sbin:/usr/bin:/sbin:/bin"
    return {**programs.environment(system, PROGRAMS / "system"), "PATH": path, "HOME": "/root", "LANG": "C.UTF-8"}


def do(*words: str, patience: float = 120) -> str:
    """What a command inside the node printed.

    Raises:
        ClusterError: It failed.
    """
    first_words = " ".join(words)[:80]
    done = subprocess.run(line(*words), env=environment(), capture_output=True, text=True, check=False, timeout=patience)
    if done.returncode:
        raise ClusterError(f"`{first_words}` failed in the node: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def spawn(name: str, words: Sequence[str], more: Mapping[str, str] | None = None) -> None:
    """Start a process inside the node; what it prints goes to a log of its name."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        subprocess.Popen(
            line(*words),
            env={**environment(), **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def processes() -> dict[str, int]:
    """The node's processes outside pods, by name."""
    inner = first()
    if inner is None:
        return {}
    outer = Path(f"/proc/{inner}/ns/net").readlink()
    found = {}
    for process in psutil.process_iter(["name"]):
        with suppress(OSError, psutil.Error):
            if Path(f"/proc/{process.pid}/ns/net").readlink() == outer and process.pid != inner:
                found[str(process.cmdline()[0]).rpartition("/")[2]] = process.pid
    return found


@contextmanager
def favoured() -> Iterator[None]:
    """Give this process and what it starts as much of a busy machine's processors as pods have, while the block runs."""
    _FAVOURED.mkdir(exist_ok=True)
    (_FAVOURED / "cpu.shares").write_text(str(_SHARES))
    (_FAVOURED / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        favour_nobody()


def favour_nobody() -> None:
    """End what `favoured` began, also that of a process that was killed."""
    if not _FAVOURED.exists():
        return
    for process in (_FAVOURED / "cgroup.procs").read_text().split():
        with suppress(OSError):
            (_FAVOURED.parent / "cgroup.procs").write_text(process)
    _remove(_FAVOURED)


def end() -> None:
    """Kill the first process, and with it everything inside; then remove the cgroups, which outlive their processes."""
    inner = first()
    if inner is not None:
        os.kill(inner, signal.SIGKILL)
        deadline = monotonic() + 30
        while psutil.pid_exists(inner) and psutil.Process(inner).status() != psutil.STATUS_ZOMBIE and monotonic() < deadline:
            sleep(0.05)
    _RECORD.unlink(missing_ok=True)
    for controller in _controllers():
        _remove(controller / CGROUP)


def unmount(folder: Path) -> None:
    """Let go of what is mounted below a folder; a build of the image that was killed leaves its mounts."""
    places = [part.mountpoint for part in psutil.disk_partitions(all=True)]
    for place in sorted((place for place in places if Path(place).is_relative_to(folder)), reverse=True):
        subprocess.run([tool("umount", "it belongs to util-linux"), "--lazy", place], check=True)


def _controllers() -> list[Path]:
    return sorted(path for path in _CGROUPS.iterdir() if path.is_dir() and not path.is_symlink())


def _remove(group: Path) -> None:
    """Remove a cgroup and those below it; the kernel empties one some time after its last process has died."""
    if not group.is_dir():
        return None
    for below in [path for path in group.iterdir() if path.is_dir()]:
        _remove(below)
    deadline = monotonic() + 20
    while True:
        try:
            return group.rmdir()
        except OSError as error:
            if monotonic() > deadline:
                raise ClusterError(f"{group} is still in use") from error
            sleep(0.05)
