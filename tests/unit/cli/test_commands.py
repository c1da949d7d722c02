"""The commands as they are called: exit codes, languages, and what they say."""

from __future__ import annotations

import csv
import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from neural_hive.errors import SettingsError
from neural_hive.station.door import listening_socket
from tests.unit.cli.conftest import Command

DANGEROUS = "apagar todos os registros da tabela clientes em produção, sem backup"
HARMLESS = "read the docs"
CODES = {"approve": 0, "conditional": 10, "review_required": 20, "reject": 30}


@pytest.mark.parametrize("words", [DANGEROUS, HARMLESS, "restart nginx in production", "DELETE FROM users;"])
def test_the_exit_code_is_the_verdict(hive: Command, words: str) -> None:
    done = hive("review", words, "-o", "json")
    answer = json.loads(done.out)
    assert done.code == CODES[answer["verdict"]]
    assert answer["receipt"]["leaf_hash"]
    assert set(answer["opinions"]) == {"architecture", "behavior", "evolution", "technical"}


def test_danger_and_harmlessness_are_told_apart(hive: Command) -> None:
    assert hive("review", DANGEROUS).code >= 20
    assert hive("review", HARMLESS).code == 0


def test_the_answer_is_in_the_language_of_the_intention_or_as_asked(hive: Command) -> None:
    assert "Probabilidade de dano" in hive("review", DANGEROUS).out
    assert "Probability of harm" in hive("review", HARMLESS).out
    assert "Probabilidade de dano" in hive("review", "--lang", "pt", "SELECT 1;").out


def test_the_answer_can_go_into_a_file(hive: Command, tmp_path: Path) -> None:
    done = hive("review", HARMLESS, "-o", "markdown", "--output", str(tmp_path / "a.md"))
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("## ")


@pytest.mark.parametrize(
    "words",
    [
        ["review"],
        ["review", "missing.sql"],
        ["review", "x", "--format", "cobol"],
        ["review", "x", "--environment", "mars"],
        ["review", "x", "--bogus"],
        ["nonsense"],
        ["serve", "--port", "70000"],
        ["specialist", "poetic"],
        ["specialist", "poetic", "--describe"],
        ["specialist", "technical", "--host", "no such host.invalid", "--port", "0"],
        ["ledger", "prove"],
        ["feedback", "dec_none", "--outcome", "maybe"],
        ["feedback", "dec_none", "--outcome", "harm"],
        ["eval", "nowhere"],
    ],
)
def test_wrong_use_is_64_and_explained(hive: Command, words: list[str]) -> None:
    done = hive(*words)
    assert done.code == 64
    assert done.out == ""
    assert done.err
    assert "Traceback" not in done.err


def test_errors_are_worded_in_portuguese(hive: Command) -> None:
    assert "Não há arquivo" in hive("review", "falta.sql", "--lang", "pt").err


def test_a_ledger_that_cannot_be_written_is_1(hive: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = hive("review", HARMLESS, "--data-dir", str(tmp_path / "file" / "below"))
    assert done.code == 1
    assert "Traceback" not in done.err


def test_a_batch(hive: Command, tmp_path: Path) -> None:
    lines = [{"id": "a", "intent_text": HARMLESS}, {"intent_text": ""}, {"intent_text": DANGEROUS}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "{broken\n", encoding="utf-8")
    done = hive("review", "--input", str(tmp_path / "in.jsonl"))
    results = [json.loads(line) for line in done.out.splitlines()]
    assert [result["line"] for result in results] == [1, 2, 3, 4]
    assert [result.get("verdict") for result in results][::2] == ["approve", "reject"]
    assert ["error" in result for result in results] == [False, True, False, True]
    assert done.code == 30
    assert "line 2" in done.err
    assert "line 4" in done.err
    assert hive("review", "--input", str(tmp_path / "in.jsonl"), "--exit-zero").code == 0


def test_a_batch_into_csv_cannot_become_a_formula(hive: Command, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"id,text\n=1+1,{HARMLESS}\n", encoding="utf-8")
    done = hive("review", "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv"))
    assert (done.code, done.out) == (0, "")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["id"], row["verdict"]) == ("'=1+1", "approve")


def test_an_unread_row_is_a_review_and_nothing_read_is_wrong_use(hive: Command, tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_text(json.dumps({"intent_text": HARMLESS}) + "\n{broken\n", encoding="utf-8")
    (tmp_path / "none.jsonl").write_text("{broken\n", encoding="utf-8")
    assert hive("review", "--input", str(tmp_path / "some.jsonl")).code == 20
    assert hive("review", "--input", str(tmp_path / "none.jsonl")).code == 64


def test_the_life_of_a_decision(hive: Command, tmp_path: Path) -> None:
    decision = json.loads(hive("review", DANGEROUS, "-o", "json").out)["decision_id"]
    assert hive("ledger", "verify").code == 0
    assert hive("ledger", "verify", "--independent").code == 0
    assert json.loads(hive("ledger", "show", decision).out)["content"]["plan"]
    assert json.loads(hive("ledger", "prove", decision).out)["leaf_index"] == 0
    assert json.loads(hive("ledger", "prove", "--since", "0").out)["since"] == 0
    assert hive("feedback", decision, "--outcome", "harm", "--note", "write to joao@example.com").code == 0
    assert "joao@example.com" not in hive("ledger", "export").out
    assert hive("ledger", "export", "-o", str(tmp_path / "e.jsonl")).code == 0
    key = str(tmp_path / "data" / "ledger.key.pub")
    assert hive("ledger", "verify", "--file", str(tmp_path / "e.jsonl"), "--public-key", key).code == 0


def test_erasing_asks_first_and_leaves_nothing_of_the_words(hive: Command) -> None:
    decision = json.loads(hive("review", DANGEROUS, "-o", "json").out)["decision_id"]
    hive("feedback", decision, "--outcome", "harm", "--note", "they wept")
    assert hive("ledger", "erase", decision).code == 64
    assert hive("ledger", "erase", decision, "--yes").code == 0
    record = json.loads(hive("ledger", "show", decision).out)
    assert record["erased"]
    assert record["content"] is None
    assert hive("ledger", "verify").code == 0
    similar = json.loads(hive("review", DANGEROUS, "-o", "json").out)
    assert decision not in [item["decision_id"] for item in similar["precedents"]]


def test_tampering_is_found(hive: Command, tmp_path: Path) -> None:
    verdict = json.loads(hive("review", DANGEROUS, "-o", "json").out)["verdict"]
    with closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as database, database:
        swap = (
            "UPDATE leaves SET body = CAST(replace(CAST(body AS TEXT), ?, ?) AS BLOB)",
            (f'"verdict":"{verdict}"', '"verdict":"approve"'),
        )
        assert database.execute(*swap).rowcount == 1
    done = hive("ledger", "verify")
    assert done.code == 1
    assert "leaves/0" in done.out
    assert hive("ledger", "verify", "--independent").code == 1
    assert hive("doctor").code == 1


def test_status_and_doctor(hive: Command, tmp_path: Path) -> None:
    done = hive("status", "--json")
    assert done.code == 0
    assert {"ledger", "graph", "specialist-technical"} <= {item["name"] for item in json.loads(done.out)["dependencies"]}
    assert hive("status", "--url", "http://127.0.0.1:9").code == 1
    assert hive("doctor").code == 0
    (tmp_path / "data" / "ledger.key").chmod(0o644)
    done = hive("doctor")
    assert done.code == 1
    assert "chmod 600" in done.out


def test_the_panel(hive: Command) -> None:
    assert [line.split()[0] for line in hive("specialist").out.splitlines()] == ["architecture", "behavior", "evolution", "technical"]
    assert "data_loss" in hive("specialist", "technical", "--describe").out


def test_help_has_examples_for_every_command(hive: Command) -> None:
    overview = hive("--help").out
    for command in ("review", "serve", "status", "doctor", "specialist", "feedback", "ledger", "eval", "train", "openapi"):
        assert command in overview
        assert hive(command, "--help").code == 0
    assert "git diff main | hive review - -o markdown" in hive("review", "--help").out


def test_the_interface_is_described(hive: Command) -> None:
    assert "/api/v1/intents" in json.loads(hive("openapi").out)["paths"]


def test_the_version(hive: Command) -> None:
    assert hive("--version").out.startswith("neural-hive-mind 0")


def test_a_taken_port_is_refused_before_anything_is_loaded() -> None:
    with listening_socket("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            listening_socket("127.0.0.1", port)
    assert caught.value.key == "error.cli_port_taken"
    assert str(port + 1) in caught.value.render("en")


def test_an_address_that_is_not_here_is_refused() -> None:
    with pytest.raises(SettingsError):
        listening_socket("192.0.2.1", 0)
    with pytest.raises(SettingsError):
        listening_socket("no such host.invalid", 0)


def test_ipv6_is_an_address_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        door = listening_socket("::1", 0)
    except SettingsError:
        pytest.skip("this machine has no IPv6 loopback")
    door.close()
