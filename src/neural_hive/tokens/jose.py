"""The only place that verifies signatures: PyJWT, told the one key and the one algorithm that may hold.

Nothing in a token's own header chooses how it is verified. The header names a key of the issuer's; the key says the
algorithm. So `alg: none`, or HMAC with a public key as the secret, finds no key, and keys in the header are not read.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
import msgspec
from jwt import PyJWK

from neural_hive.settings import Auth
from neural_hive.tokens.base import SCOPES, Caller, TokenError, name_of

if TYPE_CHECKING:
    from jwt.types import Options

_MOST_KEYS = 64
_RSA_BITS = (2048, 8192)
_NAMED = 256  # characters of a key's id
_KINDS = {"RSA": "RS256", "EC": "ES256"}
_TYPES = ("jwt", "at+jwt", "application/at+jwt")  # what a token may say it is (RFC 9068); a logout token is something else
_OPTIONS: Options = {"require": ["exp", "iss", "aud", "sub"]}
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "error.token_expired"),
    (jwt.InvalidAudienceError, "error.token_audience"),
    (jwt.InvalidIssuerError, "error.token_issuer"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of the issuer.

    Attributes:
        kid: Its id, None when it has none.
        algorithm: The one that it is for.
        public: The key itself.
        mark: Tells whether two keys are the same.
    """

    kid: str | None
    algorithm: str
    public: Any = field(compare=False, repr=False)
    mark: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a token says, unverified, about how it is signed."""

    kid: str | None
    algorithm: str


def usable_keys(document: dict[str, Any], algorithms: tuple[str, ...]) -> tuple[Key, ...]:
    """The keys of a JWKS document that signatures can be verified with; those that are weak, secret or for something else are left out."""
    listed = document.get("keys")
    found = [_key(each, algorithms) for each in listed[:_MOST_KEYS]] if isinstance(listed, list) else []
    return tuple(key for key in found if key is not None)


def head_of(token: str, algorithms: tuple[str, ...]) -> Head:
    """How a token is signed.

    Raises:
        TokenError: Not in a way that is accepted.
    """
    try:
        head = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenError("error.token_invalid") from None
    kid, algorithm, kind = head.get("kid"), head.get("alg"), head.get("typ", "JWT")
    plain = "crit" not in head and "b64" not in head and isinstance(kind, str) and kind.lower() in _TYPES
    if not _is_name(kid) or not plain or not isinstance(algorithm, str) or algorithm not in algorithms or not _canonical(token):
        raise TokenError("error.token_invalid")
    return Head(kid, algorithm)


def caller_of(token: str, key: Key, auth: Auth) -> Caller:
    """Who a token stands for.

    Raises:
        TokenError: The key did not sign it, or it is not for here and now.
    """
    try:
        said = jwt.decode(
            token,
            key.public,
            algorithms=[key.algorithm],
            audience=auth.audience,
            issuer=auth.issuer,
            leeway=auth.leeway,
            options=_OPTIONS,
        )
        subject, until = said["sub"], float(said["exp"]) + auth.leeway
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise TokenError(next((name for kind, name in _REASONS if isinstance(error, kind)), "error.token_invalid")) from None
    if not isinstance(subject, str) or not subject:
        raise TokenError("error.token_invalid")
    return Caller(name=name_of(str(auth.issuer), subject), client=_client(said), scopes=_scopes(said), until=until)


def _key(given: Any, algorithms: tuple[str, ...]) -> Key | None:
    """A key of the set, None when it must not be used."""
    try:
        algorithm, kid = _KINDS[given["kty"]], given.get("kid")
        if algorithm not in algorithms or not _is_for_signatures(given, algorithm) or not _is_name(kid):
            return None
        public = PyJWK(given, algorithm=algorithm).key
        mark = msgspec.json.encode(given, order="deterministic").decode()
        return Key(kid, algorithm, public, mark) if _is_strong(given, public) else None
    except Exception:  # noqa: BLE001 -- whatever is wrong with one key, it is not used, and the others are
        return None


def _is_for_signatures(given: dict[str, Any], algorithm: str) -> bool:
    """Members "d" and "k" are secret parts, which stand there for everybody to read."""
    stated = given.get("alg", algorithm) == algorithm and given.get("use", "sig") == "sig" and "verify" in given.get("key_ops", ["verify"])
    return stated and "d" not in given and "k" not in given


def _is_strong(given: dict[str, Any], public: Any) -> bool:
    if given["kty"] == "EC":
        return bool(given["crv"] == "P-256")
    return bool(_RSA_BITS[0] <= public.key_size <= _RSA_BITS[1] and public.public_numbers().e >= 65_537)


def _is_name(kid: Any) -> bool:
    return kid is None or (isinstance(kid, str) and 0 < len(kid) <= _NAMED)


def _canonical(token: str) -> bool:
    """Whether the signature is written as it must be: unused bits of its last character would let one token be written in several ways."""
    signature = token.rpartition(".")[2]
    try:
        decoded = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except (binascii.Error, ValueError):
        return False
    return base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == signature


def _scopes(said: dict[str, Any]) -> frozenset[str]:
    """The scopes of ours: `scope` (RFC 9068) or `scp`, words in a row or a list of words."""
    given = said.get("scope", said.get("scp", ()))
    words = given.split(" ") if isinstance(given, str) else given if isinstance(given, list) else ()
    return frozenset(scope for scope in SCOPES if scope in words)


def _client(said: dict[str, Any]) -> str:
    given = said.get("azp", said.get("client_id", ""))
    return given if isinstance(given, str) and len(given) <= _NAMED else ""
