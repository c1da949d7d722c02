"""Tokens that must be refused, by the name of what is wrong with them."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.unit.tokens.issuer import Issuer, ec_key, jwk, rsa_key, segment

PEM = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
DER = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


def unsigned(issuer: Issuer, alg: str, signature: str = "", **head: Any) -> str:
    return f"{segment({'alg': alg, 'typ': 'JWT', 'kid': 'r1'} | head)}.{segment(issuer.claims())}.{signature}"


def by_hmac(issuer: Issuer, secret: bytes, alg: str = "HS256", **head: Any) -> str:
    """Signed with a secret that everybody knows: the public key."""
    start = unsigned(issuer, alg, **head).rpartition(".")[0]
    return f"{start}.{segment(hmac.new(secret, start.encode(), hashlib.sha256).digest())}"


def public(encoding: tuple[Any, Any]) -> bytes:
    return rsa_key(1).public_key().public_bytes(*encoding)


def other_claims(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{segment(issuer.claims(sub='root'))}.{signature}"


def other_signature(issuer: Issuer) -> str:
    return issuer.token().rpartition(".")[0] + "." + issuer.token(sub="bob").rpartition(".")[2]


def written_otherwise(issuer: Issuer) -> str:
    """The same signature in other letters: the last one has bits that no decoder looks at."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = issuer.token()
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def der_signature(issuer: Issuer) -> str:
    """ECDSA as DER instead of two numbers."""
    start = unsigned(issuer, "ES256", kid="e1").rpartition(".")[0]
    return f"{start}.{segment(ec_key(1).sign(start.encode(), ec.ECDSA(hashes.SHA256())))}"


def by_hand(issuer: Issuer, number: int, kid: str, bits: int = 2048, **head: Any) -> str:
    """Signed well where the library would not: a weak key, headers that it takes out."""
    start = unsigned(issuer, "RS256", kid=kid, **head).rpartition(".")[0]
    return f"{start}.{segment(rsa_key(number, bits).sign(start.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


NOW = time.time
ATTACKS: dict[str, Callable[[Issuer], str]] = {
    "alg none": lambda it: unsigned(it, "none"),
    "alg none in other letters": lambda it: unsigned(it, "nOnE"),
    "alg none with a signature": lambda it: unsigned(it, "none", "AAAA"),
    "no alg": lambda it: f"{segment({'kid': 'r1'})}.{segment(it.claims())}.AAAA",
    "alg that is no word": lambda it: f"{segment({'alg': ['RS256'], 'kid': 'r1'})}.{segment(it.claims())}.AAAA",
    "HS256 with the public key (PEM)": lambda it: by_hmac(it, public(PEM)),
    "HS256 with the public key (DER)": lambda it: by_hmac(it, public(DER)),
    "HS256 with the modulus": lambda it: by_hmac(it, jwk(rsa_key(1), "r1")["n"].encode()),
    "HMAC under the name RS256": lambda it: by_hmac(it, public(PEM), "RS256"),
    "HS256 with a published secret": lambda it: by_hmac(it, b"k" * 32, kid="h1"),
    "RS512": lambda it: it.token(alg="RS512"),
    "PS256": lambda it: it.token(alg="PS256"),
    "ES384": lambda it: it.token(key=ec_key(1, ec.SECP384R1), kid="e1", alg="ES384"),
    "another RSA key": lambda it: it.token(key=rsa_key(2)),
    "another EC key": lambda it: it.token(key=ec_key(2), kid="e1", alg="ES256"),
    "kid of another key": lambda it: it.token(kid="e1"),
    "kid that nobody has": lambda it: it.token(kid="r9"),
    "no kid, several keys": lambda it: it.token(kid=None),
    "kid that is no word": lambda it: f"{segment({'alg': 'RS256', 'kid': 1})}.{segment(it.claims())}.AAAA",
    "empty kid": lambda it: it.token(kid=""),
    "kid as a path": lambda it: it.token(kid="../../dev/null"),
    "weak RSA key": lambda it: by_hand(it, 1, "weak", bits=1024),
    "key for encryption": lambda it: it.token(key=rsa_key(3), kid="enc"),
    "RSA key whose secret is published": lambda it: it.token(key=rsa_key(4), kid="leaked"),
    "EC key whose secret is published": lambda it: it.token(key=ec_key(4), kid="leaked too", alg="ES256"),
    "key in the header": lambda it: it.token(key=rsa_key(2), kid=None, head={"jwk": jwk(rsa_key(2), None)}),
    "key at an address in the header": lambda it: it.token(key=rsa_key(2), head={"jku": f"{it.url}/other"}),
    "crit": lambda it: it.token(head={"crit": ["exp"], "exp": 1}),
    "crit b64": lambda it: by_hand(it, 1, "r1", crit=["b64"], b64=True),
    "expired": lambda it: it.token(exp=int(NOW()) - 60),
    "nbf in the future": lambda it: it.token(nbf=int(NOW()) + 120),
    "iat in the future": lambda it: it.token(iat=int(NOW()) + 120),
    "no exp": lambda it: it.token(exp=None),
    "exp that is no number": lambda it: it.token(exp="tomorrow"),
    "exp that never comes": lambda it: it.token(exp=float("inf")),
    "wrong audience": lambda it: it.token(aud="payroll"),
    "wrong audiences": lambda it: it.token(aud=["payroll", "hive2"]),
    "no audience": lambda it: it.token(aud=None),
    "wrong issuer": lambda it: it.token(iss="https://elsewhere.example"),
    "issuer with a slash": lambda it: it.token(iss=it.url + "/"),
    "no issuer": lambda it: it.token(iss=None),
    "no subject": lambda it: it.token(sub=None),
    "empty subject": lambda it: it.token(sub=""),
    "logout token": lambda it: it.token(head={"typ": "logout+jwt"}),
    "claims changed": other_claims,
    "signature of another token": other_signature,
    "signature in other letters": written_otherwise,
    "signature as DER": der_signature,
    "signature of nothing": lambda it: it.token(kid="e1", alg="RS256").rpartition(".")[0] + "." + segment(bytes(64)),
    "no signature": lambda it: it.token().rpartition(".")[0] + ".",
    "two parts": lambda it: it.token().rpartition(".")[0],
    "four parts": lambda it: it.token() + ".AAAA",
    "padding": lambda it: it.token() + "==",
    "trailing line": lambda it: it.token() + "\n",
    "claims that are a list": lambda it: f"{segment({'alg': 'RS256', 'kid': 'r1'})}.{segment([1])}.AAAA",
    "header that is a list": lambda it: f"{segment([1])}.{segment(it.claims())}.AAAA",
    "deep header": lambda it: f"{segment(b'[' * 3000)}.{segment(it.claims())}.AAAA",
    "oversized": lambda it: it.token(padding="x" * 9000),
    "not ASCII": lambda it: it.token()[:-1] + "é",
    "nothing": lambda _: "",
}
UNUSABLE: list[dict[str, Any]] = [
    jwk(rsa_key(1, 1024), "weak"),
    jwk(rsa_key(3), "enc", use="enc"),
    RSAAlgorithm.to_jwk(rsa_key(4), as_dict=True) | {"kid": "leaked", "key_ops": ["verify"]},
    ECAlgorithm.to_jwk(ec_key(4), as_dict=True) | {"kid": "leaked too"},
    jwk(ec_key(1, ec.SECP384R1), "p384"),
    {"kty": "oct", "kid": "h1", "k": segment(b"k" * 32), "alg": "HS256"},
    {"kty": "oct", "kid": "r1", "k": segment(b"k" * 32), "alg": "RS256"},
    {"kty": "RSA", "kid": "odd", "n": 5, "e": []},
    {"kty": "EC", "kid": "off the curve", "crv": "P-256", "x": segment(b"\1" * 32), "y": segment(b"\1" * 32)},
]
"""Keys that an issuer may publish beside its good ones; none of them is ever used."""
