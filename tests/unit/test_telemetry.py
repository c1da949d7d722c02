"""Log lines and metrics hold no messages of errors and no user text."""

from __future__ import annotations

import json
import logging
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from neural_hive import telemetry
from neural_hive.telemetry import KINDS, REGISTRY, LineFormatter, configure_logging, exposition, frames
from neural_hive.types import ModelInfo
from neural_hive.understanding import privacy, privacy_numbers, privacy_secrets
from neural_hive.understanding.privacy import mask

FOREIGN = ("asyncio", "faststream.access", "grpc", "httpx", "neo4j.io", "py.warnings", "pymongo.command", "redis", "sqlglot", "urllib3")
CONVENTION = re.compile(r"hive_[a-z]+(_[a-z]+)*")
UNITS = ("_total", "_seconds", "_info", "_probability", "_risk", "_length", "_up", "_ready")


def failure() -> ValueError:
    """An error that was raised, with its traceback."""
    with pytest.raises(ValueError, match="not-a-number") as caught:
        float("not-a-number somebody typed")
    return caught.value


def record() -> logging.LogRecord:
    error = failure()
    info = (type(error), error, error.__traceback__)
    made = logging.LogRecord("neural_hive.panel", logging.WARNING, __file__, 1, "specialist %s failed", ("technical",), info)
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


@pytest.fixture
def own_logging() -> Iterator[None]:
    """What a test configures is undone."""
    root, hive = logging.getLogger(), logging.getLogger("neural_hive")
    kept = root.handlers[:], root.level, hive.level
    yield
    root.handlers[:] = kept[0]
    root.setLevel(kept[1])
    hive.setLevel(kept[2])


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str], own_logging: None) -> None:
    configure_logging("info", "json")
    logging.getLogger("neural_hive.gateway").info("started")
    logging.getLogger("neural_hive.gateway").debug("not yet")
    caught = capsys.readouterr()
    assert json.loads(caught.err)["event"] == "started"
    assert not caught.out


@pytest.mark.parametrize("log_format", ["json", "plain"])
@pytest.mark.parametrize("name", FOREIGN)
def test_libraries_are_heard_from_warnings_on_and_their_words_are_not(
    name: str, log_format: str, capsys: pytest.CaptureFixture[str], own_logging: None
) -> None:
    """At level debug drivers tell whole commands, and asyncio the words of errors that nobody fetched."""
    configure_logging("debug", log_format)
    logger = logging.getLogger(name)
    kept, logger.level = logger.level, logging.DEBUG  # as a library may set it
    try:
        logger.debug("somebody typed %s", "this")
        logger.info("somebody typed %s", "this")
        logger.warning("somebody typed %s", "this")
        logger.error("somebody typed\nthis: %r", failure(), exc_info=failure())
    finally:
        logger.setLevel(kept)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(name in line and "test_telemetry.py" in line for line in lines)
    assert "ValueError" in lines[1]
    assert not any("typed" in line for line in lines)


def test_the_least_level_holds_for_libraries_too(capsys: pytest.CaptureFixture[str], own_logging: None) -> None:
    configure_logging("error", "json")
    logging.getLogger("redis").warning("something")
    logging.getLogger("neural_hive.gateway").warning("something")
    assert not capsys.readouterr().err


def test_names_tell_their_unit() -> None:
    """A name ends with its unit or with what its value is; labels and help are there."""
    for family in text_string_to_metric_families(exposition().decode()):
        if not family.name.startswith("process_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            assert CONVENTION.fullmatch(name), name
            assert name.endswith(UNITS), name
            assert family.documentation.endswith("."), name
            assert "second" in family.documentation.lower() or not name.endswith("_seconds"), name


def test_no_series_is_there_for_the_time_of_creation() -> None:
    assert "_created" not in exposition().decode()


def test_the_metrics_that_dashboards_name() -> None:
    shown = exposition().decode()
    for name in (
        *("abstentions_total", "build_info", "bulk_messages_total", "cache_failures_total", "cache_lookups_total", "decision_seconds"),
        *("decisions_total", "dependency_up", "feedback_total", "graph_failures_total", "harm_probability", "ledger_append_seconds"),
        *("limiter_fallbacks_total", "model_info", "opinion_seconds", "pii_masked_total", "queue_length", "ready", "refusals_total"),
        *("request_seconds", "requests_total", "specialist_restarts_total", "specialist_risk"),
    ):
        assert f"# TYPE hive_{name} " in shown


def values(metric: str, label: str) -> set[str]:
    """What a label of a metric has held so far in this process."""
    families = text_string_to_metric_families(exposition().decode())
    return {sample.labels[label] for family in families for sample in family.samples if sample.name == metric and label in sample.labels}


@given(method=st.text(max_size=20))
def test_a_method_that_nobody_knows_has_no_name(method: str) -> None:
    telemetry.answered("/health", method, 405, 0.001)
    assert values("hive_requests_total", "method") <= {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "other"}


def test_kinds_are_those_that_are_masked() -> None:
    """Every kind that the rules of privacy name is known, and no other."""
    documents = tomllib.loads((files("neural_hive.understanding") / "data" / "privacy.toml").read_text(encoding="utf-8"))["documents"]
    sources = "".join(
        (files("neural_hive.understanding") / f"{module.__name__.rpartition('.')[2]}.py").read_text(encoding="utf-8")
        for module in (privacy, privacy_numbers, privacy_secrets)
    )
    assert KINDS - documents.keys() == {kind for kind in KINDS - documents.keys() if f'"{kind}"' in sources}
    assert documents.keys() <= KINDS
    found = {
        finding.kind for finding in mask("CPF 111.444.777-35, ana@example.com, RG 12.345.678-9, senha: 123456, ghp_" + "a1B2" * 9).findings
    }
    assert len(found) >= 4
    assert found <= KINDS


def test_a_model_that_is_replaced_is_gone() -> None:
    def shown() -> list[tuple[str, str]]:
        families = {family.name: family for family in REGISTRY.collect()}
        samples = families["hive_model_info"].samples
        return [(item.labels["version"], item.labels["source"]) for item in samples if item.labels["specialist"] == "poetic"]

    telemetry.judges_with("poetic", ModelInfo(name="poetic", version="1", source="learned"), from_registry=False)
    telemetry.judges_with("poetic", ModelInfo(name="poetic", version="1", source="learned"), from_registry=False)
    assert shown() == [("1", "packaged")]
    telemetry.judges_with("poetic", ModelInfo(name="poetic", version="2", source="learned"), from_registry=True)
    assert shown() == [("2", "mlflow")]
    telemetry.judges_with("poetic", ModelInfo(name="poetic", version="1", source="learned", fallback="unreachable"), from_registry=True)
    assert shown() == [("1", "packaged")]
