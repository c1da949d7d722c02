"""Credentials from PEM files; they are read once, when a channel or a server is opened."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from neural_hive.errors import SettingsError
from neural_hive.settings import Tls


def channel_credentials(tls: Tls) -> grpc.ChannelCredentials:
    """How a client knows the server (`ca`, else the authorities that gRPC brings) and shows itself (`cert` and `key`).

    Raises:
        SettingsError: A file cannot be read or used, or one of a pair is missing.
    """
    ca, key, cert = _files(tls)
    return grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=cert)


def server_credentials(tls: Tls) -> grpc.ServerCredentials | None:
    """How a server shows itself, and with `ca` which clients it lets in; None when it talks in the clear.

    Raises:
        SettingsError: A file cannot be read or used, or one of a pair is missing.
    """
    ca, key, cert = _files(tls)
    if key is None or cert is None:
        if ca is not None:
            raise SettingsError("error.tls_pair")
        return None
    return grpc.ssl_server_credentials([(key, cert)], root_certificates=ca, require_client_auth=ca is not None)


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
    except ssl.SSLError as error:
        raise SettingsError("error.tls_content") from error


def _read(part: str, path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError as error:
        raise SettingsError("error.tls_file", part=part, path=str(path), reason=error.strerror or type(error).__name__) from error
