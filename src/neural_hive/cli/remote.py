"""What a running gateway says about itself and its parts."""

from __future__ import annotations

import json
import time
from typing import Any

from neural_hive.cli.status import part
from neural_hive.errors import UnavailableError

_DEADLINE = 10.0  # seconds for a whole answer; the server has its own, shorter one for each part
_MOST = 1 << 20


def look(url: str, language: str, token: str = "") -> dict[str, Any]:
    """The parts of the hive behind a URL: the gateway first, then what it needs.

    Raises:
        UnavailableError: Nobody answers there, or not as a hive does.
    """
    start = time.perf_counter()
    alive = asked(url, "/health", language)
    took = round((time.perf_counter() - start) * 1000, 3)
    state, panel = asked(url, "/ready", language), asked(url, "/api/v1/specialists", language, token)
    try:
        version = str(alive["version"])
        models = {item["name"]: item["model"] for item in panel.get("specialists", ())}
        gateway = {"name": "gateway", "ok": True, "latency_ms": took, "detail": "", "version": version, "model": ""}
        parts = [gateway, *(part(item, models) for item in state["dependencies"])]
        return {"ready": bool(state["ready"]), "version": version, "dependencies": parts}
    except (KeyError, TypeError, AttributeError):
        raise UnavailableError("error.cli_no_hive", url=url) from None


def asked(url: str, path: str, language: str, token: str = "") -> dict[str, Any]:
    """A page of a gateway, whatever its status code.

    Raises:
        UnavailableError: Nobody answers there, or not with a JSON object.
    """
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    address = (url if "://" in url else f"http://{url}").rstrip("/") + path
    if not address.startswith(("http://", "https://")):
        raise UnavailableError("error.cli_no_hive", url=url)
    try:
        request = Request(address, headers={"Accept-Language": language, "Accept": "application/json"})  # noqa: S310 -- checked above
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        with urlopen(request, timeout=_DEADLINE) as response:  # noqa: S310 -- as above
            body = response.read(_MOST)
    except HTTPError as error:
        body = error.read(_MOST)
    except (URLError, OSError, ValueError) as error:
        raise UnavailableError("error.cli_no_hive", url=url) from error
    return _understood(body, url)


def _understood(body: bytes, url: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnavailableError("error.cli_no_hive", url=url)
    return found
