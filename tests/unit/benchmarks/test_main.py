from __future__ import annotations

import importlib

import pytest

from benchmarks.__main__ import BENCHES, main
from benchmarks.inprocess import measure
from benchmarks.measure import Effort


@pytest.mark.parametrize("name", BENCHES)
def test_every_benchmark_can_be_found(name: str) -> None:
    module, function = BENCHES[name]
    assert callable(getattr(importlib.import_module(module), function))


def test_an_unknown_benchmark_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "nothing"])
    assert stopped.value.code == 2
    assert "nothing" in capsys.readouterr().err


def test_a_decision_in_process_is_measured_beside_its_floor() -> None:
    p50, p99 = measure(Effort(runs=1, samples=20))
    assert 0 < p50.floor < p50.value <= p99.value
    assert (p50.name, p99.name) == ("in-process decision, p50", "in-process decision, p99")
