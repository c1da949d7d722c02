"""Makes the byte code that the image ships: a read-only container never writes any.

Everything is compiled, but for large packages of which a client loads only a part: of these, just that part.
What is left out still works; it is compiled in memory when it is imported. Runs with the environment's Python.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import sys
from importlib import import_module
from pathlib import Path
from py_compile import PycInvalidationMode

UNCHECKED = PycInvalidationMode.UNCHECKED_HASH

# Large packages, and the modules whose import brings in what we use of them.
PARTLY = ("databricks", "git", "gitdb", "mlflow", "pyasn1_modules", "pygments")
USED = ("mlflow", "mlflow.tracking", "mlflow.exceptions")
SILENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}


def main() -> None:
    """Compile the environment and the standard library that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, required=True, help="environment with the Python packages")
    parser.add_argument("--root", type=Path, required=True, help="root file system with the standard library")
    asked = parser.parse_args()
    partly = re.compile(rf"/site-packages/({'|'.join(PARTLY)})/")
    compileall.compile_dir(asked.packages / "lib", quiet=1, rx=partly, workers=0, invalidation_mode=UNCHECKED)
    compileall.compile_dir(asked.root, quiet=1, workers=0, invalidation_mode=UNCHECKED, stripdir=asked.root, prependdir="/")
    for path in loaded():
        if partly.search(path):
            compileall.compile_file(path, quiet=1, invalidation_mode=UNCHECKED)


def loaded() -> list[str]:
    """Files of every module that is in memory once the used ones have been imported."""
    os.environ.update(SILENT)
    for name in USED:
        import_module(name)
    return sorted(path for module in list(sys.modules.values()) if (path := getattr(module, "__file__", None)) and path.endswith(".py"))


if __name__ == "__main__":
    main()
