"""A keep-alive HTTP client of a few socket calls, so that what is timed is the server."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any, Self

CREATED = 201
OK = 200
_END_OF_HEAD = b"\r\n\r\n"


class Client:
    """One connection to a server on the loopback interface.

    Raises:
        OSError: Nobody listens there.
    """

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def post(self, path: str, body: dict[str, Any]) -> bytes:
        """Send JSON and return the answer's body.

        Raises:
            ConnectionError: The server hung up.
            ValueError: It answered something other than 200 or 201, or without a Content-Length.
        """
        payload = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Length: {len(payload)}\r\n\r\n"
        self._socket.sendall(head.encode() + payload)
        return self._answer()

    def _answer(self) -> bytes:
        received = b""
        while _END_OF_HEAD not in received:
            received += self._receive()
        head, _, body = received.partition(_END_OF_HEAD)
        length = _length(head)
        while len(body) < length:
            body += self._receive()
        if int(head.split(b" ", 2)[1]) not in (OK, CREATED):
            raise ValueError(f"{head.splitlines()[0].decode()}: {body[:300].decode(errors='replace')}")
        return body

    def _receive(self) -> bytes:
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without Content-Length")
