"""Where a setting comes from, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_hive.errors import SettingsError
from neural_hive.settings import field_names, load_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("HIVE_CONFIG", str(path))
    return path


def test_option_beats_environment_beats_file_beats_default(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().port == 8000
    file.write_text("port = 8001\nlanguage = 'pt'\n", encoding="utf-8")
    assert load_settings().port == 8001
    monkeypatch.setenv("HIVE_PORT", "8002")
    assert load_settings().port == 8002
    assert load_settings(port=8003).port == 8003
    assert load_settings(port=None).port == 8002
    assert load_settings().language == "pt"


def test_nested_settings_have_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_LIMITS__MAX_TASKS", "7")
    monkeypatch.setenv("HIVE_SPECIALISTS__TECHNICAL", "grpc://host:50051")
    settings = load_settings()
    assert settings.limits.max_tasks == 7
    assert settings.limits.max_text_chars == 10_000
    assert settings.specialists == {"technical": "grpc://host:50051"}


def test_the_stores_follow_the_data_directory(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert settings.ledger_url == f"sqlite:///{tmp_path}/ledger.db"
    assert settings.graph_url == f"sqlite:///{tmp_path}/graph.db"
    assert load_settings(data_dir=tmp_path, ledger="sqlite:///else.db").ledger_url == "sqlite:///else.db"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("HIVE_PORT", "99999", "HIVE_PORT"), ("HIVE_LIMITS__MAX_TASKS", "none", "HIVE_LIMITS__MAX_TASKS"), ("HIVE_SPECIALISTS", "{", "HIVE")],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=shown):
        load_settings()


@pytest.mark.parametrize("content", ["prot = 1\n", "port = \n", "[limits]\nmax_task = 3\n"])
def test_a_wrong_file_is_refused(content: str, file: Path) -> None:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError):
        load_settings()


def test_every_setting_has_a_dotted_name() -> None:
    assert "limits.max_body_bytes" in field_names()
    assert "data_dir" in field_names()
