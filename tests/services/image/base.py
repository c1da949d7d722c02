"""A base image for machines that reach no registry: Debian's Python, from the mirror that this machine's apt uses."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from tests.services import debian
from tests.services.obtain import Program, UnobtainableError, once, run, tool

ADVICE = "it belongs to Debian and Ubuntu; elsewhere give a base image: make image BASE_IMAGE=NAME"
PACKAGES = ("binutils", "ca-certificates", "python3", "python3-venv")
OLDEST = (3, 11)
SCRIPT = """
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get --quiet --quiet update
apt-get --quiet --quiet --yes upgrade
apt-get clean
rm -rf /var/lib/apt/lists/* /etc/apt/apt.conf.d/90builder /var/cache/apt/*.bin
"""


def obtain() -> tuple[str, Path]:
    """Name of the base image and the archive of its files; made once, and again when its recipe changes.

    Raises:
        UnobtainableError: This is no Debian-like machine, the user is not root, or the mirror does not answer.
    """
    if os.geteuid():
        raise UnobtainableError("a base image is made by root: `sudo make image`, or make image BASE_IMAGE=NAME")
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    recipe = sha256(f"{release} {PACKAGES} {SCRIPT}".encode()).hexdigest()[:8]
    folder = once(f"image-base-{release}-{recipe}", lambda folder: make(folder, release))
    return f"localhost/neural-hive-base:{release}-{recipe}", folder / "base.tar"


def make(folder: Path, release: str) -> None:
    """Install a small Debian with Python below a folder, bring it up to date, and pack it."""
    sources = mirrors(folder, release)
    program, root = debootstrap(folder), folder / "root"
    install = program.given("--variant=minbase", f"--include={','.join(PACKAGES)}", release, root, sources[0].split()[0])
    run(*install.argv, cwd=folder, env=install.env)
    (root / "etc/apt/sources.list").write_text("".join(f"deb {source}\n" for source in sources), encoding="utf-8")
    (root / "etc/apt/apt.conf.d/90builder").write_text(own_way(folder), encoding="utf-8")
    run(tool("chroot", ADVICE), root, "/bin/sh", "-c", SCRIPT, cwd=folder)
    check(root)
    run(tool("tar", ADVICE), "--create", "--file", folder / "base.tar", "--directory", root, "--numeric-owner", ".", cwd=folder)
    shutil.rmtree(root)


def mirrors(folder: Path, release: str) -> list[str]:
    """URI, release and component of this machine's own sources of packages, the main one first.

    Raises:
        UnobtainableError: apt has no source of this release.
    """
    apt, own = tool("apt-get", ADVICE), debian.own_lists(folder)
    run(apt, *own, "update", cwd=folder)
    lines = run(apt, *own, "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages", cwd=folder)
    shutil.rmtree(folder / "apt")
    rows = sorted({line for line in lines.splitlines() if line.split()[1].startswith(release) and line.endswith(" main")})
    rows.sort(key=lambda line: line.split()[1] != release)
    if not rows or rows[0].split()[1] != release:
        raise UnobtainableError(f"apt has no source of {release or 'this system'}; {ADVICE}")
    return rows


def own_way(folder: Path) -> str:
    """How this machine's apt reaches its sources: proxies and what else it says on fetching."""
    said = run(tool("apt-config", ADVICE), "dump", cwd=folder)
    return "".join(f"{line}\n" for line in said.splitlines() if line.startswith(("Acquire::http", "Acquire::Check", "Acquire::Retries")))


def debootstrap(folder: Path) -> Program:
    """The debootstrap command, installed or unpacked."""
    if (found := shutil.which("debootstrap", path=path_of_root(os.environ))) is not None:
        return Program((found,), {"PATH": path_of_root(os.environ)})
    home = folder / "tool"
    home.mkdir()
    debian.fetch(home, ("debootstrap", *(() if shutil.which("wget") else ("wget",))))
    libraries = debian.environment(home)
    path = f"{home / 'usr/bin'}:{path_of_root(os.environ)}"
    return Program(
        (str(home / "usr/sbin/debootstrap"),), {"DEBOOTSTRAP_DIR": str(home / "usr/share/debootstrap"), "PATH": path, **libraries}
    )


def path_of_root(environment: Mapping[str, str]) -> str:
    """The search path, the folders of the system's own programs included."""
    return f"{environment.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def check(root: Path) -> None:
    """See that the Python installed is new enough.

    Raises:
        UnobtainableError: It is older than 3.11.
    """
    line = "import sys; print(*sys.version_info[:2])"
    found = tuple(map(int, run(tool("chroot", ADVICE), root, "python3", "-c", line, cwd=root).split()))
    if found < OLDEST:
        raise UnobtainableError(f"this release has Python {found[0]}.{found[1]}; {ADVICE.rpartition('; ')[2]}")
