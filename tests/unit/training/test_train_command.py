"""`hive train` from the command line: what it says, what it writes, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neural_hive.cli import main
from neural_hive.models import FolderModels

EVALS = Path(__file__).resolve().parents[3] / "evals"
Hive = Callable[..., tuple[int, str]]


@pytest.fixture
def hive(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hive:
    monkeypatch.setenv("HIVE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(EVALS.parent)

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(words)
        streams = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, streams.out + streams.err

    return run


@pytest.fixture
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    rows = json.loads((EVALS / "dev" / "scenarios.json").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("cases") / "dev.json"
    path.write_text(json.dumps(rows[:40]), encoding="utf-8")
    return str(path)


def test_it_says_what_was_gained_and_writes_only_what_may_be_in_force(hive: Hive, few: str, tmp_path: Path) -> None:
    out = tmp_path / "models"
    words = ("train", "technical", "--data", few, "--gate", few, "--out", str(out), "--lang", "pt")
    code, said = hive(*words)
    found = FolderModels(out).current("technical")
    assert "perda logarítmica" in said
    assert (code == 0) is (found is not None)
    if found is None:
        assert "Piorou" in said
        return
    assert found[0].version in said
    code, said = hive(*words)
    assert code == 0
    assert "já está em uso" in said


def test_without_a_place_it_only_tells(hive: Hive, few: str, tmp_path: Path) -> None:
    code, said = hive("train", "evolution", "--data", few, "--gate", few, "--seed", "5", "--lang", "en")
    assert code in (0, 1)
    assert "in force" in said
    assert "specialist's Brier score" in said
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("technical", "--data", "evals/test"), "test set"),
        (("reader", "--data", "evals/test", "--out", "nowhere"), "test set"),
        (("reader", "--data", "evals/dev"), "--out DIR"),
        (("nobody", "--data", "evals/dev"), "technical"),
        (("technical", "--data", "evals/dev", "--publish"), "mlflow+http://"),
        (("technical", "--data", "evals/dev", "--publish", "--out", "nowhere"), "Choose one"),
        (("technical", "--data", "no-such-folder"), "no-such-folder"),
        (("technical", "--data", "evals/dev", "--leave-out", "evals/dev/corpus.json"), "--leave-out is not for technical"),
        (("technical", "--data", "evals/dev", "--version", "2"), "--version is not for technical"),
        (("technical", "--data", "evals/dev", "--models", "mlflow+http://127.0.0.1:9"), "Give --publish as well"),
        (("reader", "--data", "evals/dev", "--out", "nowhere", "--publish", "--seed", "0"), "--publish, --seed is not for reader"),
        (("reader", "--data", "evals/dev", "--out", "nowhere", "--gate", "evals/dev", "--models", "x"), "--gate, --models is not for"),
    ],
)
def test_what_cannot_be_done_is_refused(words: tuple[str, ...], told: str, hive: Hive) -> None:
    code, said = hive("train", *words, "--lang", "en")
    assert code == 64
    assert told in said
