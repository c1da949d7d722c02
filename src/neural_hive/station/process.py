"""A specialist's process from its start to its end."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import ModuleType

from neural_hive.errors import MissingDriverError, NotFoundError, UnavailableError
from neural_hive.ops import Check, Probe, Pulse, Readiness
from neural_hive.settings import Settings
from neural_hive.specialists import registry
from neural_hive.specialists.base import Specialist
from neural_hive.station.app import create_app, http
from neural_hive.station.door import listening_socket
from neural_hive.station.watch import Watch
from neural_hive.types import Action, Plan, Task

_log = logging.getLogger(__name__)
_ACTION = Action(operation="delete", object="table", task_id="t1", end=26, text="delete the customers table", target="the customers table")
PLAN = Plan(tasks=(Task(id="t1", description=_ACTION.text, actions=(_ACTION,)),), title=_ACTION.text)
"""Enough to have everything loaded that an opinion needs."""
_ENDINGS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where a station listens, once it is ready."""

    grpc: int
    http: int


@dataclass(slots=True)
class Station:
    """A specialist and the port that it is asked at; 0 while nothing listens there."""

    voice: Specialist
    host: str
    port: int = 0

    async def judges(self) -> str:
        """The model's name, once it has judged a plan."""
        await self.voice.evaluate(PLAN)
        return (await self.voice.describe()).label

    async def listens(self) -> str:
        """The port, once a connection to it was made.

        Raises:
            UnavailableError: There was none.
        """
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError as error:
            raise UnavailableError("error.station_silent", port=self.port) from error
        writer.close()
        return str(self.port)


def run(name: str, settings: Settings, told: Callable[[Ports], None]) -> None:
    """Serve a specialist until SIGTERM or SIGINT; calls under way are finished.

    Args:
        name: Which one.
        settings: `host` and `port` are of HTTP, `grpc_host` and `grpc_port` of gRPC.
        told: Called once it is ready.

    Raises:
        NotFoundError: No specialist has this name.
        SettingsError: An address cannot be listened on, or a file of `tls` cannot be used.
        MissingDriverError: gRPC is not installed.
        UnavailableError: The specialist cannot judge.
    """
    if name not in registry.names():
        raise NotFoundError("error.unknown_specialist", name=name, known=", ".join(registry.names()))
    if settings.log_level == "info":
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with listening_socket(settings.host, settings.port) as door, asyncio.Runner() as runner:
        runner.run(serve(name, settings, door, told))


async def serve(name: str, settings: Settings, door: socket.socket, told: Callable[[Ports], None]) -> None:
    """As `run`, in a loop that runs and on a socket that listens. HTTP is there before gRPC and until after it."""
    stopped = asyncio.Event()
    for each in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with _voice(name, settings) as (voice, shelf):
        station = Station(voice, _reachable(settings.grpc_host))
        checks = {"model": station.judges, "grpc": station.listens, **shelf}
        probe = Probe(checks, deadline=settings.ready_deadline, optional=frozenset(shelf))
        pulse = Pulse()
        watch = Watch(probe, language=settings.language or "en", told=lambda seen: pulse.tell(well=_judges(seen)))
        async with http(create_app(name, watch), door), _grpc(voice, settings, pulse) as station.port, watch.looking():
            gc.freeze()  # what was loaded stays for good
            told(Ports(grpc=station.port, http=door.getsockname()[1]))
            await stopped.wait()
            _log.info("ending", extra={"fields": {"specialist": name}})
            watch.end()


@asynccontextmanager
async def _voice(name: str, settings: Settings) -> AsyncIterator[tuple[Specialist, dict[str, Check]]]:
    """The specialist with the models that the settings name, and how they are where they come from: without that it judges on."""
    if settings.models.startswith("packaged:"):
        yield registry.open_local(name), {}
        return
    from neural_hive import bootstrap  # it loads what only this needs

    async with bootstrap.open_resource("models", settings.models, bootstrap.MODELS, settings, names=(name,)) as models:
        yield registry.open_local(name, models), {"models": models.ping}


def drivers() -> ModuleType:
    """What serves gRPC.

    Raises:
        MissingDriverError: It is not installed.
    """
    try:
        return importlib.import_module("neural_hive.transport.server")
    except ModuleNotFoundError as error:
        raise MissingDriverError("error.missing_driver", kind="grpc_port", scheme="grpc", module=error.name or "", extra="grpc") from error


def _grpc(voice: Specialist, settings: Settings, pulse: Pulse) -> AbstractAsyncContextManager[int]:
    opened: AbstractAsyncContextManager[int] = drivers().serve_specialist(
        voice, host=settings.grpc_host, port=settings.grpc_port, tls=settings.tls, pulse=pulse
    )
    return opened


def _judges(seen: Readiness) -> bool:
    return all(part.ok for part in seen.dependencies if part.name == "model")


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound
