"""Whether each configured dependency can be reached, step by step: driver, name, port, TLS, and an answer."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from neural_hive import bootstrap
from neural_hive.cli.addresses import Address, address_of, is_remote
from neural_hive.cli.findings import Finding
from neural_hive.errors import HiveError, MissingDriverError, SettingsError, UnavailableError
from neural_hive.messages import text
from neural_hive.settings import Settings
from neural_hive.telemetry import frames

T = TypeVar("T")
Opening = Callable[[], AbstractAsyncContextManager[Any]]
_STEP = 3.0  # seconds for each step
_AGAIN = 0.1  # seconds between two questions
_NEW = "error.ledger_not_begun"
_LOOKING: dict[str, dict[str, Any]] = {"ledger": {"create": False}}  # whoever examines a server begins nothing on it


class TroubleError(Exception):
    """A step that failed: which one, and what was seen."""

    def __init__(self, step: str, seen: str = "") -> None:
        super().__init__(step)
        self.step, self.seen = step, seen


@dataclass(frozen=True, slots=True)
class Dependency:
    """A setting that holds a network URL, and what opens it (None when a plain request is enough)."""

    setting: str
    url: str
    opening: Opening | None = None

    @property
    def variable(self) -> str:
        """The environment variable of the setting."""
        return "HIVE_" + self.setting.upper().replace(".", "__")


def dependencies(settings: Settings) -> Iterator[Dependency]:
    """Everything that the settings place on a network."""
    named = (
        ("ledger", settings.ledger_url, bootstrap.LEDGERS),
        ("graph", settings.graph_url, bootstrap.GRAPHS),
        ("cache", settings.cache, bootstrap.CACHES),
        ("queue", settings.queue or "", bootstrap.QUEUES),
    )
    for kind, url, adapters in named:
        if is_remote(url):
            yield Dependency(kind, url, _opening(kind, url, adapters, settings, **_LOOKING.get(kind, {})))
    if is_remote(settings.models):
        yield Dependency("models", settings.models)
    for name, url in sorted(settings.specialists.items()):
        setting = f"specialists.{name}"
        yield Dependency(setting, url, _opening(setting, url, bootstrap.SPECIALISTS, settings, name=name))


def _opening(kind: str, url: str, adapters: Any, settings: Settings, **given: Any) -> Opening:
    return lambda: bootstrap.open_resource(kind, url, adapters, settings, **given)


async def connections(settings: Settings, language: str) -> list[Finding]:
    """A finding for each dependency; all are examined at once, each step of each with its own deadline."""
    # Drivers are loaded one after the other before any clock runs: loading some takes longer than a step may.
    begun = [(each, _begun(each, language)) for each in dependencies(settings)]
    return await asyncio.gather(*(_examined(what, opened, settings, language) for what, opened in begun))


def _begun(what: Dependency, language: str) -> AbstractAsyncContextManager[Any] | TroubleError | None:
    try:
        return what.opening() if what.opening else None
    except MissingDriverError as error:
        return TroubleError("driver", error.render(language))
    except SettingsError as error:
        return TroubleError("setting", error.render(language))
    except HiveError as error:
        return TroubleError("answer", error.render(language))


async def _examined(
    what: Dependency, opened: AbstractAsyncContextManager[Any] | TroubleError | None, settings: Settings, language: str
) -> Finding:
    name = text("cli.doctor_connection", language, setting=what.setting)
    shown = what.url.partition(":")[0] + ":"
    start = time.perf_counter()
    try:
        address = address_of(what.url)
        shown = address.shown
        if isinstance(opened, TroubleError):
            raise opened
        await _reached(address, settings)
        said = await _timed(_answered(opened) if opened else _requested(what.url), "silent")
        return Finding("ok", name, f"{shown} {said} ({(time.perf_counter() - start) * 1000:.0f} ms)")
    except ValueError:
        trouble = TroubleError("url")
    except TroubleError as error:
        trouble = error
    except HiveError as error:
        if error.key == _NEW:
            return Finding("note", name, f"{shown} {error.render(language)}", text("cli.doctor_advice.new", language))
        trouble = TroubleError("answer", error.render(language))
    seen = text(f"cli.doctor_trouble.{trouble.step}", language, seconds=f"{_STEP:g}", reason=trouble.seen)
    return Finding(
        "bad", name, f"{shown} {seen}", text(f"cli.doctor_advice.{trouble.step}", language, variable=what.variable, address=shown)
    )


async def _reached(address: Address, settings: Settings) -> None:
    """Find every server by its name and connect to it."""
    for host, port in address.places:
        where = await _timed(_resolved(host, port), "name_late")
        await _timed(_connected(where, host, None), "late")
        if address.secure:
            await _timed(_connected(where, host, _tls(address, settings)), "tls_late")


async def _timed(step: Awaitable[T], name: str) -> T:
    try:
        async with asyncio.timeout(_STEP):
            return await step
    except TimeoutError:
        raise TroubleError(name) from None


async def _resolved(host: str, port: int) -> tuple[str, int]:
    """The first address of a name."""

    def look() -> tuple[str, int]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][:2]  # type: ignore[return-value]

    try:
        return await _apart(look)
    except (OSError, UnicodeError) as error:
        raise TroubleError("name", host) from error


async def _apart(work: Callable[[], T]) -> T:
    """What blocks, in a thread of its own that ends with the process: one that hangs must not keep it."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T | Exception] = loop.create_future()

    def run() -> None:
        result: T | Exception
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 -- raised again where it is awaited
            result = error
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(_settle, answer, result)

    threading.Thread(target=run, daemon=True).start()
    result = await answer
    if isinstance(result, Exception):
        raise result
    return result


def _settle(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


async def _connected(where: tuple[str, int], host: str, context: ssl.SSLContext | None) -> None:
    try:
        _, writer = await asyncio.open_connection(*where, ssl=context, server_hostname=host if context else None)
    except ssl.SSLCertVerificationError as error:
        raise TroubleError("certificate", error.verify_message) from error
    except ssl.SSLError as error:
        raise TroubleError("tls", error.reason or "") from error
    except ConnectionRefusedError as error:
        raise TroubleError("refused") from error
    except OSError as error:
        raise TroubleError("unreachable", error.strerror or type(error).__name__) from error
    writer.close()


def _tls(address: Address, settings: Settings) -> ssl.SSLContext:
    ours = address.scheme == "grpcs"
    try:
        context = ssl.create_default_context(cafile=settings.tls.ca if ours else None)
        if ours and settings.tls.cert:
            context.load_cert_chain(settings.tls.cert, settings.tls.key, password="")  # never asks at the terminal
    except (OSError, ssl.SSLError) as error:
        raise TroubleError("files", getattr(error, "strerror", None) or type(error).__name__) from error
    if address.scheme != "grpcs" and not address.scheme.endswith("https"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # how strictly is the driver's business, and told by its answer
    return context


async def _answered(opened: AbstractAsyncContextManager[Any]) -> str:
    try:
        async with opened as resource:
            return await _told(resource)
    except (HiveError, TimeoutError):
        raise
    except Exception as error:  # whatever a driver raises, the finding is that it does not answer as it should
        raise TroubleError("answer", frames(error)) from error


async def _told(resource: Any) -> str:
    """What it says; one that is not ready yet, because it was opened a moment ago, is asked again for a while."""
    until = time.monotonic() + _STEP * 0.7
    while True:
        try:
            if hasattr(resource, "describe"):
                model = await resource.describe()
                return " ".join(filter(None, (model.name, model.version, model.fallback)))
            return str(await resource.ping() or "") if hasattr(resource, "ping") else ""
        except UnavailableError:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(_AGAIN)


async def _requested(url: str) -> str:
    """What an MLflow server says about its version, after it let us in."""
    from urllib.error import HTTPError, URLError

    try:
        await _apart(lambda: _page(url, "/api/2.0/mlflow/experiments/search?max_results=1"))
        return f"MLflow {await _apart(lambda: _page(url, '/version'))}"
    except HTTPError as error:
        raise TroubleError("denied" if error.code in (401, 403) else "answer", f"HTTP {error.code}") from error
    except TimeoutError:
        raise
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise TroubleError("answer", type(error).__name__) from error


def _page(url: str, path: str) -> str:
    from urllib.request import Request, urlopen

    parts = urlsplit(url.removeprefix("mlflow+"))
    request = Request(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}{path}")  # noqa: S310 -- http or https
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    with urlopen(request, timeout=_STEP) as response:  # noqa: S310 -- as above
        return str(response.read(64).decode("ascii", "replace").strip())
