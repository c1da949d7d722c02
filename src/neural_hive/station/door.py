"""The socket that a process listens on."""

from __future__ import annotations

import errno
import socket

from neural_hive.errors import SettingsError

_WAITING = 2048  # callers that may wait for the server to start


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address, before anything slow is loaded.

    Raises:
        SettingsError: The port is taken, or there is no such address here.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise SettingsError("error.cli_address", host=host, reason=getattr(error, "strerror", None) or "?") from error
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(_WAITING)  # with SO_REUSEADDR two sockets may share a port until one of them listens
    except OSError as error:
        door.close()
        raise _refusal(error, host, port) from error
    return door


def shown_url(door: socket.socket) -> str:
    """The `http://` address under which this machine reaches the socket."""
    host, port = door.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 -- compared, not bound
    return f"http://{shown}:{port}"


def _refusal(error: OSError, host: str, port: int) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError("error.cli_port_taken", host=host, port=port, other=port + 1 if port < 65535 else 8001)
    if error.errno in (errno.EACCES, errno.EPERM):
        return SettingsError("error.cli_port_forbidden", port=port)
    return SettingsError("error.cli_address", host=host, reason=error.strerror or type(error).__name__)
