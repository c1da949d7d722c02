"""What is gathered for the image in the build stage."""

from __future__ import annotations

import importlib.metadata
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.image import debian, gather, sbom
from tests.services.folders import CHECKOUT


def test_a_file_is_placed_with_every_link_on_the_way(tmp_path: Path) -> None:
    home, root = tmp_path / "system", tmp_path / "root"
    (home / "usr/lib").mkdir(parents=True)
    (home / "usr/lib/libx.so.1.2").write_text("x")
    (home / "usr/lib/libx.so.1").symlink_to("libx.so.1.2")
    (home / "lib").symlink_to("usr/lib")
    (home / "lib64").symlink_to(home / "lib")  # an absolute one
    gather.place(home / "lib64/libx.so.1", root)
    placed = root / home.relative_to("/")
    assert (placed / "lib").readlink() == Path("usr/lib")
    assert (placed / "lib64").readlink() == home / "lib"
    assert (placed / "usr/lib/libx.so.1").readlink() == Path("libx.so.1.2")
    assert (placed / "usr/lib/libx.so.1.2").read_text() == "x"


def test_a_link_that_goes_up_is_followed(tmp_path: Path) -> None:
    home, root = tmp_path / "system", tmp_path / "root"
    (home / "usr/lib").mkdir(parents=True)
    (home / "etc").mkdir()
    (home / "usr/lib/os-release").write_text("ID=debian")
    (home / "etc/os-release").symlink_to("../usr/lib/os-release")
    gather.place(home / "etc/os-release", root)
    placed = root / home.relative_to("/")
    assert (placed / "etc/os-release").readlink() == Path("../usr/lib/os-release")
    assert (placed / "usr/lib/os-release").read_text() == "ID=debian"


def test_an_environment_keeps_what_is_run(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.11/site-packages/thing"
    for name in ("bin", "include"):
        (tmp_path / name).mkdir()
    (site / "tests").mkdir(parents=True)
    for name in ("bin/hive", "bin/pip", "bin/activate", "bin/uvicorn", "bin/python3", "include/x.h"):
        (tmp_path / name).touch()
    for name in ("__init__.py", "fast.c", "fast.pyx", "fast.pyi", "tests/test_thing.py", "data.json"):
        (site / name).touch()
    gather.prune(tmp_path)
    assert {path.name for path in (tmp_path / "bin").iterdir()} == {"hive", "python3"}
    assert {path.name for path in site.iterdir()} == {"__init__.py", "data.json"}
    assert not (tmp_path / "include").exists()


def test_the_standard_library_comes_without_what_builds_teaches_or_draws() -> None:
    names = list(gather.standard_library())
    held = {part for path in names for part in path.parts}
    assert not held & {"test", "tkinter", "idlelib", "ensurepip", "venv", "site-packages", "__pycache__"}
    assert {"asyncio", "sqlite3", "ssl.py", "zoneinfo", "multiprocessing"} <= held
    assert not [path for path in names if path.name.startswith(("_tkinter", "readline", "_curses"))]


def test_libraries_of_a_program_are_found_but_for_its_own() -> None:
    found = gather.needed([Path(sys.executable).resolve()], outside=Path("/nowhere"))
    assert any(path.name == "libc.so.6" for path in found)
    assert not gather.needed([Path(sys.executable).resolve()], outside=Path("/"))


def test_the_names_of_accounts_are_those_of_the_image(tmp_path: Path) -> None:
    gather.system_files(tmp_path)
    user = next(line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines() if line.startswith("hive:"))
    assert (user[2], user[3], user[5], user[6]) == ("1000", "1000", "/data", "/nologin")
    assert "hosts: files dns" in (tmp_path / "etc/nsswitch.conf").read_text()
    assert stat.S_IMODE((tmp_path / "tmp").stat().st_mode) == 0o1777


def test_byte_code_of_partly_used_packages_is_left_out(tmp_path: Path) -> None:
    packages, root = tmp_path / "packages", tmp_path / "root"
    whole, part = (packages / "lib/site-packages" / name for name in ("whole", "pygments"))
    library = root / "usr/lib/python3.11"
    for folder in (whole, part, library):
        folder.mkdir(parents=True)
        (folder / "module.py").write_text("X = 1\n")
    script = str(CHECKOUT / "deploy/image/compile.py")
    subprocess.run([sys.executable, "-BP", script, f"--packages={packages}", f"--root={root}"], check=True, timeout=120)
    assert [path.name.split(".")[0] for path in whole.glob("__pycache__/*.pyc")] == ["module"]
    assert not (part / "__pycache__").exists()
    (code,) = library.glob("__pycache__/*.pyc")
    assert int.from_bytes(code.read_bytes()[4:8], "little") == 1, "read without a look at the source"
    assert b"/usr/lib/python3.11/module.py" in code.read_bytes()
    assert str(root).encode() not in code.read_bytes()


def test_the_package_of_a_file_is_known_through_linked_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "info").mkdir()
    (tmp_path / "info/libx:amd64.list").write_text(f"/.\n{tmp_path}/lib/libx.so.1\n")
    monkeypatch.setattr(debian, "LISTS", tmp_path / "info")
    assert (f"{tmp_path}/usr/lib/libx.so.1", "libx:amd64") in set(debian.owners())


def test_a_debian_package_is_listed_with_its_version(tmp_path: Path) -> None:
    records = tmp_path / "var/lib/dpkg/status.d"
    records.mkdir(parents=True)
    (records / "zlib1g").write_text("Package: zlib1g\nArchitecture: amd64\nVersion: 1:1.2.13.dfsg-1+b1\n")
    (part,) = sbom.debian_packages(tmp_path, {"ID": "debian", "VERSION_ID": '"12"'})
    assert part["purl"] == "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1%2Bb1?arch=amd64&distro=debian-12"
    assert (part["name"], part["version"]) == ("zlib1g", "1:1.2.13.dfsg-1+b1")


def test_the_bill_is_of_our_program_and_names_no_folder_of_the_builder() -> None:
    own: dict[str, Any] = {
        "name": "neural-hive-mind",
        "version": "1.0",
        "externalReferences": [{"type": "vcs", "url": "file:///build/dist"}],
    }
    bill: dict[str, Any] = {"components": [own, {"name": "other", "version": "2"}], "metadata": {}}
    sbom.name_product(bill)
    told = {"name": "neural-hive-mind", "version": "1.0", "type": "container", "bom-ref": "image:neural-hive-mind"}
    assert bill["metadata"]["component"] == told
    assert own["purl"] == "pkg:pypi/neural-hive-mind@1.0"
    assert "file://" not in str(bill)


def test_partly_used_packages_are_in_the_image() -> None:
    from deploy.image import compile as compiling

    have = {name.replace("-", "_").lower() for name in importlib.metadata.packages_distributions()}
    assert set(compiling.PARTLY) <= have
