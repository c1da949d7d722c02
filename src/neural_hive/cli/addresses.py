"""What a URL of a setting says: where to connect, whether securely, and how it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

PORTS = {
    "mongodb": 27017,
    "neo4j": 7687,
    "bolt": 7687,
    "redis": 6379,
    "rediss": 6379,
    "grpc": 50051,
    "grpcs": 50051,
    "http": 80,
    "https": 443,
}
_NETWORK = (*PORTS, "mlflow")
_SECURE = ("rediss", "grpcs", "https")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a dependency is.

    Attributes:
        scheme: As written, with what stands behind its `+`.
        places: Host and port of each server; empty when only the driver can find them (`mongodb+srv:`).
        secure: Whether the connection begins with a TLS handshake.
    """

    scheme: str
    places: tuple[tuple[str, int], ...]
    secure: bool

    @property
    def shown(self) -> str:
        """The address without user, password, path and options."""
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.places)
        return f"{self.scheme}://{hosts}"


def is_remote(url: str) -> bool:
    """Whether a URL names something on a network; `sqlite:`, `memory:` and `packaged:` do not."""
    return url.partition(":")[0].lower().partition("+")[0] in _NETWORK


def address_of(url: str) -> Address:
    """What a network URL says.

    Raises:
        ValueError: It names no host, or a port that is no number from 1 to 65535.
    """
    scheme = url.partition(":")[0].lower()
    first, _, second = scheme.partition("+")
    inner = second if first == "mlflow" else first
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2]
    if not hosts:
        raise ValueError(scheme)
    if scheme == "mongodb+srv":
        return Address(scheme, (), secure=False)
    options = parse_qs(parts.query)
    secure = inner in _SECURE or (first in ("neo4j", "bolt") and second in ("s", "ssc"))
    secure = secure or (first == "mongodb" and {"true"} & {*options.get("tls", ()), *options.get("ssl", ())} != set())
    return Address(scheme, tuple(_place(each, PORTS[inner]) for each in hosts.split(",")), secure)


def _place(text: str, port: int) -> tuple[str, int]:
    one = urlsplit(f"//{text}")
    if not one.hostname or one.port == 0:
        raise ValueError(text)
    return one.hostname, one.port or port
