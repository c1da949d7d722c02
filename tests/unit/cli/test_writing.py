"""An answer as plain text, drawn, as Markdown and as SARIF."""

from __future__ import annotations

import json
from typing import Any

import pytest

from neural_hive.cli.inputs import Source
from neural_hive.cli.markdown import escaped, markdown
from neural_hive.cli.places import Places
from neural_hive.cli.plain import bar, columns, plain
from neural_hive.cli.pretty import pretty
from neural_hive.cli.sarif import sarif
from tests.unit.cli.answers import WORDS, answer, evidence

SCRIPT = f"-- tidy up\nSELECT 1;\n  {WORDS};\n"


@pytest.mark.parametrize("write", [plain, pretty, markdown])
def test_everything_that_matters_is_told(write: Any) -> None:
    words = write(answer(), "en")
    assert "rejected" in words.lower()
    for part in (
        "94%",
        "Technical",
        "Approve",
        "loses data",
        "Veto.",
        "Take a backup first. (30%)",
        "did not answer",
        "email × 2",
        "4, root",
    ):
        assert part in words, part


@pytest.mark.parametrize("write", [plain, pretty, markdown])
def test_it_is_told_in_portuguese(write: Any) -> None:
    words = write(answer(), "pt")
    for part in ("Probabilidade de dano", "Técnico", "Comportamento", "O que mudaria a resposta", "Recibo"):
        assert part in words, part


@pytest.mark.parametrize("verdict", ["approve", "conditional", "review_required", "reject"])
def test_every_verdict_is_a_word_and_not_only_a_colour(verdict: str) -> None:
    heads = {"approve": "APPROVED", "conditional": "WITH CONDITIONS", "review_required": "REVIEW REQUIRED", "reject": "REJECTED"}
    assert heads[verdict] in plain(answer(verdict=verdict), "en").splitlines()[0]
    assert heads[verdict] in pretty(answer(verdict=verdict), "en")


def test_plain_text_has_no_codes() -> None:
    assert "\x1b" not in plain(answer(explanation="a\x1b[31mb"), "en")
    assert "\x1b[31mb" not in pretty(answer(explanation="a\x1b[31mb"), "en")


def test_bars_and_columns() -> None:
    assert bar(0.5) == "#" * 10 + "." * 10
    assert (bar(-1), bar(2)) == ("." * 20, "#" * 20)
    assert list(columns([("a", "long word"), ("bcd", "x")], indent="")) == ["a    long word", "bcd  x"]


def test_markdown_gives_words_no_meaning() -> None:
    assert escaped("*b* <img> @team |") == "\\*b\\* \\<img\\> \\@team \\|"
    assert "\n# x" not in markdown(answer(explanation="a\n# x"), "en")


def log(source: Source) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sarif(answer(), "en", source))
    return found


def test_sarif_has_what_the_standard_requires() -> None:
    found = log(Source(SCRIPT, "db/m 1.sql"))
    assert found["version"] == "2.1.0"
    run = found["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "neural-hive-mind"
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert not any(name.startswith("_") for name in result)
    assert [result["ruleId"] for result in run["results"]] == ["technical/veto", "technical/data_loss", "hive/verdict"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]


def test_sarif_points_at_the_words_in_the_file() -> None:
    place = log(Source(SCRIPT, "db/m 1.sql"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "db/m%201.sql"
    assert place["region"]["startLine"] == place["region"]["endLine"] == 3
    assert SCRIPT.splitlines()[2][place["region"]["startColumn"] - 1 : place["region"]["endColumn"] - 1] == WORDS


@pytest.mark.parametrize("name", ["", "-"])
def test_sarif_names_no_file_where_there_is_none(name: str) -> None:
    assert "physicalLocation" not in json.dumps(log(Source(SCRIPT, name)))


def test_equal_statements_are_found_in_their_order() -> None:
    source = Source("DROP TABLE a;\nDROP TABLE a;\n", "m.sql")
    tasks = [{"id": "s1", "description": "DROP TABLE a"}, {"id": "s2", "description": "DROP TABLE a"}]
    places = Places(source, tasks)
    lines = [(places.region(evidence(quote="DROP TABLE a", task=task)) or {})["startLine"] for task in ("s1", "s2")]
    assert lines == [1, 2]


def test_words_that_are_not_in_the_file_have_no_region() -> None:
    assert Places(Source("masked", "m.sql"), []).region(evidence(quote="[EMAIL]")) is None
