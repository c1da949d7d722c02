"""Debian packages, unpacked beside the system instead of installed into it: neither root nor sudo is needed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.services.obtain import UnobtainableError, run, tool

ROUNDS = 4  # libraries of libraries of libraries


def unpack(folder: Path, packages: tuple[str, ...], binary: str) -> None:
    """Unpack packages below `folder`, and whichever libraries the binary misses on this system.

    Args:
        folder: An empty folder.
        packages: Names of packages that hold the binary.
        binary: Path of the binary below `folder`.

    Raises:
        UnobtainableError: apt cannot have them, or a library is still missing.
    """
    fetch(folder, packages)
    wanted = packages
    for _ in range(ROUNDS):
        if not missing(folder, binary):
            return
        wanted = tuple(name for package in wanted for name in libraries(folder, package))
        fetch(folder, wanted)
    raise UnobtainableError(f"libraries of {binary} are missing: {', '.join(missing(folder, binary))}")


def environment(folder: Path) -> dict[str, str]:
    """What a binary below `folder` needs so that it finds the libraries unpacked with it."""
    found = sorted({str(path.parent) for path in folder.rglob("*.so.*")})
    return {"LD_LIBRARY_PATH": ":".join(found)} if found else {}


def fetch(folder: Path, packages: tuple[str, ...]) -> None:
    """Download packages and unpack them below `folder`."""
    advice = "it belongs to Debian and Ubuntu; elsewhere put redis-server on the PATH"
    apt, dpkg = tool("apt-get", advice), tool("dpkg-deb", advice)
    archives = folder / "archives"
    archives.mkdir()
    try:
        run(apt, "download", *packages, cwd=archives)
    except UnobtainableError:
        # No lists of packages, or old ones: a user's own lists need nobody's permission.
        own = own_lists(folder)
        run(apt, *own, "update", cwd=archives)
        run(apt, *own, "download", *packages, cwd=archives)
    for archive in archives.glob("*.deb"):
        run(dpkg, "-x", archive, folder, cwd=archives)
        archive.unlink()
    archives.rmdir()


def own_lists(folder: Path) -> tuple[str, ...]:
    """Options that keep apt's lists and locks below `folder`."""
    state = folder / "apt"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    return ("-o", f"Dir::State::lists={state / 'lists'}", "-o", f"Dir::Cache={state / 'cache'}", "-o", "APT::Sandbox::User=")


def missing(folder: Path, binary: str) -> list[str]:
    """Sonames that the dynamic linker cannot find for a binary."""
    told = run(tool("ldd", "it belongs to the C library"), folder / binary, cwd=folder, env=environment(folder))
    return re.findall(r"(\S+) => not found", told)


def libraries(folder: Path, package: str) -> list[str]:
    """Library packages that a package depends on, but for the C library itself."""
    told = run(tool("apt-cache", "it belongs to Debian and Ubuntu"), "depends", "--important", package, cwd=folder)
    return [name for name in re.findall(r"^\s+Depends: (lib[\w.+-]+)$", told, re.MULTILINE) if name != "libc6"]
