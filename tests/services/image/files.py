"""What may and may not lie in the image."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from tests.services.image.archive import Image
from tests.services.image.product import BILL_INSIDE

SHELLS = {"sh", "bash", "dash", "ash", "busybox", "zsh", "ksh", "fish", "csh", "tcsh"}
MANAGERS = {"pip", "pip3", "apt", "apt-get", "dpkg", "apk", "dnf", "yum", "uv", "conda", "easy_install"}
TOOLS = {"gcc", "cc", "g++", "c++", "ld", "as", "make", "perl", "git", "curl", "wget", "nc", "tar", "su", "sudo", "mount"}
PACKAGED = {"pip", "setuptools", "wheel", "hatchling", "cyclonedx-bom"}
KEPT = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|\bAKIA[0-9A-Z]{16}\b")
NAMED = re.compile(r"(pip\.conf|\.netrc|\.env|\.pgpass|id_rsa|id_ed25519|ledger\.key|.*\.(pem|key|p12|pfx))$")
CREDENTIALS = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
# Certificates of public authorities, which clients ship.
PUBLIC = re.compile(r"(cacert|roots|cert)\.pem$")
READ = 4_000_000  # bytes, above which a file is no text with a key


def files(root: Path) -> Iterator[Path]:
    """Everything below a root file system."""
    return root.rglob("*")


def programs(root: Path, names: Iterable[str]) -> list[str]:
    """Programs, or links to one, that have one of the names."""
    wanted = set(names)
    return shown(
        root, (path for path in files(root) if path.name in wanted and not path.is_dir() and (path.is_symlink() or executable(path)))
    )


def executable(path: Path) -> bool:
    """Whether a file may be run."""
    return bool(path.lstat().st_mode & 0o111)


def privileged(root: Path) -> list[str]:
    """Files that run as somebody else."""
    return shown(root, (path for path in files(root) if not path.is_symlink() and path.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID)))


def writable(root: Path) -> list[str]:
    """What anybody may write, but for /tmp."""
    found = (path for path in files(root) if not path.is_symlink() and path.lstat().st_mode & stat.S_IWOTH)
    return shown(root, (path for path in found if path != root / "tmp"))


def owned(root: Path, user: int) -> list[str]:
    """What the image's user owns, but for /data."""
    return shown(root, (path for path in files(root) if path.lstat().st_uid == user and path != root / "data"))


def confidential(root: Path, image: Image) -> list[str]:
    """Files that hold keys or the builder's configuration, and settings or steps with a password in them."""
    named = (path for path in files(root) if path.is_file() and NAMED.match(path.name) and not PUBLIC.search(path.name))
    held = (path for path in files(root) if is_small(path) and KEPT.search(path.read_bytes()))
    said = [line for line in (*image.config["Env"], *image.history) if CREDENTIALS.search(line) or line.startswith("PIP_")]
    return sorted({*shown(root, named), *shown(root, held), *said, *(["/run/secrets"] if (root / "run/secrets").exists() else [])})


def is_small(path: Path) -> bool:
    """Whether a file may be a text."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size < READ


def distributions(root: Path) -> dict[str, str]:
    """Installed Python distributions: name, as package indexes write it, and version."""
    said = [
        HeaderParser().parsestr(path.read_text(encoding="utf-8"))
        for path in root.glob("opt/hive/lib/python*/site-packages/*.dist-info/METADATA")
    ]
    return {canonical(each["Name"]): each["Version"] for each in said}


def debian(root: Path) -> dict[str, str]:
    """Debian packages that files came from: name and version."""
    said = [HeaderParser().parsestr(path.read_text(encoding="utf-8")) for path in root.glob("var/lib/dpkg/status.d/*")]
    return {each["Package"]: each["Version"] for each in said}


def unlisted(root: Path) -> list[str]:
    """What is installed and not in the bill of materials."""
    path = root / BILL_INSIDE
    if not path.exists():
        return [f"no /{BILL_INSIDE}"]
    listed = {
        (part.get("purl", "").partition(":")[2].partition("/")[0], canonical(part["name"]), part["version"])
        for part in json.loads(path.read_bytes())["components"]
    }
    wanted = {("pypi", name, version) for name, version in distributions(root).items()}
    wanted |= {("deb", canonical(name), version) for name, version in debian(root).items()}
    return sorted(f"{name} {version}" for _, name, version in wanted - listed)


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def shown(root: Path, paths: Iterable[Path]) -> list[str]:
    """Paths as the image has them, sorted."""
    return sorted(f"/{path.relative_to(root)}" for path in paths)
