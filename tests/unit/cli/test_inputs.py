"""From words of the command line to an intention."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.cli.inputs import Asked, decoded, environment_of, intent_of
from neural_hive.errors import InputError, LimitError
from neural_hive.types import Environment, SourcePlan

LIMIT = 10_000
TERRAFORM = '{"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": []}'


def notation(asked: Asked) -> str:
    plan = intent_of(asked, LIMIT)[0].plan
    return plan.format if isinstance(plan, SourcePlan) else "text"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("drop the orders table in production", "text"),
        ("apagar tudo menos os logs", "text"),
        ("DELETE FROM users;", "sql"),
        ("rm -rf build/*.o", "shell"),
    ],
)
def test_what_is_typed_is_recognised(words: str, expected: str) -> None:
    assert notation(Asked(words)) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("m.sql", "DELETE FROM users;", "sql"),
        ("run.sh", "make\n", "shell"),
        ("plan.json", TERRAFORM, "terraform"),
        ("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n", "kubernetes"),
        ("steps.yaml", "tasks:\n  - id: a\n    description: read\n", "yaml"),
        ("change.patch", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "diff"),
        ("note.txt", "apagar a tabela de clientes", "text"),
        ("package.json", '{"name": "x"}', "json"),
    ],
)
def test_a_file_is_read_and_recognised(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    asked = Asked(str(tmp_path / name))
    assert notation(asked) == expected
    assert intent_of(asked, LIMIT)[1].file == str(tmp_path / name)


def test_a_stated_format_wins(tmp_path: Path) -> None:
    (tmp_path / "m.sql").write_text("drop the table", encoding="utf-8")
    assert notation(Asked(str(tmp_path / "m.sql"), notation="text")) == "text"
    assert notation(Asked("drop the table", notation="shell")) == "shell"


def test_a_plan_goes_beside_a_text(tmp_path: Path) -> None:
    (tmp_path / "m.sql").write_text("DELETE FROM users;", encoding="utf-8")
    intent, source = intent_of(Asked("clean up", plan=str(tmp_path / "m.sql"), project="shop", environment="prd"), LIMIT)
    assert intent.text == "clean up"
    assert intent.plan == SourcePlan(source="DELETE FROM users;", format="sql")
    assert (intent.context.project, intent.context.environment) == ("shop", Environment.PRODUCTION)
    assert source.text == "DELETE FROM users;"


def test_a_request_of_the_rest_interface_is_taken_as_one() -> None:
    intent, _ = intent_of(Asked('{"intent_text": "read the logs", "context": {"environment": "dev"}}', environment="prod"), LIMIT)
    assert intent.text == "read the logs"
    assert intent.context.environment is Environment.DEVELOPMENT


@pytest.mark.parametrize("argument", ["missing.sql", "folder/missing.yaml", "notes.md"])
def test_a_missing_file_is_not_judged_as_words(argument: str) -> None:
    with pytest.raises(InputError) as caught:
        intent_of(Asked(argument), LIMIT)
    assert caught.value.key == "error.cli_no_file"
    assert argument in caught.value.render("pt")


def test_what_cannot_be_judged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "b" {\n}\n', encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\x00")
    (tmp_path / "long.sql").write_text("x" * (LIMIT + 1), encoding="utf-8")
    refusals = {
        "error.cli_hcl": Asked(str(tmp_path / "main.tf")),
        "error.cli_no_text": Asked(str(tmp_path / "binary")),
        "error.cli_folder": Asked(str(tmp_path)),
        "error.cli_nothing_asked": Asked(),
        "error.cli_environment": Asked("read", environment="mars"),
    }
    for key, asked in refusals.items():
        with pytest.raises(InputError) as caught:
            intent_of(asked, LIMIT)
        assert caught.value.key == key
    with pytest.raises(LimitError):
        intent_of(Asked(str(tmp_path / "long.sql")), LIMIT)


def test_environments_by_their_usual_names() -> None:
    assert [environment_of(name) for name in ("production", "Staging", "hml", "dev", "")] == [
        Environment.PRODUCTION,
        Environment.STAGING,
        Environment.STAGING,
        Environment.DEVELOPMENT,
        Environment.UNKNOWN,
    ]


def test_machine_text_speaks_its_readers_language_and_words_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert intent_of(Asked("DELETE FROM users;"), LIMIT)[0].language in ("pt", "en")
    assert intent_of(Asked("read the logs"), LIMIT)[0].language is None
    assert intent_of(Asked("read the logs", language="pt"), LIMIT)[0].language == "pt"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_usual_encodings_are_read(encoding: str) -> None:
    assert decoded("apagar a produção".encode(encoding), "x") == "apagar a produção"


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    with suppress(InputError):
        assert isinstance(decoded(content, "x"), str)
