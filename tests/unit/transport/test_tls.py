"""Certificates made on the spot: who is let in, who is believed, what is said about files that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from neural_hive.errors import SettingsError, UnavailableError
from neural_hive.settings import Tls
from neural_hive.testing import sample_plans
from neural_hive.transport.server import serve_specialist
from tests.unit.transport.faulty import Scripted, opinion_of
from tests.unit.transport.test_remote import opened

PLAN = sample_plans()[4]


@dataclass
class Authority:
    """Signs certificates and writes them below a folder."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        self.file = self.folder / f"{self.name}.pem"
        certificate = self._certificate(self._name, self._key.public_key(), [], authority=True)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, name: str, *addresses: str) -> Tls:
        """A certificate for these IP addresses, with its key; its bearer trusts this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._certificate(subject, key.public_key(), addresses)
        cert_file, key_file = self.folder / f"{self.name}-{name}.pem", self.folder / f"{self.name}-{name}.key"
        cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return Tls(ca=self.file, cert=cert_file, key=key_file)

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, addresses: Sequence[str], *, authority: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            self._name, subject, key, x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        if addresses:
            names = [x509.IPAddress(ip_address(address)) for address in addresses]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


async def test_with_an_authority_on_both_sides_each_knows_the_other(authority: Authority) -> None:
    server, client = authority.sign("server", "127.0.0.1"), authority.sign("client")
    async with serve_specialist(Scripted(), port=0, tls=server) as port:
        async with opened(f"grpcs://127.0.0.1:{port}", tls=client) as remote:
            assert await remote.evaluate(PLAN) == opinion_of("technical")
        async with opened(f"grpcs://127.0.0.1:{port},127.0.0.1:{port}", tls=client) as remote:
            assert await remote.evaluate(PLAN) == opinion_of("technical")


async def test_without_an_authority_the_server_lets_everybody_in(authority: Authority) -> None:
    server = authority.sign("server", "127.0.0.1").model_copy(update={"ca": None})
    async with (
        serve_specialist(Scripted(), port=0, tls=server) as port,
        opened(f"grpcs://127.0.0.1:{port}", tls=Tls(ca=authority.file)) as remote,
    ):
        assert await remote.evaluate(PLAN) == opinion_of("technical")


async def test_who_shows_nothing_or_another_signature_or_talks_in_the_clear_is_not_let_in(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").sign("client").model_copy(update={"ca": authority.file})
    async with serve_specialist(Scripted(), port=0, tls=authority.sign("server", "127.0.0.1")) as port:
        for scheme, tls in (("grpcs", Tls(ca=authority.file)), ("grpcs", stranger), ("grpc", Tls())):
            async with opened(f"{scheme}://127.0.0.1:{port}", deadline=0.6, tls=tls) as remote:
                with pytest.raises(UnavailableError):
                    await remote.evaluate(PLAN)


@pytest.mark.parametrize("address", ["127.0.0.2", "127.0.0.1"])
async def test_a_server_that_is_not_who_it_should_be_is_not_asked(authority: Authority, tmp_path: Path, address: str) -> None:
    signer = authority if address == "127.0.0.2" else Authority(tmp_path, "stranger")
    specialist = Scripted()
    server = signer.sign("server", address).model_copy(update={"ca": None})
    async with serve_specialist(specialist, port=0, tls=server) as port:
        before = specialist.asked
        async with opened(f"grpcs://127.0.0.1:{port}", deadline=0.6, tls=Tls(ca=authority.file)) as remote:
            with pytest.raises(UnavailableError):
                await remote.evaluate(PLAN)
    assert specialist.asked == before


async def test_files_that_cannot_be_used_are_setting_errors(authority: Authority, tmp_path: Path) -> None:
    pair = authority.sign("server", "127.0.0.1")
    noise = tmp_path / "noise.pem"
    noise.write_text("noise")
    for tls in (
        Tls(cert=pair.cert),
        Tls(ca=pair.ca),
        Tls(cert=tmp_path / "none.pem", key=pair.key),
        Tls(cert=noise, key=noise),
        Tls(cert=pair.cert, key=authority.sign("other").key),
    ):
        with pytest.raises(SettingsError, match="tls"):
            async with serve_specialist(Scripted(), port=0, tls=tls):
                pass
    for tls in (Tls(key=pair.key), Tls(ca=tmp_path), Tls(ca=noise)):
        with pytest.raises(SettingsError, match="tls"):
            async with opened("grpcs://127.0.0.1:1", tls=tls):
                pass
