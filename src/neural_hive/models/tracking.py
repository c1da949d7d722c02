"""The few calls of MLflow's REST interface that loading a model takes; each with a deadline.

MLflow's own client costs 50 MB of memory and seconds to import, so it is kept for publishing.
"""

from __future__ import annotations

import io
import socket
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

import msgspec

from neural_hive.errors import NotFoundError, SettingsError, UnavailableError
from neural_hive.models.rules import RULES

ALIAS = "production"
FILES = "specialist"
_MOST_BYTES = 1_048_576
_PROXIED = "mlflow-artifacts"


@dataclass(frozen=True, slots=True)
class Registered:
    """The version of a registered model that an alias names, with its tags.

    Attributes:
        rules: Digest of what it was fitted under, see `models.rules`; "" when it does not say.
    """

    version: str
    sha256: str
    rules: str = ""


class _Tag(msgspec.Struct):
    key: str
    value: str = ""


class _Version(msgspec.Struct):
    version: str
    tags: list[_Tag] = []


class _Alias(msgspec.Struct):
    model_version: _Version


class _Source(msgspec.Struct):
    artifact_uri: str


T = TypeVar("T")


class Tracking:
    """An MLflow server.

    Args:
        url: "mlflow+http://[user:password@]host:port[/prefix]" or "mlflow+https://...".
        deadline: Seconds to connect, and as many until the whole answer is there.

    Raises:
        SettingsError: The URL names no host.
    """

    def __init__(self, url: str, *, deadline: float = 2.0) -> None:
        self.url = url.removeprefix("mlflow+")
        parts = urlsplit(self.url)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise SettingsError("error.models_url", url=shown(url))
        self._secure, self._host, self._port, self._prefix = parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/")
        self._deadline = deadline
        self._headers = {}
        if parts.username:
            told = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {b64encode(told.encode()).decode()}"
        self.shown = shown(url)

    def healthy(self) -> None:
        """Ask whether it is there.

        Raises:
            UnavailableError: It is not.
        """
        if self._get("/health", {}).strip() != b"OK":
            raise UnavailableError("error.models_unreachable", url=self.shown)

    def registered(self, model: str) -> Registered:
        """What the alias names now.

        Raises:
            NotFoundError: No such model, or no such alias.
            UnavailableError: There is no answer, or none that can be read.
        """
        found = self._asked("registered-models/alias", {"name": model, "alias": ALIAS}, _Alias).model_version
        tags = {tag.key: tag.value for tag in found.tags}
        return Registered(found.version, tags.get("sha256", ""), tags.get(RULES, ""))

    def file(self, model: str, version: str, name: str) -> bytes:
        """One file of a version.

        Raises:
            NotFoundError: There is no such file.
            UnavailableError: There is no answer, or the server does not hand out its artefacts.
        """
        parts = urlsplit(self._asked("model-versions/get-download-uri", {"name": model, "version": version}, _Source).artifact_uri)
        if parts.scheme != _PROXIED:
            raise UnavailableError("error.models_not_served", url=self.shown)
        return self._get(f"/api/2.0/mlflow-artifacts/artifacts/{quote(parts.path.strip('/'))}/{quote(name)}", {})

    def _asked(self, call: str, query: Mapping[str, str], shape: type[T]) -> T:
        try:
            return msgspec.json.decode(self._get(f"/api/2.0/mlflow/{call}", query), type=shape)
        except msgspec.MsgspecError:
            raise UnavailableError("error.models_unreachable", url=self.shown) from None

    def _get(self, path: str, query: Mapping[str, str]) -> bytes:
        connection = (HTTPSConnection if self._secure else HTTPConnection)(self._host, self._port, timeout=self._deadline)
        try:
            connection.connect()
            connection.response_class = partial(_Response, until=time.monotonic() + self._deadline)  # type: ignore[assignment]
            connection.request("GET", f"{self._prefix}{path}?{urlencode(query)}", headers=self._headers)
            answer = connection.getresponse()
            content = answer.read(_MOST_BYTES + 1)
        except (OSError, HTTPException) as error:
            raise UnavailableError("error.models_unreachable", url=self.shown) from error
        finally:
            connection.close()
        if answer.status == 404 or (answer.status == 400 and b"alias" in content):  # 400 is how it says that there is no such alias
            raise NotFoundError("error.model_unregistered", url=self.shown)
        if answer.status != 200 or len(content) > _MOST_BYTES:
            raise UnavailableError("error.models_unreachable", url=self.shown)
        return content


class _Timed(io.RawIOBase):
    """What comes in on a socket until a moment: a server that sends a byte now and then holds nobody longer.

    A socket's own timeout is for each piece that arrives.
    """

    def __init__(self, wire: socket.socket, until: float) -> None:
        super().__init__()
        self._wire, self._until = wire, until
        self._raw = wire.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0.0:
            raise TimeoutError
        self._wire.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """A response whose headers and body are there by a moment of the monotonic clock, or TimeoutError."""

    def __init__(self, sock: socket.socket, *given: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, until))


def shown(url: str) -> str:
    """A URL without user and password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else scheme
