"""Log lines and metrics hold no messages of errors and no user text."""

from __future__ import annotations

import json
import logging

import pytest

from neural_hive.telemetry import LineFormatter, configure_logging, exposition, frames


def failure() -> ValueError:
    """An error that was raised, with its traceback."""
    with pytest.raises(ValueError, match="not-a-number") as caught:
        float("not-a-number somebody typed")
    return caught.value


def record() -> logging.LogRecord:
    error = failure()
    info = (type(error), error, error.__traceback__)
    made = logging.LogRecord("hive", logging.WARNING, __file__, 1, "specialist %s failed", ("technical",), info)
    made.fields = {"reason": "deadline"}
    return made


def test_json_lines() -> None:
    line = json.loads(LineFormatter(as_json=True).format(record()))
    assert (line["level"], line["event"], line["reason"]) == ("warning", "specialist technical failed", "deadline")
    assert line["error"].endswith("ValueError")
    assert line["time"].endswith("Z")
    assert "somebody" not in str(line)


def test_plain_lines() -> None:
    line = LineFormatter(as_json=False).format(record())
    assert "specialist technical failed" in line
    assert "reason=deadline" in line
    assert "somebody" not in line
    assert "\n" not in line


def test_frames_name_the_place() -> None:
    assert "test_telemetry.py" in frames(failure())
    assert frames(failure()).endswith("ValueError")
    assert "somebody" not in frames(failure())


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        configure_logging("info", "json")
        logging.getLogger("neural_hive.gateway").info("started")
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
    caught = capsys.readouterr()
    assert json.loads(caught.err)["event"] == "started"
    assert not caught.out


def test_the_metrics_that_dashboards_name() -> None:
    shown = exposition().decode()
    for name in ("hive_decisions", "hive_decision_seconds", "hive_opinion_seconds", "hive_abstentions", "hive_harm_probability"):
        assert f"# TYPE {name}" in shown
    assert "hive_ledger_append_seconds" in shown
