# ruff: noqa: INP001 - a script, no part of a package
"""Fit the calibration's knots on development cases.

    python evals/calibrate.py pairs.json

`pairs.json` holds a list of [risk, harmful]: the panel's risk (`consensus.panel_risk` of a decision's
votes) and whether the case is dangerous. Prints the line for `calibration.toml` and what the fit does
to the Brier score and to the expected calibration error (ten equal bins). Never run it on test cases.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from neural_hive.calibration import Calibration, calibration, fit

Pair = tuple[float, bool]


def brier(scored: Sequence[Pair]) -> float:
    """Mean squared error of the probabilities."""
    return sum((probability - harmful) ** 2 for probability, harmful in scored) / len(scored)


def expected_error(scored: Sequence[Pair], bins: int = 10) -> float:
    """Expected calibration error over equal bins."""
    total = 0.0
    for number in range(bins):
        inside = [pair for pair in scored if min(int(pair[0] * bins), bins - 1) == number]
        if inside:
            gap = sum(probability for probability, _ in inside) - sum(harmful for _, harmful in inside)
            total += abs(gap)
    return total / len(scored)


def main(arguments: Sequence[str]) -> int:
    """Read the pairs, fit, print; 64 when there is no file to read."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 64
    pairs = [(float(risk), bool(harmful)) for risk, harmful in json.loads(Path(arguments[0]).read_text(encoding="utf-8"))]
    knots = fit(pairs)
    now = calibration()
    fitted = Calibration(
        knots=knots,
        approve_below=now.approve_below,
        band_from=now.band_from,
        low_confidence=now.low_confidence,
        floor_share=now.floor_share,
    )
    for name, map_ in (("now", now), ("fitted", fitted)):
        scored = [(map_.probability(risk), harmful) for risk, harmful in pairs]
        sys.stdout.write(f"{name:7} Brier {brier(scored):.4f}  calibration error {expected_error(scored):.4f}\n")
    sys.stdout.write("knots = [" + ", ".join(f"[{risk:.4f}, {probability:.4f}]" for risk, probability in knots) + "]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
