"""Writes the image's bill of materials (CycloneDX JSON): the program, its Python packages, and what came from Debian.

Runs in the build stage, in the environment that holds cyclonedx-bom. What it writes has been validated.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

PRODUCT = "neural-hive-mind"
VERSION = "1.6"


def main() -> None:
    """Describe an environment and the root file system that it runs on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, required=True, help="environment with the Python packages")
    parser.add_argument("--root", type=Path, required=True, help="root file system with /var/lib/dpkg/status.d")
    parser.add_argument("--output", type=Path, required=True)
    asked = parser.parse_args()
    bill = python_packages(asked.packages)
    release = dict(line.split("=", 1) for line in (asked.root / "etc/os-release").read_text().splitlines() if "=" in line)
    system = sorted(debian_packages(asked.root, release), key=lambda component: str(component["bom-ref"]))
    name_product(bill)
    bill["components"] += [*system, runtime()]
    text = json.dumps(bill, indent=1, ensure_ascii=False, sort_keys=True)
    validate(text)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(text + "\n", encoding="utf-8")


def validate(text: str) -> None:
    """See that a bill keeps to the schema.

    Raises:
        SystemExit: It does not.
    """
    versions, checks = import_module("cyclonedx.schema"), import_module("cyclonedx.validation.json")
    if faults := checks.JsonStrictValidator(versions.SchemaVersion.from_version(VERSION)).validate_str(text):
        raise SystemExit(f"the bill of materials is not valid: {faults}")


def python_packages(environment: Path) -> dict[str, Any]:
    """The bill of an environment's Python packages alone."""
    # The whole is validated at the end, once: it takes seconds.
    options = ["--no-validate", "--output-reproducible", "--spec-version", VERSION, "--output-format", "JSON"]
    line = [sys.executable, "-m", "cyclonedx_py", "environment", *options, str(environment / "bin" / "python")]
    bill: dict[str, Any] = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    return bill


def name_product(bill: dict[str, Any]) -> None:
    """State that the bill is of our program, which stays among the components as well."""
    own = next(component for component in bill["components"] if component["name"] == PRODUCT)
    own["purl"] = f"pkg:pypi/{PRODUCT}@{own['version']}"
    own.pop("externalReferences", None)  # it names the builder's own folder
    subject = {key: own[key] for key in ("name", "version", "description", "licenses") if key in own}
    bill["metadata"]["component"] = {**subject, "type": "container", "bom-ref": f"image:{PRODUCT}"}


def debian_packages(root: Path, release: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The Debian packages that files of the root file system came from."""
    system, number = (release.get(name, "").strip('"') for name in ("ID", "VERSION_ID"))
    for record in (root / "var/lib/dpkg/status.d").iterdir():
        said = HeaderParser().parsestr(record.read_text(encoding="utf-8"))
        name, version = said["Package"], said["Version"]
        purl = f"pkg:deb/{system}/{name}@{quote(version, safe='.-')}?arch={said['Architecture']}&distro={system}-{number}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def runtime() -> dict[str, Any]:
    """The interpreter itself, whichever way the base image had it."""
    version = platform.python_version()
    purl = f"pkg:generic/python@{version}"
    return {"type": "platform", "bom-ref": purl, "name": "python", "version": version, "purl": purl}


if __name__ == "__main__":
    main()
