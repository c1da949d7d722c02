"""Samples, rows and the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Attributes:
        runs: Independent repetitions; what is printed is their median.
        samples: Decisions in each run.
    """

    runs: int
    samples: int


FULL = Effort(runs=5, samples=800)
QUICK = Effort(runs=1, samples=150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bar of the design and what was measured against it.

    Attributes:
        name: What was measured.
        value: The measurement, in `unit`.
        floor: The least that this could cost, measured in the same run, in `unit`.
        floor_name: What the floor is.
        bar: The largest acceptable value, or the largest acceptable ratio to the floor.
        bar_kind: Whether the bar bounds the value or the ratio.
    """

    name: str
    value: float
    unit: Literal["ms", "s", "MB"]
    floor: float
    floor_name: str
    bar: float
    bar_kind: Literal["value", "ratio"] = "value"

    @property
    def ratio(self) -> float:
        """How many times the floor; infinite when the floor is 0."""
        return self.value / self.floor if self.floor else math.inf

    @property
    def met(self) -> bool:
        """Whether the bar is held."""
        return (self.value if self.bar_kind == "value" else self.ratio) <= self.bar


def quantile(samples: Sequence[float], share: float) -> float:
    """The nearest-rank quantile of `samples`; `share` in (0, 1].

    Raises:
        ValueError: There are no samples.
    """
    if not samples:
        raise ValueError("no samples")
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def middle(runs: Sequence[Sequence[float]], share: float) -> float:
    """The median over the runs of each run's quantile."""
    return median(quantile(run, share) for run in runs)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    head = ("what", "measured", "bar", "floor", "x floor", "", "the floor is")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    bar = f"<= {row.bar:g} {row.unit}" if row.bar_kind == "value" else f"<= {row.bar:g} x floor"
    return (
        row.name,
        f"{row.value:.2f} {row.unit}",
        bar,
        f"{row.floor:.2f} {row.unit}",
        f"{row.ratio:.1f}",
        "met" if row.met else "MISSED",
        row.floor_name,
    )
