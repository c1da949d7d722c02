"""Redis behind TLS and a password."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from neural_hive.cache.redis import open_redis_cache
from neural_hive.errors import UnavailableError
from tests.services import SERVERS, Instance
from tests.services.redis import node

pytestmark = pytest.mark.real
PASSWORD = "s@fe/ty"  # noqa: S105 -- of a server that lives as long as one test


def certify(folder: Path) -> None:
    """A key and a certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Instance]:
    certify(tmp_path)
    options = {
        "tls-cert-file": tmp_path / "cert.pem",
        "tls-key-file": tmp_path / "key.pem",
        "tls-auth-clients": "no",
        "requirepass": PASSWORD,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    kind = replace(
        SERVERS["redis"],
        lines=lambda program, home, ports: [node(program, home / "data", 0).given("--tls-port", str(ports[0]), *words)],
        answers=lambda ports: _listens(ports[0]),
    )
    instance = Instance(kind, tmp_path)
    instance.start()
    yield instance
    instance.kill()


def _listens(port: int) -> bool:
    from tests.services.ports import is_free

    return not is_free(port)


async def test_a_certificate_and_a_password_open_it(server: Instance, tmp_path: Path) -> None:
    url = f"rediss://:s%40fe%2Fty@127.0.0.1:{server.ports[0]}/1?ssl_ca_certs={tmp_path / 'cert.pem'}"
    async with open_redis_cache(url) as cache:
        await cache.ping()
        await cache.put("a", b"1", ttl=60)
        assert await cache.get("a") == b"1"


@pytest.mark.parametrize(
    "url", ["rediss://:s%40fe%2Fty@{place}", "rediss://:wrong@{place}?ssl_ca_certs={ca}", "redis://:s%40fe%2Fty@{place}"]
)
async def test_without_them_it_is_away_and_no_password_is_told(server: Instance, tmp_path: Path, url: str) -> None:
    async with open_redis_cache(url.format(place=f"127.0.0.1:{server.ports[0]}", ca=tmp_path / "cert.pem")) as cache:
        assert await cache.get("a") is None
        with pytest.raises(UnavailableError) as told:
            await cache.ping()
        assert str(server.ports[0]) in str(told.value)
        assert not any(word in str(told.value) for word in (PASSWORD, "s%40fe", "wrong", "cert.pem"))
