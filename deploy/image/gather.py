"""Gathers what the image ships: Python, its standard library, and the shared libraries that it and the packages load.

Runs in the build stage with the base image's own Python and nothing else. The result is a root file system of a
few hundred files, without a shell. Every path is kept as it is in the base image, symbolic links included.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

# Parts of the standard library that serve to build, to teach or to draw.
UNUSED = {
    "__pycache__", "curses", "dist-packages", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data",
    "site-packages", "sitecustomize.py", "test", "tests", "tkinter", "turtle.py", "turtledemo", "venv",
}  # fmt: skip
EXTENSIONS = re.compile(r"_?(curses|dbm|gdbm|nis|ossaudiodev|readline|test|tkinter|xxlimited|xxtestfuzz|xxsubtype|ctypes_test)")

# What the C library opens by name: it stands in no list of needed libraries.
BY_NAME = ("libgcc_s.so.1", "libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2")
LOCALE = Path("/usr/lib/locale/C.utf8")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OWNER = 1000

ACCOUNTS = {
    "etc/passwd": f"root:x:0:0:root:/:/nologin\nhive:x:{OWNER}:{OWNER}:hive:/data:/nologin\nnobody:x:65534:65534:nobody:/:/nologin\n",
    "etc/group": f"root:x:0:\nhive:x:{OWNER}:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def main() -> None:
    """Fill the root file system that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, required=True, help="environment whose libraries are needed too")
    parser.add_argument("--root", type=Path, required=True, help="where the root file system begins")
    asked = parser.parse_args()
    prune(asked.packages)
    strip(asked.packages)
    for path in wanted(asked.packages):
        place(path, asked.root)
    system_files(asked.root)
    subprocess.run([tool("ldconfig"), "-r", asked.root], check=True)
    shutil.rmtree(asked.root / "var", ignore_errors=True)  # what ldconfig keeps for its next run


def tool(name: str) -> str:
    """Path of a program of the base image.

    Raises:
        SystemExit: The base image does not have it.
    """
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"{name} is not in BASE_IMAGE: take a Debian-like image")
    return found


def prune(packages: Path) -> None:
    """Leave of an environment what is run: `hive`, `python` and the packages without their tests and C sources."""
    for script in (packages / "bin").iterdir():
        if script.name != "hive" and not script.name.startswith("python"):
            script.unlink()
    for folder in [*packages.rglob("test"), *packages.rglob("tests"), packages / "include"]:
        shutil.rmtree(folder, ignore_errors=True)
    for file in packages.rglob("*"):
        if file.suffix in {".pyi", ".pyx", ".pxd", ".c", ".h", ".cpp"}:
            file.unlink()


def wanted(packages: Path) -> Iterator[Path]:
    """Every file of the base image that the environment needs."""
    own = [*interpreter(packages), *standard_library()]
    programs = [path for path in own if path.suffix == ".so" or path.parent.name == "bin"]
    yield from own
    libraries = sorted(needed([*programs, *packages.rglob("*.so"), *packages.rglob("*.so.*")], outside=packages))
    yield from libraries
    homes = {path.resolve().parent for path in libraries if path.name == "libc.so.6"}
    yield from (home / name for home in homes for name in BY_NAME if (home / name).exists())


def interpreter(packages: Path) -> Iterator[Path]:
    """The interpreter that the environment's `python` leads to, by each name on the way."""
    path = packages / "bin" / "python"
    while path.is_symlink():
        path = path.parent / path.readlink()
        if packages not in path.parents:
            yield path


def standard_library() -> Iterator[Path]:
    """The modules of the standard library, but for those that nothing here uses."""
    prefixes = {"installed_base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    for folder in {sysconfig.get_path("stdlib", vars=prefixes), sysconfig.get_path("platstdlib", vars=prefixes)}:
        for path, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in UNUSED and not name.startswith("config-")]
            for name in files:
                if name not in UNUSED and not (name.endswith(".so") and EXTENSIONS.match(name)):
                    yield Path(path, name)


def needed(programs: Iterable[Path], outside: Path) -> set[Path]:
    """Shared libraries, and the dynamic linker, that programs load from outside a folder.

    Raises:
        SystemExit: The base image does not have one of them.
    """
    done = subprocess.run([tool("ldd"), *programs], check=False, capture_output=True, text=True)
    told = done.stdout
    if missing := sorted({*re.findall(r"(\S+) => not found", told), *re.findall(r"error while loading .*", told + done.stderr)}):
        raise SystemExit(f"libraries are missing in BASE_IMAGE, or cannot be loaded: {', '.join(missing)}")
    found = {Path(os.path.normpath(path)) for path in re.findall(r"(/\S+) \(0x", told)}
    return {path for path in found if outside not in path.parents}


def place(path: Path, root: Path) -> None:
    """Copy a file below `root`, and each symbolic link on the way to it."""
    real, left = Path("/"), list(path.parts[1:])
    while left:
        name = left.pop(0)
        step = real.parent if name == ".." else real / name
        if not step.is_symlink():
            real = step
            continue
        target = step.readlink()
        link = root / step.relative_to("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(target)
        if target.is_absolute():
            real, target = Path("/"), target.relative_to("/")
        left = [*target.parts, *left]
    goal = root / real.relative_to("/")
    goal.parent.mkdir(parents=True, exist_ok=True)
    if not goal.exists():
        shutil.copy2(real, goal)


def system_files(root: Path) -> None:
    """Accounts, name resolution, certificates, the UTF-8 locale, and the folders that may be written."""
    for name, content in ACCOUNTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    places = ssl.get_default_verify_paths()
    settings = Path(places.openssl_cafile).with_name("openssl.cnf")
    for path in [*LOCALE.rglob("*"), CERTIFICATES, settings, Path("/etc/os-release"), Path("/etc/ld.so.conf")]:
        if path.is_file():
            place(path, root)
    for path in Path("/etc/ld.so.conf.d").glob("*.conf"):
        place(path, root)
    bundle = root / places.openssl_cafile.lstrip("/")
    if not bundle.exists():
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.symlink_to(CERTIFICATES)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)


def strip(packages: Path) -> None:
    """Remove debugging symbols from the packages' libraries where the base image can (binutils).

    A package that brings libraries of its own (in a folder NAME.libs) is left alone: its files have been patched for
    that, and a patched file that is stripped cannot be loaded.
    """
    program = shutil.which("strip")
    if program is None:
        sys.stdout.write("BASE_IMAGE has no binutils: debugging symbols stay (about 20 MB)\n")
        return
    patched = {name for path in packages.rglob("*.libs") for name in (path.name, path.stem)}
    libraries = [path for path in packages.rglob("*.so") if not patched & set(path.parts)]
    subprocess.run([program, "--strip-debug", *libraries], check=True)


if __name__ == "__main__":
    main()
