"""The programs of a node, each had once: Kubernetes, CoreDNS and the pause program are built, the rest are Debian packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from tests.cluster.places import SOURCES
from tests.services import debian
from tests.services.obtain import UnobtainableError, once, tool

VERSION = "v1.34.4"
PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
PACKAGES = {
    "containerd": "usr/bin/containerd",
    "runc": "usr/sbin/runc",
    "containernetworking-plugins": "usr/lib/cni/ptp",
    "iptables": "usr/sbin/xtables-nft-multi",
    "iproute2": "bin/ip",
}
LINKS = {
    "containerd": "usr/bin/containerd",
    "containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
    "ctr": "usr/bin/ctr",
    "runc": "usr/sbin/runc",
    "ip": "bin/ip",
    **{f"iptables{end}": "usr/sbin/xtables-nft-multi" for end in ("", "-save", "-restore")},
    **{f"ip6tables{end}": "usr/sbin/xtables-nft-multi" for end in ("", "-save", "-restore")},
}
_BUILD = ("build", "-p", "2", "-trimpath", "-buildvcs=false")
_PATIENCE = 3600.0  # seconds; on two cores Kubernetes takes about a quarter of an hour


def kubernetes() -> Path:
    """Folder with Kubernetes under the names of its parts."""
    return once(f"kubernetes-{VERSION}-{_digest('kubernetes')}", _build_kubernetes)


def dns() -> Path:
    """CoreDNS."""
    return once(f"dns-{_digest('dns')}", lambda folder: _build("dns", folder)) / "dns"


def pause() -> Path:
    """The pause program, which is linked with nothing."""
    return once(f"pause-{_digest('pause')}", lambda folder: _build("pause", folder)) / "pause"


def system() -> Path:
    """Folder below which containerd, runc, the network plugins, iptables and iproute2 are, and their links in `bin`."""
    return once("node-debian", _unpack)


def environment(folder: Path, seen: Path) -> dict[str, str]:
    """What the programs of `system()` need, when their folder is seen elsewhere."""
    found = {name: value.replace(str(folder), str(seen)) for name, value in debian.environment(folder).items()}
    tables = next(iter(folder.glob("usr/lib/*/xtables")))
    return {**found, "XTABLES_LIBDIR": str(seen / tables.relative_to(folder))}


def _build_kubernetes(folder: Path) -> None:
    major, minor, _ = VERSION.removeprefix("v").split(".")
    told = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    _build("kubernetes", folder, *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in told.items()))
    for part in PARTS:
        (folder / part).symlink_to("kubernetes")


def _build(name: str, folder: Path, *flags: str) -> None:
    linked = f"-ldflags={' '.join(('-s -w', *flags))}"
    line = [tool("go", "install Go 1.24 or newer"), *_BUILD, linked, "-o", str(folder / name), "."]
    # Others work on this machine too.
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    environment = {**os.environ, "CGO_ENABLED": "0"}
    done = subprocess.run(
        [*nice, *line], cwd=SOURCES / name, env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE
    )
    if done.returncode:
        raise UnobtainableError(f"{name} cannot be built:\n{(done.stdout + done.stderr)[-2000:]}")


def _unpack(folder: Path) -> None:
    for package, binary in PACKAGES.items():
        debian.unpack(folder, (package,), binary)
    (folder / "links").mkdir()
    for name, target in LINKS.items():
        (folder / "links" / name).symlink_to(Path("..") / target)


def _digest(name: str) -> str:
    """What a program is built from, in eight digits: another source is another program."""
    files = sorted((SOURCES / name).iterdir())
    return sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:8]


def kubectl() -> str:
    """The kubectl of this Kubernetes, or the one of the PATH while there is none."""
    return shutil.which("kubectl") or str(kubernetes() / "kubectl")
