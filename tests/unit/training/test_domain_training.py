"""The labelled texts in the tree, and the file that training makes of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from neural_hive.evaluation.cases import load_cases
from neural_hive.training.domain import cross_validate, main, readings, report
from neural_hive.types import Domain

ROOT = Path(__file__).resolve().parents[3]
LABELLED = ROOT / "evals" / "train" / "domain.json"
PACKAGED = ROOT / "src" / "neural_hive" / "understanding" / "data" / "domain.toml"
FEW = 160


def test_twins_share_a_label_and_none_is_measured_elsewhere() -> None:
    cases = load_cases(LABELLED)
    labels: dict[str, set[tuple[str, ...]]] = {}
    for case in cases:
        labels.setdefault(case.group, set()).add(case.domains)
    assert all(len(found) == 1 for found in labels.values())
    assert {domain for case in cases for domain in case.domains} <= {domain.value for domain in Domain}
    measured = {case.group for path in (ROOT / "evals" / "dev").glob("*.json") for case in load_cases(path)}
    assert not measured & set(labels)


def test_training_replaces_only_the_learned_part(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cases")
    data, out = folder / "few.json", folder / "domain.toml"
    lines = LABELLED.read_text(encoding="utf-8").splitlines()[1 : FEW + 1]
    data.write_text("[" + "\n".join(lines).rstrip(",") + "]", encoding="utf-8")
    out.write_text(PACKAGED.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["--data", str(data), "--out", str(out)]) == 0
    once = out.read_bytes()
    main(["--data", str(data), "--out", str(out)])
    assert out.read_bytes() == once
    made, before = tomllib.loads(once.decode()), tomllib.loads(PACKAGED.read_text(encoding="utf-8"))
    assert made["weights"] != before["weights"]
    assert {key: value for key, value in made.items() if key != "weights"} == {
        key: value for key, value in before.items() if key != "weights"
    }


def test_cross_validation_answers_for_every_text_once() -> None:
    data = readings(load_cases(LABELLED)[:FEW])
    answers = cross_validate(data, 4)
    assert sorted(case.id for case, _ in answers) == sorted(reading.case.id for reading in data)
    assert "twins agree" in report(answers)
