"""Moves our own package out of the environment, so that the image has it in a layer of its own: code changes most often.

Runs with the environment's Python. Byte code is made first, because nothing is written when a container runs.
"""

from __future__ import annotations

import argparse
import compileall
import shutil
from importlib.metadata import distribution
from pathlib import Path
from py_compile import PycInvalidationMode

PRODUCT = "neural-hive-mind"


def main() -> None:
    """Move the package below the root that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True, help="where the layer's root file system begins")
    root = parser.parse_args().root
    package = distribution(PRODUCT)
    files = [Path(str(package.locate_file(path))).resolve() for path in package.files or ()]
    for folder in {path.parent for path in files if path.suffix == ".py"}:
        compileall.compile_dir(folder, maxlevels=0, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
        files += (folder / "__pycache__").glob("*.pyc")
    for path in sorted(set(files)):
        goal = root / path.relative_to("/")
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, goal)


if __name__ == "__main__":
    main()
