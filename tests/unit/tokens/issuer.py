"""An OpenID Connect issuer on loopback: real keys, a real HTTP server, tokens signed on the spot."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from neural_hive.settings import Auth

AUDIENCE = "hive"
EVERY = "intents:write decisions:read decisions:approve ledger:read"


@cache
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key that is the same at each call with the same number: making one takes a tenth of a second."""
    return rsa.generate_private_key(65_537, bits)


@cache
def ec_key(number: int, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def jwk(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str | None, **more: Any) -> dict[str, Any]:
    """The public part of a key as an issuer publishes it."""
    if isinstance(private, rsa.RSAPrivateKey):
        found = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        found = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    found.pop("key_ops", None)
    return found | ({} if kid is None else {"kid": kid}) | more


def segment(value: Any) -> str:
    """A part of a token."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Issuer:
    """What it publishes, and how often it was asked for its keys.

    Attributes:
        keys: The JWKS, changed by tests while it is served.
        broken: What the server does instead of answering: a status code, or bytes to answer with. A redirection leads to
            a place that answers.
        delay: Seconds before it answers.
    """

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(rsa_key(1), "r1", use="sig", alg="RS256"), jwk(ec_key(1), "e1")])
    names: dict[str, Any] = field(default_factory=dict)
    broken: int | bytes | None = None
    delay: float = 0.0
    asked: int = 0

    def auth(self, **more: Any) -> Auth:
        """Settings that trust it."""
        return Auth.model_validate({"mode": "oidc", "issuer": self.url, "audience": AUDIENCE} | more)

    def claims(self, **more: Any) -> dict[str, Any]:
        """The claims of a good token; a value of None leaves one out."""
        now = int(time.time())
        given = {"iss": self.url, "aud": AUDIENCE, "sub": "ana", "azp": "console", "iat": now, "exp": now + 600, "scope": EVERY} | more
        return {name: value for name, value in given.items() if value is not None}

    def token(
        self, *, key: Any = None, kid: str | None = "r1", alg: str = "RS256", head: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A token, good unless told otherwise."""
        headers = ({} if kid is None else {"kid": kid}) | (head or {})
        return jwt.encode(self.claims(**claims), rsa_key(1) if key is None else key, algorithm=alg, headers=headers)

    def answer(self, path: str) -> tuple[int, bytes]:
        """What its server answers."""
        if isinstance(self.broken, int) and not path.startswith("/elsewhere"):
            return self.broken, b""
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"} | self.names).encode()
        self.asked += 1
        return 200, self.broken if isinstance(self.broken, bytes) else json.dumps({"keys": self.keys}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    issuer: Issuer


class _Pages(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        issuer = self.server.issuer
        time.sleep(issuer.delay)
        status, content = issuer.answer(self.path)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", f"{issuer.url}/elsewhere")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words: Any) -> None:
        """Nobody reads it."""


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer until the block ends."""
    with _Server(("127.0.0.1", 0), _Pages) as server:
        server.issuer = issuer = Issuer(url=f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield issuer
        server.shutdown()
