"""Speaks HTTP to a running hive: kept connections, and patience with one that is busy or restarts."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from neural_hive.cli import terminal
from neural_hive.errors import InputError, UnavailableError

_DEADLINE = 30.0  # seconds for one answer
_PATIENCE = 60.0  # seconds that a hive may be away before it is given up
_MOST = 1 << 26
_LONGEST_WAIT = 10.0  # seconds
_PASSING = (429, 502, 503, 504)
_CLOSED = (401, 403)


class RefusedError(Exception):
    """The hive answered that it cannot use this request.

    Args:
        code: The stable part of the problem's type.
        detail: Why, in the caller's language.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code)


class Caller:
    """Asks the hive behind a URL; may be used by several threads.

    Args:
        url: `http://host:port`, `https://...`; without a scheme it is http.
        language: Language of what it says.
        patience: Seconds that it may be away.
        token: Shown with every request; "" shows none.

    Raises:
        UnavailableError: It is no such URL.
    """

    def __init__(self, url: str, language: str, patience: float = _PATIENCE, token: str = "") -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            self._host = ""
        if parts.scheme not in ("http", "https") or not self._host:
            raise UnavailableError("error.cli_no_hive", url=url.rpartition("@")[2])
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._path = parts.path.rstrip("/")
        self._headers = {"Accept-Language": language, "Accept": "application/json", "Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._patience = patience
        self._own = threading.local()
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, *, patience: float | None = None
    ) -> dict[str, Any]:
        """What the hive answers. A hive that is busy or away is asked again, so requests must bear being repeated.

        Args:
            method: GET or POST.
            path: With a leading slash.
            body: JSON.
            headers: More headers.
            patience: Seconds, instead of those of the constructor.

        Raises:
            InputError: It does not take the token, or asks for one.
            RefusedError: It cannot use the request.
            UnavailableError: It stayed away.
        """
        until = time.monotonic() + (self._patience if patience is None else patience)
        while True:
            status, retry_after, answer = self._once(method, path, body, headers or {})
            if answer is not None and status < 400:
                return answer
            if status not in _PASSING:
                raise self._refusal(status, answer)
            if time.monotonic() + retry_after > until:
                raise UnavailableError("error.cli_no_hive", url=self.url)
            time.sleep(retry_after)

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, float, dict[str, Any] | None]:
        """Status, seconds to wait before asking again, and the answer when it is a JSON object."""
        connection = self._connection()
        try:
            connection.request(method, self._path + path, body, self._headers | dict(headers))
            response = connection.getresponse()
            content = response.read(_MOST)
        except (OSError, http.client.HTTPException):
            connection.close()
            return 503, 0.5, None
        return response.status, _seconds(response.getheader("Retry-After")), _object(content)

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = self._kind(self._host, self._port, timeout=_DEADLINE)
        return found

    def _refusal(self, status: int, answer: dict[str, Any] | None) -> Exception:
        if status in _CLOSED and answer is not None:
            return InputError("error.cli_token", reason=terminal.line(str(answer.get("detail", ""))))
        if answer is None or "code" not in answer or answer["code"] == "no_page":
            return UnavailableError("error.cli_no_hive", url=self.url)
        return RefusedError(str(answer["code"]), terminal.line(str(answer.get("detail", ""))))


def _seconds(retry_after: str | None) -> float:
    """At least half a second: an answer without the header is asked for again as well."""
    return min(_LONGEST_WAIT, max(0.5, float(retry_after))) if retry_after and retry_after.isdecimal() else 0.5


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
