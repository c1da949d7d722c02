"""From settings to a running hive; the only module that names adapters.

Each resource is opened by the scheme of its URL, as an async context manager on one exit stack, and
brings its own check; together the checks are `/ready`.
"""

from __future__ import annotations

import asyncio
import importlib
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neural_hive import telemetry
from neural_hive.cache.base import Cache
from neural_hive.errors import LedgerError, MissingDriverError, SettingsError
from neural_hive.graph.base import Graph
from neural_hive.hive import Hive
from neural_hive.judgements import Judgements
from neural_hive.ledger.base import Ledger
from neural_hive.memory import Memory
from neural_hive.messages import text
from neural_hive.models.base import Models
from neural_hive.ops import Check, Probe
from neural_hive.outcomes import Outcomes
from neural_hive.panel import Panel
from neural_hive.settings import Settings
from neural_hive.specialists import registry
from neural_hive.specialists.base import Specialist
from neural_hive.warmth import warmed
from neural_hive.watch import Watch


@dataclass(frozen=True, slots=True)
class Adapter:
    """Where a scheme's adapter lives.

    Attributes:
        module: Its module; imported when it is asked for.
        opener: The function there that opens a URL.
        extra: What brings its driver.
        options: Settings (or properties of them) that the opener takes by keyword.
    """

    module: str
    opener: str
    extra: str = ""
    options: tuple[str, ...] = ()


_MONGO = Adapter("neural_hive.ledger.mongo", "open_mongo_ledger", "mongo", ("ledger_key_path", "ledger_deadline"))
_NEO4J = Adapter("neural_hive.graph.neo4j", "open_neo4j_graph", "neo4j", ("graph_deadline",))
_REDIS = Adapter("neural_hive.cache.redis", "open_redis_cache", "redis")
_MLFLOW = Adapter("neural_hive.models.mlflow", "open_mlflow_models", "mlflow", ("models_refresh",))
_GRPC = Adapter("neural_hive.transport.client", "open_grpc_specialist", "grpc", ("tls", "specialist_deadline", "auth"))

LEDGERS = {
    "sqlite": Adapter("neural_hive.ledger.sqlite", "open_sqlite_ledger"),
    **dict.fromkeys(("mongodb", "mongodb+srv"), _MONGO),
}
GRAPHS = {
    "sqlite": Adapter("neural_hive.graph.sqlite", "open_sqlite_graph"),
    **dict.fromkeys(("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"), _NEO4J),
}
CACHES = {
    "memory": Adapter("neural_hive.cache.memory", "open_memory_cache"),
    **dict.fromkeys(("redis", "rediss", "redis+cluster", "rediss+cluster"), _REDIS),
}
QUEUES = dict.fromkeys(("redis", "rediss"), Adapter("neural_hive.bulk.streams", "open_redis_queue", "queue"))
SPECIALISTS = dict.fromkeys(("grpc", "grpcs"), _GRPC)
MODELS = {
    "packaged": Adapter("neural_hive.models.packaged", "open_packaged_models"),
    **dict.fromkeys(("mlflow+http", "mlflow+https"), _MLFLOW),
}


_VOICE = "specialist-"
_REQUIRED = ("ledger", "disk", "warm-up", "token-keys")


def open_resource(
    kind: str, url: str, adapters: Mapping[str, Adapter], settings: Settings, **given: Any
) -> AbstractAsyncContextManager[Any]:
    """What opens a URL.

    Args:
        kind: Name of the setting, for messages.
        url: `scheme:...`.
        adapters: Adapter by scheme.
        settings: Where the adapter's options stand.
        **given: More for the opener, by keyword.

    Raises:
        SettingsError: No adapter has this scheme.
        MissingDriverError: Its driver is not installed; the message names the extra.
    """
    scheme = url.partition(":")[0].lower()
    adapter = adapters.get(scheme)
    if adapter is None:
        known = ", ".join(f"{name}:" for name in sorted(adapters)) or text("settings.nothing", "en")
        raise SettingsError("error.unknown_scheme", kind=kind, scheme=scheme, known=known)
    try:
        module = importlib.import_module(adapter.module)
    except ModuleNotFoundError as error:
        raise MissingDriverError("error.missing_driver", kind=kind, scheme=scheme, module=error.name or "", extra=adapter.extra) from error
    opened: AbstractAsyncContextManager[Any] = getattr(module, adapter.opener)(url, **_options(adapter, settings), **given)
    return opened


def _options(adapter: Adapter, settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in adapter.options}


@asynccontextmanager
async def open_hive(settings: Settings, *, warm: bool = False, checks: Mapping[str, Check] = MappingProxyType({})) -> AsyncIterator[Hive]:
    """A running hive; everything is closed, and what is under way is finished, at the end.

    Args:
        settings: What it is made of.
        warm: Load now what the first intentions would load, and watch over the parts; the hive is not ready before that is done.
        checks: Of what else the process depends on, by name.

    Raises:
        SettingsError, MissingDriverError: A setting cannot be used.
        LedgerError, IntegrityError: The ledger cannot be opened, or was tampered with.
    """
    _make_directory(settings.data_dir)
    async with AsyncExitStack() as stack:
        ledger: Ledger = await stack.enter_async_context(open_resource("ledger", settings.ledger_url, LEDGERS, settings))
        graph: Graph = await stack.enter_async_context(open_resource("graph", settings.graph_url, GRAPHS, settings))
        cache: Cache = await stack.enter_async_context(
            open_resource("cache", settings.cache, CACHES, settings, secret=getattr(ledger, "cache_key", b""))
        )
        own = _own_specialists(settings)
        models: Models = await stack.enter_async_context(open_resource("models", settings.models, MODELS, settings, names=own))
        specialists = await _open_specialists(settings, models, stack)
        memory = Memory(graph, deadline=settings.graph_deadline)
        stack.push_async_callback(memory.close)
        memory.catch_up(ledger)
        outcomes = Outcomes(ledger, memory)
        await outcomes.replay()
        remote = frozenset(settings.specialists)
        twins = {name: registry.open_local(name) for name in sorted(remote)}
        panel = Panel(specialists, remote=remote, deadline=settings.specialist_deadline, stand_ins=twins)
        asked = {**_checks(settings, ledger, graph, cache, specialists), **checks}
        if own:
            asked["models"] = _pinged(models)
        if warm:
            asked["warm-up"] = await stack.enter_async_context(warmed(panel if _may_ask(settings) else Panel(specialists | twins)))
        probe = _probe(settings, asked)
        watch = Watch(probe, language=settings.language or "en")
        if warm:
            await stack.enter_async_context(watch.looking())
        yield Hive(
            settings=settings,
            panel=panel,
            judgements=Judgements(cache, ttl=settings.cache_ttl),
            ledger=ledger,
            cache=cache,
            memory=memory,
            outcomes=outcomes,
            probe=probe,
            watch=watch,
        )


def _may_ask(settings: Settings) -> bool:
    """Whether those behind URLs are asked where nobody calls: where tokens are needed, only with one of this process's own."""
    return settings.auth.mode == "none" or settings.auth.token_file is not None


def _own_specialists(settings: Settings) -> tuple[str, ...]:
    """Those that are in process."""
    return tuple(name for name in registry.names() if not settings.specialists.get(name))


async def _open_specialists(settings: Settings, models: Models, stack: AsyncExitStack) -> dict[str, Specialist]:
    """Every registered specialist, in process unless the settings give a URL."""
    unknown = sorted(set(settings.specialists) - set(registry.names()))
    if unknown:
        raise SettingsError("error.unknown_specialist", name=unknown[0], known=", ".join(registry.names()))
    opened: dict[str, Specialist] = {}
    for name in registry.names():
        url = settings.specialists.get(name)
        if url:
            opened[name] = await stack.enter_async_context(open_resource(f"specialists.{name}", url, SPECIALISTS, settings, name=name))
        else:
            opened[name] = registry.open_local(name, models)
    return opened


def _checks(settings: Settings, ledger: Ledger, graph: Graph, cache: Cache, specialists: Mapping[str, Specialist]) -> dict[str, Check]:
    checks: dict[str, Check] = {"ledger": _pinged(ledger), "graph": _pinged(graph), "cache": _pinged(cache)}
    checks["disk"] = lambda: asyncio.to_thread(_disk, settings.data_dir, settings.min_free_bytes)
    for name, specialist in specialists.items():
        checks[f"{_VOICE}{name}"] = _described(name, specialist, settings)
    return checks


def _probe(settings: Settings, checks: Mapping[str, Check]) -> Probe:
    # Without precedents, a cache or one voice the hive still answers, more cautiously; without ledger, disk or keys for tokens it does not.
    optional = frozenset(name for name in checks if name not in _REQUIRED)
    voices = frozenset(name for name in checks if name.startswith(_VOICE))  # with none of them every answer is an error
    return Probe(checks, deadline=settings.ready_deadline, optional=optional, one_of=voices)


def _pinged(resource: Any) -> Check:
    async def check() -> str:
        ping = getattr(resource, "ping", None)
        found = await ping() if ping is not None else None
        return str(found) if found else "ok"

    return check


def _described(name: str, specialist: Specialist, settings: Settings) -> Check:
    from_registry = not settings.models.startswith("packaged:") and hasattr(specialist, "follow")

    async def check() -> str:
        model = await specialist.describe()
        if not settings.specialists.get(name):  # one behind a URL tells of its model itself
            telemetry.judges_with(name, model, from_registry=from_registry)
        return model.label

    return check


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise LedgerError("error.ledger_unwritable", reason=error.strerror or type(error).__name__, path=str(path)) from error


def _disk(path: Path, least: int) -> str:
    free = shutil.disk_usage(path).free
    if free < least:
        raise LedgerError("error.disk_full", path=str(path), free=free // 1_048_576, least=least // 1_048_576)
    return f"{free // 1_048_576} MiB"
