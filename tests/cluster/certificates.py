"""The cluster's certificates: one authority, which is new at each start, and who is who by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=7)
_SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class Authority:
    """Who signs, and the folder where certificates and keys go."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, file: str, name: str, *, group: str = "", hosts: Sequence[str] = (), life: timedelta | None = None) -> None:
        """Write `file.crt` and `file.key` for a user (name and group) or a server (hosts: names and addresses), for a week or `life`."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        builder = _builder(_name(name, group), self.certificate.subject, key.public_key(), life or _LIFE)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        _write(self.folder, file, key, builder.sign(self.key, hashes.SHA256()))


def found(folder: Path) -> Authority:
    """Make an authority, `ca.crt` and `ca.key` of an empty folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("neural-hive-cluster", "")
    builder = _builder(name, name, key.public_key(), _LIFE).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    _write(folder, "ca", key, certificate)
    return Authority(folder, key, certificate)


def key_pair(folder: Path, file: str) -> None:
    """Write `file.key` and `file.pub`, with which the API server signs the tokens of service accounts."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / f"{file}.key").write_bytes(_private(key))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{file}.pub").write_bytes(public)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - _SLACK).not_valid_after(now + life)


def _name(name: str, group: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(folder: Path, file: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    (folder / f"{file}.key").write_bytes(_private(key))
    (folder / f"{file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
