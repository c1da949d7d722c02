"""Tokens that this process shows itself, and addresses that may be listened on without any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neural_hive.errors import MissingDriverError, SettingsError
from neural_hive.settings import Auth
from neural_hive.tokens.exposure import check_exposed, is_loopback
from neural_hive.tokens.opening import guard_of
from neural_hive.tokens.own import TokenFile, own_token, token_file


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a.b.c\n")
    token = TokenFile(file)
    assert token() == "a.b.c"
    later = tmp_path / "later"
    later.write_text("d.e.f")
    later.replace(file)  # as a mounted secret is replaced
    assert token() == "d.e.f"
    file.write_text("no token")
    assert token() == "d.e.f"
    file.unlink()
    assert token() == "d.e.f"
    file.write_text("g.h.i")
    assert token() == "g.h.i"


@pytest.mark.parametrize("content", [b"", b"a.b", b"a.b.c d.e.f", b"\xff", b"Bearer a.b.c", b"a." * 9000])
def test_a_file_without_a_token_is_a_setting_error_that_does_not_quote_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="token_file") as refused:
        token_file(Auth(token_file=file))
    assert content == b"" or content.decode("latin-1") not in str(refused.value)


def test_what_the_command_line_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("a.b.c")
    assert own_token(Auth()) == ""
    assert own_token(Auth(token_file=file)) == "a.b.c"
    monkeypatch.setenv("HIVE_TOKEN", " d.e.f\n")
    assert own_token(Auth(token_file=file)) == "d.e.f"
    monkeypatch.setenv("HIVE_TOKEN", "secret")
    with pytest.raises(SettingsError, match="HIVE_TOKEN") as refused:
        own_token(Auth())
    assert "secret" not in str(refused.value)
    monkeypatch.delenv("HIVE_TOKEN")
    with pytest.raises(SettingsError, match=os.strerror(2)):
        own_token(Auth(token_file=tmp_path / "none"))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LocalHost", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),  # noqa: S104 -- refused
        ("::", False),
        ("", False),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.1", False),  # the resolver would take it, but nobody writes it by chance
        ("hive", False),
    ],
)
def test_without_tokens_only_loopback_is_listened_on(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    for auth, mutual in ((Auth(allow_anonymous=True), False), (Auth(), True), (Auth(mode="oidc"), False)):
        check_exposed(auth, host, setting="host", mutual=mutual)
    if loopback:
        check_exposed(Auth(), host, setting="host")
        return
    with pytest.raises(SettingsError, match="HIVE_AUTH__ALLOW_ANONYMOUS") as refused:
        check_exposed(Auth(), host, setting="host (HIVE_HOST)")
    assert "HIVE_HOST" in refused.value.render("pt")


def test_without_the_driver_the_message_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jwt", "neural_hive.tokens.oidc", "neural_hive.tokens.jose", "neural_hive.tokens.keys"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(MissingDriverError, match=r"neural-hive-mind\[auth\]"):
        guard_of(Auth(mode="oidc", issuer="https://id.example", audience="hive"))


def test_where_no_token_is_asked_for_nothing_that_verifies_is_loaded() -> None:
    line = "import sys, neural_hive.gateway.server, neural_hive.station.process, neural_hive.transport.client; print('jwt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], capture_output=True, check=True).stdout == b"False\n"


def test_a_file_that_is_gone_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Five specialists ask for it with each decision."""
    file = tmp_path / "token"
    file.write_text("a.b.c")
    token = TokenFile(file)
    for _ in range(2):
        file.unlink()
        assert {token() for _ in range(5)} == {"a.b.c"}
        file.write_text("a.b.c")
        assert token() == "a.b.c"
    assert len(caplog.records) == 2
