"""`python -m deploy.monitoring` writes rules.yaml and dashboards/*.json; with `--check` it only says which are not current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.monitoring import grafana, rules

HERE = Path(__file__).resolve().parent


def files() -> dict[Path, str]:
    """Every generated file and what has to stand in it."""
    made = {HERE / "rules.yaml": rules.text()}
    return made | {HERE / "dashboards" / name: content for name, content in grafana.texts().items()}


def stale(made: Mapping[Path, str]) -> list[str]:
    """What is missing, differs or is left over, by its path below this folder."""
    there = {*(HERE / "dashboards").glob("*.json"), HERE / "rules.yaml"}
    differing = {path for path, content in made.items() if not path.exists() or path.read_text(encoding="utf-8") != content}
    return sorted(path.relative_to(HERE).as_posix() for path in differing | (there - made.keys()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 when `--check` finds a file that is not current."""
    parser = argparse.ArgumentParser(prog="python -m deploy.monitoring", description="Prometheus rules and Grafana dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a file is not current")
    asked = parser.parse_args(arguments)
    made = files()
    found = stale(made)
    if asked.check:
        sys.stdout.writelines(f"{name} is not current; run: python -m deploy.monitoring\n" for name in found)
        return 1 if found else 0
    for name in found:
        write(HERE / name, made.get(HERE / name))
    return 0


def write(path: Path, content: str | None) -> None:
    """Write a file, or remove it when nothing has to stand in it."""
    path.parent.mkdir(exist_ok=True)
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")
    sys.stdout.write(f"{path.relative_to(HERE)} {'removed' if content is None else 'written'}\n")


if __name__ == "__main__":
    sys.exit(main())
