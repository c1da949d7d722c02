"""What a command may say, and in which language."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.cli import terminal


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {"LANG": "pt_BR.UTF-8"}, "pt"),
        ([], {"LANG": "C"}, "en"),
        ([], {"LANG": "pt_BR.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "HIVE_LANGUAGE": "pt"}, "pt"),
        (["review", "--lang", "en", "x"], {"LANG": "pt_BR.UTF-8"}, "en"),
        (["review", "--lang=pt"], {}, "pt"),
        (["review", "--", "--lang", "pt"], {}, "en"),
    ],
)
def test_the_language_of_a_call(arguments: list[str], environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "HIVE_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert terminal._language_of(arguments) == expected


def test_words_of_other_people_command_no_terminal() -> None:
    assert terminal.clean("ok\x1b[2Jgone\x07") == "ok\N{REPLACEMENT CHARACTER}[2Jgone\N{REPLACEMENT CHARACTER}"
    assert "\u202e" not in terminal.clean("a\u202eb")
    assert terminal.line(" a\n\tb ") == "a b"
    assert terminal.clean("ação ✔ 🐝") == "ação ✔ 🐝"


@given(st.text())
def test_no_control_character_survives(words: str) -> None:
    assert not [sign for sign in terminal.line(words) if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co")]
