from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neural_hive.errors import LedgerError, NotFoundError
from neural_hive.ledger import independent, offline
from neural_hive.ledger.sqlite import key_path, open_sqlite_ledger, public_key_of
from neural_hive.ledger.verify import Finding, verify, verify_receipt
from neural_hive.messages import catalogue
from neural_hive.types import Receipt


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """Five decisions, one of them erased, one feedback: seven leaves."""
    path = tmp_path / "ledger.db"
    async with open_sqlite_ledger(path) as ledger:
        for number in range(5):
            await ledger.append(decision(number))
        await ledger.append({"schema": "feedback/v1", "id": "f", "created_at": "2025", "decision_id": "d1", "outcome": "harmless"})
        await ledger.erase("d2")
    return path


def decision(number: int) -> dict[str, Any]:
    content = {"text": f"apagar a tabela {number}"}
    return {"schema": "decision/v1", "id": f"d{number}", "created_at": "2025", "verdict": "reject", "risk": 0.5, "content": content}


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def judge_alone(path: Path, *more: str, key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Run the second verifier as a stranger would: one copied file, another interpreter."""
    script = path.parent / "alone.py"
    shutil.copy(independent.__file__, script)
    command = [sys.executable, "-I", str(script), str(path), "--public-key", key or public_key_of(path.with_suffix(".db")), *more]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return ran.returncode, json.loads(ran.stdout) if ran.stdout else {}


def test_an_untouched_ledger_is_well(path: Path) -> None:
    report = verify(path)
    assert (report.findings, report.leaves, report.checkpoints, report.erased) == ((), 7, 8, 1)
    assert judge_alone(path) == (0, {"ok": True, "leaves": 7, "problems": []})


TAMPERINGS = {
    "verdict in the leaf": ("hash", "UPDATE leaves SET body = CAST(replace(body, 'reject', 'aprove') AS BLOB) WHERE leaf_index = 1"),
    "verdict in the index": ("index", "UPDATE leaves SET verdict = 'approve' WHERE leaf_index = 1"),
    "id in the index": ("index", "UPDATE leaves SET record_id = 'other' WHERE leaf_index = 1"),
    "decision in the index": ("index", "UPDATE leaves SET decision_id = 'd3' WHERE leaf_index = 5"),
    "schema in the index": ("index", "UPDATE leaves SET schema = 'x' WHERE leaf_index = 5"),
    "leaf taken out": ("missing", "DELETE FROM leaves WHERE leaf_index = 3"),
    "last leaf taken out": ("extra", "DELETE FROM leaves WHERE leaf_index = 6"),
    "node": ("hash", "UPDATE nodes SET hash = zeroblob(32) WHERE number = 2"),
    "node taken out": ("hash", "DELETE FROM nodes WHERE number = 2"),
    "node added": ("extra", "INSERT INTO nodes VALUES (11, zeroblob(32))"),
    "checkpoint taken out": ("missing", "DELETE FROM checkpoints WHERE number = 3"),
    "first checkpoint taken out": ("missing", "DELETE FROM checkpoints WHERE number = 0"),
    "last checkpoint taken out": ("missing", "DELETE FROM checkpoints WHERE number = 7"),
    "checkpoint replaced": ("root", "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE number = 2) WHERE number = 3"),
    "checkpoint forged": ("signature", "UPDATE checkpoints SET note = replace(note, '\n3\n', '\n4\n') WHERE number = 3"),
    "checkpoint added": ("extra", "INSERT INTO checkpoints SELECT 8, 9, note FROM checkpoints WHERE number = 7"),
    "key taken out": ("content", "DELETE FROM keys WHERE leaf_index = 1"),
    "key replaced": ("content", "UPDATE keys SET key = zeroblob(32) WHERE leaf_index = 1"),
    "key of nothing": ("extra", "INSERT INTO keys VALUES (5, zeroblob(32))"),
    "key of no leaf": ("extra", "INSERT INTO keys VALUES (70, zeroblob(32))"),
    "key came back": ("content", "INSERT INTO keys VALUES (2, zeroblob(32))"),
    "leaf is text": ("unreadable", "UPDATE leaves SET body = CAST(body AS TEXT) WHERE leaf_index = 1"),
    "leaf is nothing": ("unreadable", "UPDATE leaves SET body = x'' WHERE leaf_index = 1"),
    "checkpoint is a number": ("signature", "UPDATE checkpoints SET note = 7 WHERE number = 3"),
    "table taken out": ("unreadable", "DROP TABLE keys"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_both_verifiers_notice(path: Path, name: str) -> None:
    finding, statement = TAMPERINGS[name]
    change(path, statement)
    report = verify(path)
    assert not report.ok
    assert finding in {found.name for found in report.findings}
    assert independent.main([str(path), "--public-key", public_key_of(path)]) == 1


def test_swapped_leaves_are_noticed(path: Path) -> None:
    move = "UPDATE leaves SET leaf_index = {} WHERE leaf_index = {}".format
    change(path, move(99, 1), move(1, 3), move(3, 99))
    assert not verify(path).ok
    assert judge_alone(path)[0] == 1


def test_setting_back_the_whole_ledger_is_noticed_against_a_kept_checkpoint(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anchor = offline.prove(path, "d4").checkpoint
    assert verify(path, anchor=anchor).ok
    change(
        path,
        "DELETE FROM leaves WHERE leaf_index > 3",
        "DELETE FROM keys WHERE leaf_index > 3",
        "DELETE FROM checkpoints WHERE number > 4",
        "DELETE FROM nodes WHERE number > 6",
    )
    change(path, "INSERT INTO keys SELECT 2, key FROM keys WHERE leaf_index = 1")
    assert {found.name for found in verify(path).findings} == {"content"}
    assert {found.name for found in verify(path, anchor=anchor).findings} == {"content", "anchor"}
    kept = path.with_name("anchor.txt")
    kept.write_text(anchor, encoding="utf-8")
    assert independent.main([str(path), "--public-key", public_key_of(path), "--anchor", str(kept)]) == 1
    assert "anchor" in capsys.readouterr().out


async def test_ledger_signed_anew_with_another_key_is_noticed(path: Path, tmp_path: Path) -> None:
    trusted = public_key_of(path)
    forged = tmp_path / "forged" / "ledger.db"
    async with open_sqlite_ledger(forged) as ledger:
        await ledger.append(decision(0) | {"verdict": "approve"})
    assert verify(forged).ok
    assert "signature" in {found.name for found in verify(forged, public_key=trusted).findings}
    assert judge_alone(forged, key=trusted)[0] == 1


def test_false_anchor_is_noticed(path: Path) -> None:
    assert {found.name for found in verify(path, anchor="nonsense").findings} == {"signature"}


def test_bytes_of_the_file_cut_off(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert not verify(path).ok
    assert judge_alone(path)[0] == 1


def test_no_ledger_is_no_clean_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        verify(tmp_path / "ledger.db")
    assert independent.main([str(tmp_path / "ledger.db"), "--public-key", "a+b+c"]) == 64


async def test_may_be_verified_while_it_is_written(path: Path) -> None:
    async with open_sqlite_ledger(path) as ledger:
        await ledger.append(decision(5))
        assert verify(path).leaves == 8
        await ledger.append(decision(6))
    assert verify(path).leaves == 9


def test_export_can_be_verified_and_gives_no_words_away(path: Path) -> None:
    out = io.StringIO()
    assert offline.export(path, out) == 7
    assert "apagar" not in out.getvalue()
    exported = path.with_suffix(".jsonl")
    exported.write_text(out.getvalue(), encoding="utf-8")
    key = public_key_of(path)
    assert judge_alone(exported, key=key) == (0, {"ok": True, "leaves": 7, "problems": []})
    lines = out.getvalue().splitlines(keepends=True)
    for place, line in enumerate(lines):
        for forged in ([], [line, line], [line.replace("reject", "approve")], [line.replace("2025", "2026")]):
            if forged != [line]:
                exported.write_text("".join([*lines[:place], *forged, *lines[place + 1 :]]), encoding="utf-8")
                assert independent.main([str(exported), "--public-key", key]) == 1


def test_show_and_prove_from_the_file(path: Path) -> None:
    assert offline.show(path, "d1")["content"] == {"text": "apagar a tabela 1"}
    assert offline.show(path, "d2")["erased"]
    receipt = offline.prove(path, "d1")
    assert verify_receipt(receipt, public_key_of(path))
    assert len(offline.prove_growth(path, 3)) > 0
    with pytest.raises(NotFoundError):
        offline.show(path, "unknown")
    with pytest.raises(NotFoundError):
        offline.prove_growth(path, 8)
    with pytest.raises(LedgerError):
        offline.show(path.with_name("other.db"), "d1")
    key_path(path).rename(path.with_name("away"))
    assert verify(path).ok


def test_receipt_stands_alone_and_cannot_be_bent(path: Path) -> None:
    receipt, key = offline.prove(path, "d1"), public_key_of(path)
    other = offline.prove(path, "d3")
    bent: list[Receipt] = [
        replace(receipt, leaf_index=2),
        replace(receipt, leaf_hash=other.leaf_hash),
        replace(receipt, leaf_hash="xyz"),
        replace(receipt, tree_size=6),
        replace(receipt, root_hash=other.leaf_hash),
        replace(receipt, inclusion=other.inclusion),
        replace(receipt, inclusion=()),
        replace(receipt, checkpoint=receipt.checkpoint.replace("7", "8", 1)),
    ]
    assert verify_receipt(receipt, key)
    assert [verify_receipt(each, key) for each in bent] == [False] * len(bent)


def test_every_finding_is_worded() -> None:
    names = {key.rpartition(".")[2] for key in catalogue() if key.startswith("ledger.finding.")}
    assert names >= {finding for finding, _ in TAMPERINGS.values()} | {"anchor"}
    assert Finding("missing", "nodes/3").render("pt") == "nodes/3: falta"


@pytest.mark.parametrize("arguments", [[], ["x"], ["x", "--public-key", "nonsense"]])
def test_second_verifier_called_wrongly(arguments: list[str]) -> None:
    assert independent.main(arguments) == 64
