"""The guard of `auth.mode=oidc`: tokens of one issuer, verified with its keys, remembered until they end."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from contextlib import AbstractAsyncContextManager
from typing import Any

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.ops import Check
from neural_hive.settings import Auth
from neural_hive.tokens import jose
from neural_hive.tokens.base import Caller, Scope, ScopeError, formed
from neural_hive.tokens.fetch import document, is_http, is_safe
from neural_hive.tokens.keys import Keys

_REMEMBERED = 4096  # tokens
_DISCOVERY = "/.well-known/openid-configuration"


class OidcGuard:
    """Believes tokens of the issuer that the settings name.

    Args:
        auth: With issuer and audience.
        keys: Of the issuer; those of the settings when None.

    Raises:
        SettingsError: Something is missing, or keys would be fetched over a connection that anybody could change.
    """

    def __init__(self, auth: Auth, keys: Keys | None = None) -> None:
        _check(auth)
        self._auth = auth
        self._keys = keys or Keys(lambda: _keys(auth), auth.refresh)
        self._known: OrderedDict[bytes, Caller] = OrderedDict()
        self._version = self._keys.version

    async def admit(self, token: str, scope: Scope) -> Caller:
        """Who calls; errors as in the port."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        caller = self._recalled(digest)
        if caller is None:
            caller = await self._verified(formed(token))
            self._remember(digest, caller)
        if scope not in caller.scopes:
            raise ScopeError(scope)
        return caller

    def checks(self) -> dict[str, Check]:
        """Whether the issuer answers, and whether there are keys that can be used."""
        return {"issuer": self._keys.issuer, "token-keys": self._keys.held}

    def watching(self) -> AbstractAsyncContextManager[None]:
        """Keeps the keys fresh until the block ends."""
        return self._keys.watching()

    async def _verified(self, token: str) -> Caller:
        head = jose.head_of(token, self._auth.algorithms)
        return jose.caller_of(token, await self._keys.key(head), self._auth)

    def _recalled(self, digest: bytes) -> Caller | None:
        """What this token was found to say, while it holds and with the keys that it was verified with."""
        self._follow()
        caller = self._known.get(digest)
        return caller if caller is not None and caller.until > time.time() else None

    def _follow(self) -> None:
        """Forget everything when there are other keys, or none that can be used any more."""
        if self._version != self._keys.version or not self._keys.usable:
            self._known.clear()
            self._version = self._keys.version

    def _remember(self, digest: bytes, caller: Caller) -> None:
        """Remember what was verified a moment ago, with the keys that there are now."""
        self._follow()
        self._known[digest] = caller
        self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


async def _keys(auth: Auth) -> tuple[jose.Key, ...]:
    """Ask the issuer for its keys; raises UnavailableError."""
    return jose.usable_keys(await document(auth.jwks_url or await _discovered(str(auth.issuer))), auth.algorithms)


async def _discovered(issuer: str) -> str:
    found: dict[str, Any] = await document(issuer.rstrip("/") + _DISCOVERY)
    url = found.get("jwks_uri")
    if found.get("issuer") != issuer or not isinstance(url, str) or not is_safe(url):
        raise UnavailableError("error.issuer_discovery", issuer=issuer)
    return url


def _check(auth: Auth) -> None:
    for name in ("issuer", "audience"):
        if not getattr(auth, name):
            raise SettingsError("error.auth_incomplete", setting=f"auth.{name}", variable=f"HIVE_AUTH__{name.upper()}")
    if auth.jwks_url is not None and not is_http(auth.jwks_url):
        raise SettingsError("error.auth_url", setting="auth.jwks_url")
    if auth.jwks_url is None and not is_safe(str(auth.issuer)):
        raise SettingsError("error.auth_insecure", setting="auth.issuer")
