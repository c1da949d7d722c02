"""Who calls and what they may do; nothing here knows how a token is verified.

Scopes are those of the issue's contract: each route and each call of a specialist names the one that it needs.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

from neural_hive.errors import InputError
from neural_hive.ops import Check

Scope = Literal["intents:write", "decisions:read", "decisions:approve", "ledger:read"]

SCOPES: tuple[Scope, ...] = ("intents:write", "decisions:read", "decisions:approve", "ledger:read")
MOST_CHARS = 8192
"""Characters of a token; a longer one is refused unread."""

_REALM = 'Bearer realm="neural-hive"'
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_SIGNED = re.compile(r"(?:^| )(caller:[a-p]{32})\Z")


class AccessError(InputError):
    """Whoever calls may not do this as they ask it."""

    @property
    def challenge(self) -> str:
        """The value of `WWW-Authenticate` (RFC 6750, section 3)."""
        return _REALM


class TokenError(AccessError):
    """There is no token, or none that can be believed."""

    @property
    def challenge(self) -> str:
        """As `AccessError.challenge`; why, unless no token was shown at all."""
        if self.key in ("error.token_missing", "error.token_page"):
            return _REALM
        return f'{_REALM}, error="invalid_token", error_description="{self.render("en")}"'


class ScopeError(AccessError):
    """The token is good and lacks a scope.

    Args:
        scope: The one that is needed.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__("error.scope_missing", scope=scope)

    @property
    def challenge(self) -> str:
        """As `AccessError.challenge`, with the scope that is needed."""
        return f'{_REALM}, error="insufficient_scope", scope="{self.scope}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a verified token says.

    Attributes:
        name: Stands for issuer and subject (see `name_of`); no part of either can be read from it.
        client: The application that the token was given to (`azp`), "" when the token does not say.
        scopes: What the caller may do.
        until: When the token ends, in seconds of the epoch.
    """

    name: str
    client: str
    scopes: frozenset[str]
    until: float


class Guard(Protocol):
    """Decides whether whoever shows a token may do something."""

    async def admit(self, token: str, scope: Scope) -> Caller:
        """Who calls.

        Raises:
            TokenError: The token cannot be believed.
            ScopeError: It lacks the scope.
            UnavailableError: The issuer's keys cannot be had.
        """
        ...

    def checks(self) -> dict[str, Check]:
        """What readiness asks; `issuer` may fail for a while, the others may not."""
        ...

    def watching(self) -> AbstractAsyncContextManager[None]:
        """Keeps the issuer's keys fresh until the block ends."""
        ...


def name_of(issuer: str, subject: str) -> str:
    """A caller as the ledger names it: SHA-256 of `issuer subject`, the first 16 bytes in letters.

    `printf '%s %s' "$ISS" "$SUB" | sha256sum | cut -c1-32 | tr 0-9a-f a-p` gives the same. Letters, because digits might
    look like personal data and be masked.
    """
    return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()[:32].translate(_LETTERS)


def signed_by(stated: str, caller: Caller | None) -> str:
    """Who asks, for the record: the name that a request states, and with a token who that token stands for."""
    return f"{stated} caller:{caller.name}".lstrip() if caller is not None else stated


def parted(signed: str) -> tuple[str, str]:
    """What stands in the words of `signed_by`: the name that was stated, and whom the token stands for, "" where there was none."""
    found = _SIGNED.search(signed)
    return (signed[: found.start()], found[1]) if found is not None else (signed, "")


def bearer_in(values: list[str]) -> str:
    """The token in the values of the header `Authorization`.

    Raises:
        TokenError: There is none, more than one, or something that has not the form of one.
    """
    if not values:
        raise TokenError("error.token_missing")
    if len(values) > 1:
        raise TokenError("error.token_invalid")
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != "bearer":
        raise TokenError("error.token_missing")
    return formed(token.strip(" "))


def formed(token: str) -> str:
    """The token itself, when it has the form of one.

    Raises:
        TokenError: It has not.
    """
    if len(token) > MOST_CHARS or not _SHAPE.fullmatch(token):
        raise TokenError("error.token_invalid")
    return token


_SHOWN: ContextVar[str] = ContextVar("token of the request that is served", default="")


def shown() -> str:
    """The verified token of the request that is served here, "" when nobody's is; it goes on to the specialists."""
    return _SHOWN.get()


def show(token: str) -> None:
    """From here on, whatever this request asks of specialists is asked with its token.

    Nothing takes it back: it ends with the request's own task, which may still be streaming when its endpoint has returned.
    """
    _SHOWN.set(token)
