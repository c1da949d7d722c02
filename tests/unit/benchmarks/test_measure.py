from __future__ import annotations

import math
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measure import Row, middle, quantile, table


def row(value: float, bar: float, kind: Literal["value", "ratio"] = "value", floor: float = 1.0) -> Row:
    return Row(name="thing", value=value, unit="ms", floor=floor, floor_name="less", bar=bar, bar_kind=kind)


def test_quantile_is_the_nearest_rank() -> None:
    samples = [float(number) for number in range(100, 0, -1)]
    assert quantile(samples, 0.5) == 50
    assert quantile(samples, 0.99) == 99
    assert quantile(samples, 1.0) == 100


def test_no_samples_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        quantile([], 0.5)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_samples_and_bounds_its_share(samples: list[float], share: float) -> None:
    found = quantile(samples, share)
    assert found in samples
    assert sum(each <= found for each in samples) >= share * len(samples) - 1e-9


def test_one_slow_run_does_not_move_the_middle() -> None:
    assert middle([[1.0, 1.0], [2.0, 2.0], [900.0, 900.0]], 0.5) == 2.0


def test_a_bar_bounds_the_value_or_the_ratio() -> None:
    assert row(3.0, bar=3.0).met
    assert not row(3.1, bar=3.0).met
    assert row(6.0, bar=3.0, kind="ratio", floor=2.0).met
    assert not row(6.1, bar=3.0, kind="ratio", floor=2.0).met


def test_without_a_floor_the_ratio_is_infinite() -> None:
    assert row(1.0, bar=3.0, floor=0.0).ratio == math.inf


def test_the_table_says_what_was_missed() -> None:
    lines = table([row(1.0, bar=3.0), row(9.0, bar=3.0)]).splitlines()
    assert len(lines) == 3
    assert "met" in lines[1].split()
    assert "MISSED" in lines[2].split()
    assert "MISSED" not in lines[1]
