"""`python -m neural_hive.evaluation [PATH] [--set NAME ...] [--misses FILE] [--json] [--lang pt|en]`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from neural_hive.errors import InputError
from neural_hive.evaluation.answers import hive
from neural_hive.evaluation.baselines import always_review, keyword_list
from neural_hive.evaluation.runner import SETS, run
from neural_hive.evaluation.tables import tables

_REVIEWERS = {"hive": hive, "constant": always_review, "keywords": keyword_list}
_USAGE_ERROR = 64


def main(arguments: list[str] | None = None) -> int:
    """Evaluate and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m neural_hive.evaluation")
    parser.add_argument("path", nargs="?", type=Path, default=Path("evals"))
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="|".join(SETS))
    parser.add_argument("--reviewer", choices=sorted(_REVIEWERS), default="hive")
    parser.add_argument("--misses", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lang", choices=("pt", "en"), default="en")
    given = parser.parse_args(arguments)
    try:
        evaluation = run(given.path, sets=given.sets, reviewer=_REVIEWERS[given.reviewer], misses=given.misses)
    except InputError as error:
        sys.stderr.write(error.render(given.lang) + "\n")
        return _USAGE_ERROR
    sys.stdout.write(json.dumps(asdict(evaluation)["sets"], indent=2) + "\n" if given.json else tables(evaluation, given.lang))
    return 0


if __name__ == "__main__":
    sys.exit(main())
