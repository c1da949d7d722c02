"""Who is believed, and everybody who is not; real keys and a real server that publishes them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import string
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.settings import Auth
from neural_hive.tokens.base import SCOPES, ScopeError, TokenError, bearer_in, name_of, shown, signed_by
from neural_hive.tokens.oidc import OidcGuard
from neural_hive.tokens.opening import guard_of, open_guard
from neural_hive.understanding.privacy import mask
from tests.unit.tokens.attacks import ATTACKS, UNUSABLE
from tests.unit.tokens.issuer import Issuer, ec_key, issuing, jwk, rsa_key

ALPHABET = string.ascii_letters + string.digits + "-_.=~ é"


@pytest.fixture(scope="module")
def mint() -> Iterator[Issuer]:
    """One that also publishes keys that must not be used; tests do not change it."""
    with issuing() as issuer:
        issuer.keys += UNUSABLE
        yield issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture
async def guard(mint: Issuer) -> OidcGuard:
    made = OidcGuard(mint.auth())
    await made.admit(mint.token(), "intents:write")
    return made


async def test_good_tokens_are_believed(mint: Issuer, guard: OidcGuard) -> None:
    for token in (
        mint.token(),
        mint.token(aud=["other", "hive"]),
        mint.token(head={"typ": "at+jwt"}),
        mint.token(key=ec_key(1), kid="e1", alg="ES256"),
        mint.token(exp=int(time.time()) - 10),  # clocks may differ
    ):
        for _ in range(2):  # verified, then remembered
            caller = await guard.admit(token, "decisions:read")
            assert (caller.client, caller.scopes) == ("console", frozenset(SCOPES))
            assert caller.name == name_of(mint.url, "ana")


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_is_refused(attack: str, mint: Issuer, guard: OidcGuard) -> None:
    token = ATTACKS[attack](mint)
    for _ in range(2):
        with pytest.raises(TokenError) as refused:
            await guard.admit(token, "intents:write")
        assert 'error="invalid_token"' in refused.value.challenge
        assert refused.value.__cause__ is None
        assert not token or token not in repr(refused.value)


@pytest.mark.parametrize(
    ("claims", "key"),
    [
        ({"exp": 1_700_000_000}, "token_expired"),
        ({"aud": "payroll"}, "token_audience"),
        ({"iss": "https://elsewhere.example"}, "token_issuer"),
    ],
)
async def test_what_a_caller_can_mend_is_told(claims: dict[str, Any], key: str, mint: Issuer, guard: OidcGuard) -> None:
    with pytest.raises(TokenError) as refused:
        await guard.admit(mint.token(**claims), "intents:write")
    assert refused.value.key == f"error.{key}"
    with pytest.raises(TokenError) as forged:  # who signed it is looked at first, so a forger learns nothing
        await guard.admit(mint.token(key=rsa_key(2), **claims), "intents:write")
    assert forged.value.key == "error.token_invalid"


@pytest.mark.parametrize("key", [("r1", "RS256"), ("e1", "ES256")])
@given(data=st.data())
def test_a_token_with_one_character_changed_is_refused(key: tuple[str, str], data: st.DataObject, mint: Issuer) -> None:
    kid, algorithm = key
    token = mint.token(key=rsa_key(1) if kid == "r1" else ec_key(1), kid=kid, alg=algorithm)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([each for each in ALPHABET if each != token[place]]))
    guard = OidcGuard(mint.auth())

    async def told() -> None:
        await guard.admit(token, "intents:write")
        with pytest.raises(TokenError):
            await guard.admit(token[:place] + other + token[place + 1 :], "intents:write")

    asyncio.run(told())


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda noise: noise.decode("latin-1")))
def test_noise_is_no_token(noise: str) -> None:
    with pytest.raises(TokenError):
        bearer_in([f"Bearer {noise}"])


async def test_last_characters_of_every_signature_count(mint: Issuer, guard: OidcGuard) -> None:
    """Each of the other 63 letters in the last place, where bits are left over."""
    token = mint.token(key=ec_key(1), kid="e1", alg="ES256")
    for letter in set(string.ascii_letters + string.digits + "-_") - {token[-1]}:
        with pytest.raises(TokenError):
            await guard.admit(token[:-1] + letter, "intents:write")


@pytest.mark.parametrize(
    ("claims", "held"),
    [
        ({"scope": "openid intents:write"}, {"intents:write"}),
        ({"scope": None, "scp": ["ledger:read", 5]}, {"ledger:read"}),
        ({"scope": None, "scp": "decisions:read"}, {"decisions:read"}),
        ({"scope": "intents:writer xintents:write"}, set()),
        ({"scope": "INTENTS:WRITE"}, set()),
        ({"scope": {"intents:write": True}}, set()),
        ({"scope": None}, set()),
    ],
)
async def test_a_scope_is_what_the_token_says(claims: dict[str, Any], held: set[str], mint: Issuer, guard: OidcGuard) -> None:
    for scope in SCOPES:
        if scope in held:
            assert (await guard.admit(mint.token(**claims), scope)).scopes == held
            continue
        with pytest.raises(ScopeError) as refused:
            await guard.admit(mint.token(**claims), scope)
        assert refused.value.challenge.endswith(f'error="insufficient_scope", scope="{scope}"')


async def test_a_remembered_token_ends_when_it_ends(issuer: Issuer) -> None:
    guard = OidcGuard(issuer.auth(leeway=0))
    token = issuer.token(exp=int(time.time()) + 2)
    await guard.admit(token, "intents:write")
    assert len(guard._known) == 1
    await asyncio.sleep(2.05)
    with pytest.raises(TokenError):
        await guard.admit(token, "intents:write")


async def test_remembered_tokens_are_bounded_and_nowhere_in_words(mint: Issuer, guard: OidcGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neural_hive.tokens.oidc._REMEMBERED", 3)
    tokens = [mint.token(sub=f"person {number}") for number in range(6)]
    for token in tokens:
        await guard.admit(token, "intents:write")
    assert len(guard._known) == 3
    held = repr([guard._known, vars(guard._keys), await guard.admit(tokens[-1], "intents:write")])
    assert not any(token in held or token.rpartition(".")[2] in held or "person" in held for token in tokens)


async def test_nothing_is_logged_of_a_token(mint: Issuer, guard: OidcGuard, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for token in (mint.token(), mint.token(key=rsa_key(2)), mint.token(kid="secret-kid")):
        try:
            await guard.admit(token, "intents:write")
        except TokenError:
            continue
    assert "eyJ" not in caplog.text
    assert "secret-kid" not in caplog.text


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ([], "token_missing"),
        (["Basic YTpi"], "token_missing"),
        (["Bearer"], "token_invalid"),
        (["Bearer a.b"], "token_invalid"),
        (["Bearer a.b.c", "Bearer a.b.c"], "token_invalid"),
        (["Bearer a.b.c d.e.f"], "token_invalid"),
        (["Bearer a.b.c, Bearer d.e.f"], "token_invalid"),
    ],
)
def test_a_header_holds_one_token(values: list[str], key: str) -> None:
    with pytest.raises(TokenError) as refused:
        bearer_in(values)
    assert refused.value.key == f"error.{key}"
    assert ("error=" in refused.value.challenge) is (key != "token_missing")
    assert bearer_in(["bEARER a-_.B9.c"]) == "a-_.B9.c"
    assert shown() == ""


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_the_name_of_a_caller_is_no_personal_data(issuer: str, subject: str) -> None:
    name = name_of(issuer, subject)
    assert len(name) == 32
    assert mask(f"caller:{name}").text == f"caller:{name}"


def test_an_auditor_finds_the_same_name() -> None:
    line = """printf '%s %s' "$ISS" "$SUB" | sha256sum | cut -c1-32 | tr 0-9a-f a-p"""
    variables = {"ISS": "https://id.example", "SUB": "joão 7", "PATH": "/usr/bin:/bin"}
    found = subprocess.run(["/bin/sh", "-c", line], env=variables, capture_output=True, check=True).stdout.decode().strip()
    assert found == name_of("https://id.example", "joão 7")
    assert found != hashlib.sha256(b"https://id.example jo").hexdigest()[:32]
    assert signed_by("", None) == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"issuer": None}, "HIVE_AUTH__ISSUER"),
        ({"audience": None}, "HIVE_AUTH__AUDIENCE"),
        ({"audience": ""}, "HIVE_AUTH__AUDIENCE"),
        ({"issuer": "http://id.example"}, "https"),
        ({"issuer": "id.example"}, "https"),
        ({"issuer": "https://[", "jwks_url": None}, "https"),
        ({"jwks_url": "file:///etc/passwd"}, "auth.jwks_url"),
        ({"jwks_url": "keys"}, "auth.jwks_url"),
    ],
)
def test_settings_that_cannot_guard_are_refused_at_the_start(more: dict[str, str | None], said: str) -> None:
    auth = Auth.model_validate({"mode": "oidc", "issuer": "https://id.example", "audience": "hive"} | more)
    with pytest.raises(SettingsError, match=said):
        guard_of(auth)


async def test_without_authentication_there_is_no_guard() -> None:
    assert guard_of(Auth()) is None
    async with open_guard(Auth()) as guard:
        assert guard is None
    inside = Auth(mode="oidc", issuer="http://id.example", audience="hive", jwks_url="http://keys.internal/keys")
    assert isinstance(guard_of(inside), OidcGuard)  # the operator says that the network is theirs


@pytest.mark.parametrize("kid", [None, "r1"])
async def test_a_token_may_leave_out_which_key_when_there_is_one(kid: str | None, issuer: Issuer) -> None:
    issuer.keys = [jwk(rsa_key(1), kid)]
    guard = OidcGuard(issuer.auth())
    assert (await guard.admit(issuer.token(kid=None), "intents:write")).client == "console"
    assert issuer.asked == 1
    for wrong in (issuer.token(key=rsa_key(2), kid=None), issuer.token(kid="r2"), issuer.token(key=ec_key(1), kid=None, alg="ES256")):
        with pytest.raises(TokenError):
            await guard.admit(wrong, "intents:write")


async def test_keys_under_one_name_are_none(issuer: Issuer) -> None:
    issuer.keys = [jwk(rsa_key(1), "same"), jwk(rsa_key(2), "same")]
    with pytest.raises(TokenError):
        await OidcGuard(issuer.auth()).admit(issuer.token(kid="same"), "intents:write")


async def test_an_algorithm_may_be_ruled_out(issuer: Issuer) -> None:
    guard = OidcGuard(issuer.auth(algorithms=["ES256"]))
    await guard.admit(issuer.token(key=ec_key(1), kid="e1", alg="ES256"), "intents:write")
    with pytest.raises(TokenError):
        await guard.admit(issuer.token(), "intents:write")


async def test_without_keys_nobody_is_let_in_and_nobody_is_told_to_be_wrong(issuer: Issuer) -> None:
    issuer.broken = 503
    with pytest.raises(UnavailableError):
        await OidcGuard(issuer.auth()).admit(issuer.token(), "intents:write")
