"""The issuer's keys over time: they rotate, the issuer goes away and comes back, and nobody can make it be asked too often."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from neural_hive.errors import UnavailableError
from neural_hive.tokens import jose
from neural_hive.tokens.base import TokenError
from neural_hive.tokens.fetch import MOST_BYTES, document, is_safe
from neural_hive.tokens.jose import Head, Key, usable_keys
from neural_hive.tokens.keys import KEPT, Keys
from neural_hive.tokens.oidc import OidcGuard
from neural_hive.tokens.opening import open_guard
from tests.unit.tokens.attacks import UNUSABLE
from tests.unit.tokens.issuer import Issuer, ec_key, issuing, jwk, rsa_key

BOTH = ("RS256", "ES256")
TOO_LONG = json.dumps({"keys": [jwk(ec_key(1), "e7")], "padding": " " * MOST_BYTES}).encode()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def keys_of(issuer: Issuer, clock: Clock | None = None, refresh: float = 300.0) -> Keys:
    async def source() -> tuple[Key, ...]:
        return usable_keys(await document(f"{issuer.url}/keys", 1.0), BOTH)

    return Keys(source, refresh, clock or time.monotonic)


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.01)


async def test_a_new_key_is_found_by_the_first_token_that_names_it(issuer: Issuer) -> None:
    clock = Clock()
    keys = keys_of(issuer, clock)
    guard = OidcGuard(issuer.auth(), keys)
    old = issuer.token()
    await guard.admit(old, "intents:write")
    issuer.keys.append(jwk(rsa_key(2), "r2"))
    new = issuer.token(key=rsa_key(2), kid="r2")
    with pytest.raises(TokenError):  # asked a moment ago
        await guard.admit(new, "intents:write")
    clock.now += 10
    await guard.admit(new, "intents:write")
    await guard.admit(old, "intents:write")
    assert issuer.asked == 2


async def test_a_key_that_was_withdrawn_ends_its_tokens_remembered_or_not(issuer: Issuer) -> None:
    clock = Clock()
    guard = OidcGuard(issuer.auth(), keys_of(issuer, clock))
    remembered = issuer.token()
    await guard.admit(remembered, "intents:write")
    issuer.keys = [jwk(rsa_key(2), "r2")]
    clock.now += 10
    await guard.admit(issuer.token(key=rsa_key(2), kid="r2"), "intents:write")
    with pytest.raises(TokenError):
        await guard.admit(remembered, "intents:write")


async def test_keys_are_refreshed_in_the_background(issuer: Issuer) -> None:
    async with open_guard(issuer.auth(refresh=0.1)) as guard:
        assert guard is not None
        await until(lambda: issuer.asked >= 2)
        token = issuer.token()
        await guard.admit(token, "intents:write")
        issuer.keys = [jwk(rsa_key(2), "r2")]
        seen = issuer.asked
        await until(lambda: issuer.asked >= seen + 2)
        with pytest.raises(TokenError):
            await guard.admit(token, "intents:write")
    seen = issuer.asked
    await asyncio.sleep(0.3)
    assert issuer.asked <= seen + 1


async def test_unknown_keys_cannot_make_the_issuer_be_asked_often(issuer: Issuer) -> None:
    clock = Clock()
    keys = keys_of(issuer, clock)
    guard = OidcGuard(issuer.auth(), keys)
    await guard.admit(issuer.token(), "intents:write")
    for second in range(20):
        clock.now += 1
        forged = [issuer.token(key=rsa_key(2), kid=f"k{second}-{number}") for number in range(5)]
        outcomes = await asyncio.gather(*(guard.admit(each, "intents:write") for each in forged), return_exceptions=True)
        assert all(isinstance(outcome, TokenError) for outcome in outcomes)
    assert issuer.asked == 1 + 2


async def test_many_wait_for_one_fetch_and_one_that_leaves_does_not_end_it(issuer: Issuer) -> None:
    issuer.delay = 0.2
    keys = keys_of(issuer)
    waiting = [asyncio.create_task(keys.key(Head("r1", "RS256"))) for _ in range(10)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    found = await asyncio.gather(*waiting[1:])
    assert {key.kid for key in found} == {"r1"}
    assert issuer.asked == 1


async def test_old_keys_go_on_while_the_issuer_is_away_but_not_for_ever(issuer: Issuer) -> None:
    clock = Clock()
    keys = keys_of(issuer, clock)
    guard = OidcGuard(issuer.auth(), keys)
    issuer_check, held_check = guard.checks()["issuer"], guard.checks()["token-keys"]
    with pytest.raises(UnavailableError):
        await held_check()
    remembered = issuer.token()
    await guard.admit(remembered, "intents:write")
    assert await issuer_check() == "2 keys"
    issuer.broken = 503
    await keys._fetched()
    with pytest.raises(UnavailableError, match="503"):
        await issuer_check()
    clock.now += 300 + KEPT - 1
    assert await held_check() == f"{300 + KEPT - 1:.0f} s"
    await guard.admit(remembered, "intents:write")
    await guard.admit(issuer.token(sub="new"), "intents:write")
    clock.now += 2
    for token in (remembered, issuer.token(sub="newer")):
        with pytest.raises(UnavailableError):
            await guard.admit(token, "intents:write")
    with pytest.raises(UnavailableError):
        await held_check()
    issuer.broken = None
    await keys._fetched()
    await guard.admit(remembered, "intents:write")
    assert await issuer_check() == "2 keys"


@pytest.mark.parametrize("broken", [500, 302, b"", b"[]", b"{", b'{"keys": 5}', b'{"keys": []}', TOO_LONG, b"\xff"])
async def test_an_answer_that_cannot_be_used_changes_nothing(broken: int | bytes, issuer: Issuer) -> None:
    keys = keys_of(issuer)
    await keys._fetched()
    issuer.broken = broken
    await keys._fetched()
    assert (await keys.key(Head("r1", "RS256"))).kid == "r1"
    assert keys.version == 1
    with pytest.raises(UnavailableError):
        await keys.issuer()


async def test_an_issuer_that_hangs_holds_nobody_up_for_long(issuer: Issuer) -> None:
    issuer.delay = 1.0
    start = time.monotonic()
    with pytest.raises(UnavailableError, match="timeout"):
        await document(f"{issuer.url}/keys", 0.2)
    assert time.monotonic() - start < 0.8


async def test_known_tokens_do_not_wait_for_an_issuer_that_hangs(issuer: Issuer) -> None:
    clock = Clock()
    keys = keys_of(issuer, clock)
    guard = OidcGuard(issuer.auth(), keys)
    await guard.admit(issuer.token(), "intents:write")
    issuer.delay = 0.8
    clock.now += 1000  # long past the refresh
    fetching = asyncio.create_task(keys._fetched())
    await asyncio.sleep(0.05)
    start = time.monotonic()
    await guard.admit(issuer.token(sub="another"), "intents:write")
    assert time.monotonic() - start < 0.5
    await fetching


@pytest.mark.parametrize("names", [{"issuer": "https://elsewhere.example"}, {"jwks_uri": "http://keys.example/"}, {"jwks_uri": 5}])
async def test_a_discovery_document_of_another_is_not_followed(names: dict[str, object], issuer: Issuer) -> None:
    issuer.names = names
    with pytest.raises(UnavailableError) as refused:
        await OidcGuard(issuer.auth()).admit(issuer.token(), "intents:write")
    assert refused.value.key == "error.issuer_discovery"
    assert issuer.asked == 0


async def test_keys_may_stand_at_a_url_of_their_own(issuer: Issuer) -> None:
    issuer.names = {"issuer": "nobody asks for this"}
    guard = OidcGuard(issuer.auth(jwks_url=f"{issuer.url}/elsewhere"))
    await guard.admit(issuer.token(), "intents:write")
    assert issuer.asked == 1


def test_keys_that_must_not_be_used_are_left_out() -> None:
    good = [jwk(rsa_key(1), "r1"), jwk(ec_key(1), "e1")]
    found = usable_keys({"keys": [*UNUSABLE, *good, None, 5, "key", {}]}, BOTH)
    assert [(key.kid, key.algorithm) for key in found] == [("r1", "RS256"), ("e1", "ES256")]
    assert [key.kid for key in usable_keys({"keys": good}, ("ES256",))] == ["e1"]
    assert len(usable_keys({"keys": [jwk(ec_key(1), f"e{number}") for number in range(200)]}, BOTH)) == jose._MOST_KEYS


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example/keys", True),
        ("http://localhost:8080/keys", True),
        ("http://127.0.0.2/keys", True),
        ("http://[::1]:80/keys", True),
        ("http://id.example/keys", False),
        ("http://127.0.0.1.example/keys", False),
        ("http://localhost@id.example/keys", False),
        ("file:///etc/passwd", False),
        ("https:///keys", False),
        ("https://[", False),
    ],
)
def test_keys_come_over_a_connection_that_nobody_can_change(url: str, *, safe: bool) -> None:
    assert is_safe(url) is safe


async def test_whatever_goes_wrong_the_keys_are_asked_for_again() -> None:
    """A machine without a thread to spare, for a moment."""
    asked = 0

    async def source() -> tuple[Key, ...]:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise RuntimeError("can't start new thread")
        return usable_keys({"keys": [jwk(rsa_key(1), "r1")]}, BOTH)

    keys = Keys(source, 0.02)
    async with keys.watching():
        await until(lambda: keys.usable)
    assert asked >= 3


async def test_keys_that_are_too_old_are_asked_for_also_where_nobody_watches(issuer: Issuer) -> None:
    clock = Clock()
    keys = keys_of(issuer, clock)
    await keys.key(Head("r1", "RS256"))
    clock.now += 300 + KEPT
    assert (await keys.key(Head("r1", "RS256"))).kid == "r1"
    assert issuer.asked == 2
