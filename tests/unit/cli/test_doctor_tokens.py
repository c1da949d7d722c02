"""What `hive doctor` says about who may call."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_hive.cli.doctor import _tokens
from neural_hive.settings import load_settings
from tests.unit.tokens.issuer import issuing


def test_alone_on_this_machine_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(_tokens(load_settings(data_dir=tmp_path), "en")) == []


def test_an_address_that_is_open_to_all_is_bad(tmp_path: Path) -> None:
    (finding,) = _tokens(load_settings(data_dir=tmp_path, host="0.0.0.0"), "en")  # noqa: S104 -- what is examined
    assert finding.state == "bad"
    assert "HIVE_HOST" in finding.seen


@pytest.mark.parametrize(("broken", "state", "said"), [(None, "ok", "2 keys"), (503, "bad", "HTTP 503"), (b"{}", "bad", "no key")])
def test_the_issuer_is_asked_for_its_keys(broken: int | bytes | None, state: str, said: str, tmp_path: Path) -> None:
    with issuing() as issuer:
        issuer.broken = broken
        direct = issuer.auth(jwks_url=f"{issuer.url}/keys")
        (finding,) = _tokens(load_settings(data_dir=tmp_path).model_copy(update={"auth": direct}), "en")
    assert (finding.state, said in finding.seen) == (state, True)


def test_a_worker_without_a_token_of_its_own_is_worth_a_note(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a.b.c")
    places = {"queue": "redis://127.0.0.1:1/0", "specialists": {"technical": "grpc://127.0.0.1:1"}}
    settings = load_settings(data_dir=tmp_path, **places)
    with issuing() as issuer:
        for auth, states in ((issuer.auth(), ["ok", "note"]), (issuer.auth(token_file=file), ["ok"])):
            assert [finding.state for finding in _tokens(settings.model_copy(update={"auth": auth}), "pt")] == states
