"""python -m benchmarks [--quick] [--strict] [--only NAME]: the table of DESIGN's numbers."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from benchmarks.measure import FULL, QUICK, Effort, Row, table

# Looked up by name when its turn comes: a benchmark whose part of the hive is broken spoils no other.
BENCHES = {
    "inprocess": ("benchmarks.inprocess", "measure"),
    "rest": ("benchmarks.rest", "measure"),
    "start": ("benchmarks.start", "measure_serve"),
    "cold": ("benchmarks.start", "measure_review"),
    "memory": ("benchmarks.memory", "measure"),
    "distributed": ("benchmarks.distributed", "measure"),
    "ready": ("benchmarks.ready", "measure"),
}


def measure(name: str, effort: Effort) -> list[Row]:
    """The rows of one benchmark."""
    module, function = BENCHES[name]
    rows: list[Row] = getattr(importlib.import_module(module), function)(effort)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when `--strict` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short run of each: a smoke test, not a measurement")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a bar is missed")
    parser.add_argument("--only", action="append", choices=sorted(BENCHES), help="measure this one (may be repeated)")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in options.only or BENCHES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += measure(name, QUICK if options.quick else FULL)
    print(table(rows))
    return int(options.strict and not all(row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main())
