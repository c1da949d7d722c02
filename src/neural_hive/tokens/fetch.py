"""One JSON document of an issuer: bounded in time and size, over TLS unless the operator chose otherwise."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from neural_hive.errors import UnavailableError
from neural_hive.tokens.exposure import is_loopback

MOST_BYTES = 262_144
DEADLINE = 5.0
"""Seconds for a whole document."""
_AGENT = "neural-hive"


class _Straight(HTTPRedirectHandler):
    """Follows nobody: where keys come from is said in the settings, not by whoever answers there."""

    def redirect_request(self, *_: Any) -> None:
        """Do not go there; the answer then counts as a failure."""


_opener = build_opener(_Straight)


def is_safe(url: str) -> bool:
    """Whether nobody on the way can change what a URL answers: https, or http that never leaves this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))
    except ValueError:
        return False


def is_http(url: str) -> bool:
    """Whether a URL can be asked at all."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.scheme in ("http", "https")
    except ValueError:
        return False


async def document(url: str, seconds: float = DEADLINE) -> dict[str, Any]:
    """What a URL answers, a JSON object.

    A thread of its own asks, which ends with the process: a name server that hangs must hold up nobody.

    Raises:
        UnavailableError: It does not answer in time, not at all, or with something else.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[dict[str, Any]] = loop.create_future()

    def settle(found: dict[str, Any] | UnavailableError) -> None:
        if answer.done():
            return
        if isinstance(found, UnavailableError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def run() -> None:
        found: dict[str, Any] | UnavailableError
        try:
            found = _object(_read(url, time.monotonic() + seconds))
        except UnavailableError as error:
            found = error
        with suppress(RuntimeError):  # the loop is closed, nobody waits any more
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=run, name="issuer", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        raise _silent(url, "timeout") from None


def _read(url: str, until: float) -> bytes:
    request = Request(url, headers={"Accept": "application/json", "User-Agent": _AGENT})  # noqa: S310 -- `is_http` holds
    found = b""
    try:
        with _opener.open(request, timeout=max(0.1, until - time.monotonic())) as response:
            while chunk := response.read1(65_536):
                found += chunk
                if len(found) > MOST_BYTES:
                    raise _silent(url, f"> {MOST_BYTES} B")
                if time.monotonic() > until:
                    raise _silent(url, "timeout")
    except (OSError, HTTPException, ValueError) as error:
        status = getattr(error, "code", None)
        raise _silent(url, f"HTTP {status}" if status else type(error).__name__) from None
    return found


def _object(content: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnavailableError("error.issuer_unreadable") from None
    return found


def _silent(url: str, reason: str) -> UnavailableError:
    return UnavailableError("error.issuer_unreachable", reason=f"{urlsplit(url).hostname}: {reason}")
