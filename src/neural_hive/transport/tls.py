"""Credentials from PEM files. Files that are replaced are read again: certificates are renewed more often than processes start."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

import grpc

from neural_hive.errors import SettingsError
from neural_hive.settings import Tls

Stamp = tuple[tuple[int, int, int] | None, ...]
_log = logging.getLogger(__name__)


def channel_credentials(tls: Tls) -> grpc.ChannelCredentials:
    """How a client knows the server (`ca`, else the authorities that gRPC brings) and shows itself (`cert` and `key`).

    Raises:
        SettingsError: A file cannot be read or used, or one of a pair is missing.
    """
    ca, key, cert = _files(tls)
    return grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=cert)


def server_credentials(tls: Tls) -> grpc.ServerCredentials | None:
    """How a server shows itself, and with `ca` which clients it lets in; None when it talks in the clear.

    Each new connection is made with what the files hold then; those that cannot be used are told of once and change nothing.

    Raises:
        SettingsError: A file cannot be read or used, or one of a pair is missing.
    """
    if tls.key is None or tls.cert is None:
        _files(tls)
        if tls.ca is not None:
            raise SettingsError("error.tls_pair")
        return None
    renewal = _Renewal(tls)
    return grpc.dynamic_ssl_server_credentials(
        renewal.first,
        renewal.fetch,  # type: ignore[arg-type]  # None is allowed, see gRPC's documentation of the function
        require_client_authentication=tls.ca is not None,
    )


def stamp(tls: Tls) -> Stamp:
    """What changes when a file is replaced or written anew: its number, its time, its size; None for one that is not there."""
    return tuple(_seen(path) for path in (tls.ca, tls.key, tls.cert))


class _Renewal:
    """A server's files, read again when they have changed. gRPC asks at each handshake, from threads of its own."""

    def __init__(self, tls: Tls) -> None:
        self._tls, self._stamp = tls, stamp(tls)
        self.first = _configuration(tls)

    def fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """The configuration from now on, or None when it stays."""
        seen = stamp(self._tls)
        if seen == self._stamp:
            return None
        self._stamp = seen
        try:
            return _configuration(self._tls)
        except SettingsError as error:
            _log.warning("new certificate files cannot be used; the old ones stay: %s", error)
            return None


def _configuration(tls: Tls) -> grpc.ServerCertificateConfiguration:
    ca, key, cert = _files(tls)
    pairs = [(key, cert)] if key is not None and cert is not None else []
    return grpc.ssl_server_certificate_configuration(pairs, root_certificates=ca)


def _seen(path: Path | None) -> tuple[int, int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns, found.st_size)


def _files(tls: Tls) -> tuple[bytes | None, bytes | None, bytes | None]:
    if (tls.key is None) != (tls.cert is None):
        raise SettingsError("error.tls_pair")
    found = _read("ca", tls.ca), _read("key", tls.key), _read("cert", tls.cert)
    _check(tls)
    return found


def _check(tls: Tls) -> None:
    """See that the files belong together: gRPC itself only writes a line about them to standard error."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if tls.cert is not None:
            context.load_cert_chain(tls.cert, tls.key, password="")  # an encrypted key is an error, not a question on the terminal
        if tls.ca is not None:
            context.load_verify_locations(tls.ca)
    except OSError as error:  # an SSLError, or a file that has just been taken away
        raise SettingsError("error.tls_content") from error


def _read(part: str, path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError as error:
        raise SettingsError("error.tls_file", part=part, path=str(path), reason=error.strerror or type(error).__name__) from error
