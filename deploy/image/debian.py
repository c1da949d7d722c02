"""Says which Debian packages the files of a root file system came from, the way scanners of shell-less images read it.

Each package's record goes to /var/lib/dpkg/status.d/NAME and its licence stays at /usr/share/doc/NAME/copyright.
A base image without dpkg, or a Python that no package holds, leaves no record.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LISTS = Path("/var/lib/dpkg/info")
RECORDS = Path("var/lib/dpkg/status.d")

# Files that a package makes while it is installed stand in no list of files.
MADE = {"/etc/ssl/certs/ca-certificates.crt": "ca-certificates"}


def main() -> None:
    """Write the records below the root that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True, help="where the root file system begins")
    root = parser.parse_args().root
    (root / RECORDS).mkdir(parents=True, exist_ok=True)
    files = {f"/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    for package in sorted({owner for path, owner in owners() if path in files}):
        write(package, root)


def owners() -> Iterator[tuple[str, str]]:
    """Path and package of every file that a package installed; folders that are links are followed."""
    yield from MADE.items()
    for listed in LISTS.glob("*.list"):
        for line in listed.read_text(encoding="utf-8").splitlines():
            folder, _, name = line.rpartition("/")
            yield f"{real(folder)}/{name}", listed.stem


@cache
def real(folder: str) -> str:
    """A folder's path without symbolic links."""
    return os.path.realpath(folder or "/").rstrip("/")


def write(package: str, root: Path) -> None:
    """Keep one package's record and its licence."""
    record = subprocess.run(["dpkg-query", "--status", package], check=True, capture_output=True, text=True).stdout  # noqa: S607
    name = package.partition(":")[0]
    (root / RECORDS / name).write_text(record, encoding="utf-8")
    licence = Path("/usr/share/doc", name, "copyright")
    if licence.exists():
        goal = root / licence.relative_to("/")
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(licence, goal)


if __name__ == "__main__":
    main()
