"""Rows of a batch, usable or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_hive.cli.inputs import Asked
from neural_hive.cli.rows import Row, read
from neural_hive.errors import InputError
from neural_hive.types import Environment, SourcePlan


def rows(folder: Path, name: str, content: str) -> list[Row]:
    (folder / name).write_text(content, encoding="utf-8")
    return read(folder / name)


def test_json_lines(tmp_path: Path) -> None:
    found = rows(tmp_path, "a.jsonl", '{"id": 7, "intent_text": "read"}\n\n"drop it"\n{broken\n[1]\n{"plan": {"source": "SELECT 1;"}}\n')
    assert [(row.line, row.id, row.body is None) for row in found] == [
        (1, "7", False),
        (3, "", False),
        (4, "", True),
        (5, "", True),
        (6, "", False),
    ]
    assert found[1].intent(Asked()).text == "drop it"
    assert isinstance(found[4].intent(Asked()).plan, SourcePlan)


def test_csv_with_a_head_in_portuguese_and_semicolons(tmp_path: Path) -> None:
    found = rows(tmp_path, "a.csv", 'id;texto;environment\n1;"apagar; tudo\nagora";prd\n;;\n2;ler os logs;\n')
    assert [(row.line, row.id) for row in found] == [(3, "1"), (5, "2")]
    first, second = (row.intent(Asked(environment="dev", language="pt")) for row in found)
    assert first.text == "apagar; tudo\nagora"
    assert (first.context.environment, second.context.environment) == (Environment.PRODUCTION, Environment.DEVELOPMENT)
    assert first.language == "pt"


def test_a_row_without_an_intention_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        rows(tmp_path, "a.jsonl", '{"verdict": "approve"}\n')[0].intent(Asked())
    assert caught.value.key == "error.cli_row_shape"


@pytest.mark.parametrize(("name", "content", "key"), [("a.xml", "<a/>", "error.cli_rows_kind"), ("a.csv", "texto\n", "error.cli_no_rows")])
def test_files_that_hold_no_rows(tmp_path: Path, name: str, content: str, key: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(tmp_path, name, content)
    assert caught.value.key == key


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(tmp_path / "none.csv")
