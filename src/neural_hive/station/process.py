"""A specialist's process from its start to its end."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from types import ModuleType

from neural_hive import telemetry
from neural_hive.errors import MissingDriverError, NotFoundError, UnavailableError
from neural_hive.ops import Check, Probe, Pulse, Readiness
from neural_hive.settings import Settings
from neural_hive.specialists import registry
from neural_hive.specialists.base import Specialist
from neural_hive.station.app import create_app, http
from neural_hive.station.door import listening_socket
from neural_hive.station.measured import Measured
from neural_hive.tokens.base import Guard
from neural_hive.tokens.exposure import check_exposed
from neural_hive.tokens.opening import open_guard
from neural_hive.tracing import tracing
from neural_hive.types import Action, Plan, Task
from neural_hive.watch import Watch

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
    """A specialist and the port that it is asked at; 0 while nothing listens there.

    Attributes:
        from_registry: Whether its models come from a registry.
    """

    voice: Specialist
    host: str
    port: int = 0
    from_registry: bool = False

    async def judges(self) -> str:
        """The model's name, once it has judged a plan."""
        await self.voice.evaluate(PLAN)
        model = await self.voice.describe()
        telemetry.judges_with(self.voice.name, model, from_registry=self.from_registry)
        return model.label

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
        SettingsError: An address cannot be listened on, or is open to whoever reaches it without anybody saying so; or a file
            of `tls`, or something of `auth`, cannot be used.
        MissingDriverError: gRPC is not installed.
        UnavailableError: The specialist cannot judge.
    """
    if name not in registry.names():
        raise NotFoundError("error.unknown_specialist", name=name, known=", ".join(registry.names()))
    check_exposed(settings.auth, settings.grpc_host, setting="grpc_host (HIVE_GRPC_HOST)", mutual=settings.tls.ca is not None)
    with (
        tracing(settings.traces, f"hive-specialist-{name}"),
        listening_socket(settings.host, settings.port) as door,
        asyncio.Runner() as runner,
    ):
        runner.run(serve(name, settings, door, told))


async def serve(name: str, settings: Settings, door: socket.socket, told: Callable[[Ports], None]) -> None:
    """As `run`, in a loop that runs and on a socket that listens. HTTP is there before gRPC and until after it.

    Told to end, it is not ready at once, but for `drain` seconds it still answers who calls: they may not know it yet.
    """
    stopped = asyncio.Event()
    for each in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with open_guard(settings.auth) as guard, _voice(name, settings) as (voice, shelf):
        station = Station(voice, _reachable(settings.grpc_host), from_registry=bool(shelf) and hasattr(voice, "follow"))
        checks = {"model": station.judges, "grpc": station.listens, **shelf, **(guard.checks() if guard else {})}
        probe = Probe(checks, deadline=settings.ready_deadline, optional=frozenset(shelf) | {"issuer"})
        pulse = Pulse()
        watch = Watch(probe, language=settings.language or "en", told=lambda seen: pulse.tell(well=_judges(seen)))
        async with http(create_app(name, watch), door), _grpc(Measured(voice), settings, pulse, guard) as station.port, watch.looking():
            await watch.seen()
            gc.freeze()  # what was loaded stays for good
            told(Ports(grpc=station.port, http=door.getsockname()[1]))
            await stopped.wait()
            _log.info("ending", extra={"fields": {"specialist": name}})
            watch.end()
            pulse.end()
            stopped.clear()
            with suppress(TimeoutError):  # asked to end a second time, it does not wait
                await asyncio.wait_for(stopped.wait(), settings.drain)


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


def _grpc(voice: Specialist, settings: Settings, pulse: Pulse, guard: Guard | None) -> AbstractAsyncContextManager[int]:
    opened: AbstractAsyncContextManager[int] = drivers().serve_specialist(
        voice, host=settings.grpc_host, port=settings.grpc_port, tls=settings.tls, pulse=pulse, guard=guard
    )
    return opened


def _judges(seen: Readiness) -> bool:
    return all(part.ok or part.checked_ms is None for part in seen.dependencies if part.name == "model")


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound
