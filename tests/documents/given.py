"""What a page takes for granted: files that its reader has, and servers that are already there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex
from shlex import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.documents.pages import ROOT
from tests.services import redis, url_of

_PLACES = {
    "redis://127.0.0.1:6379/1": "redis",
    "mongodb://127.0.0.1:27017/neural_hive": "mongodb",
    "mlflow+http://127.0.0.1:5000": "mlflow",
}
"""The address of a server as pages write it, and its name in `tests.services`."""


def prepare(folder: Path) -> None:
    """Put what readers have into the folder where the commands run: the checkout's cases and chart, and certificates."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    for name in ("evals", "deploy"):
        (work / name).symlink_to(ROOT / name)
    _certificates(work)


def places() -> dict[str, str]:
    """Addresses as pages write them -> the servers of `make services`, each with a corner that nobody else uses.

    Raises:
        NotUpError: A server is not up.
    """
    own = f"documents{token_hex(4)}"
    found = {shown: url_of(name).rstrip("/") for shown, name in _PLACES.items()}
    corners = {"redis": f"/1?prefix={own}", "mongodb": f"/{own}", "mlflow": ""}
    return {shown: url + corners[_PLACES[shown]] for shown, url in found.items()}


def commands() -> dict[str, str]:
    """Commands of the servers' own that pages use, by name, as lines of shell."""
    server = redis.obtain()
    variables = " ".join(f"{name}={quote(value)}" for name, value in server.env.items())
    return {"redis-cli": f'exec env {variables} {quote(str(Path(server.argv[0]).with_name("redis-cli")))} "$@"'}


def _certificates(folder: Path) -> None:
    """`ca.crt`, and for `specialist` and `gateway` a certificate that holds for this machine, with its key."""
    authority, name = ec.generate_private_key(ec.SECP256R1()), _name("authority")
    _write(folder / "ca.crt", _signed(name, authority.public_key(), name, authority, authority=True))
    for each in ("specialist", "gateway"):
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder / f"{each}.crt", _signed(_name(each), key.public_key(), name, authority, authority=False))
        (folder / f"{each}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _signed(
    subject: x509.Name, public: ec.EllipticCurvePublicKey, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    span = (now - timedelta(days=1), now + timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), *span)
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return builder.add_extension(here, critical=False).sign(key, hashes.SHA256())


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])
