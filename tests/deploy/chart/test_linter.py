"""kube-linter on every setup: all of its checks, but for those that deploy/helm/kube-linter.yaml argues away."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.deploy.chart import rendering
from tests.deploy.chart.places import CHART
from tests.deploy.chart.rendering import SETUPS
from tests.services import kubelinter

pytestmark = pytest.mark.real


def linted(path: Path) -> subprocess.CompletedProcess[str]:
    line = [*kubelinter.obtain().argv, "lint", "--config", str(CHART.parent / "kube-linter.yaml"), str(path)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("setup", SETUPS)
def test_it_finds_nothing(setup: str, tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text(rendering.text(SETUPS[setup]), encoding="utf-8")
    done = linted(tmp_path / "chart.yaml")
    assert done.returncode == 0, done.stdout


def test_it_would_see_a_privileged_container(tmp_path: Path) -> None:
    wrong = rendering.text(SETUPS["local"]).replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
    (tmp_path / "chart.yaml").write_text(wrong, encoding="utf-8")
    done = linted(tmp_path / "chart.yaml")
    assert done.returncode != 0
    assert "privilege-escalation-container" in done.stdout
