"""Models kept in MLflow: `neural-hive-<name>`, the version that the alias `production` names.

Loading never happens while somebody waits for an opinion: one thread looks for newer versions, and
`load` hands out what is there. What is fetched is checked before it is used; whatever goes wrong, the
last good artefact stays, or the packaged one answers and says why. `mlflow` itself is imported only
to publish.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from neural_hive.errors import IntegrityError, MissingDriverError, NotFoundError, UnavailableError
from neural_hive.models import card as cards
from neural_hive.models.base import Artefact
from neural_hive.models.card import Card
from neural_hive.models.packaged import PackagedModels
from neural_hive.models.rules import RULES, rules_of
from neural_hive.models.tracking import ALIAS, FILES, Registered, Tracking
from neural_hive.models.weighing import is_like, unpack

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "neural-hive"
_FIRST = 2.0  # seconds that a start waits for the first look; then the packaged models answer until there is more
_AGAIN = 2.0  # seconds between two looks while something is wrong
_PUBLISHING = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

_PROBLEMS = {"error.model_altered": "altered", "error.model_outdated": "outdated"}

_log = logging.getLogger(__name__)


def registered_name(name: str) -> str:
    """What a specialist's model is called in the registry."""
    return f"neural-hive-{name}"


@dataclass(frozen=True, slots=True)
class _Held:
    """What answers for a name, and what is wrong with the place that it should come from ("" when nothing is)."""

    artefact: Artefact
    problem: str


class MlflowModels:
    """See the module; `open_mlflow_models` makes it.

    Args:
        tracking: The server.
        refresh: Seconds between two looks for newer versions.
    """

    def __init__(self, tracking: Tracking, *, refresh: float) -> None:
        self._tracking = tracking
        self._refresh = refresh
        self._packaged = PackagedModels()
        self._held: dict[str, _Held] = {}
        self._names: dict[str, threading.Event] = {}
        self._look, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="models", daemon=True)
        self._thread.start()

    def load(self, name: str) -> Artefact:
        """What is in force; the first call for a name waits up to two seconds for it. See the port."""
        held = self._held.get(name)
        if held is None:
            self.want(name).wait(_FIRST if not self._is_away() else 0.0)
            held = self._held.get(name) or self._held.setdefault(name, self._fallen_back(name, "unreachable"))
        return held.artefact

    def want(self, name: str) -> threading.Event:
        """Begin to look for a name; the event is set when it was looked for once.

        Raises:
            NotFoundError: The package has no model of this name, so nothing could stand in for it.
        """
        self._packaged.load(name)
        seen = self._names.setdefault(name, threading.Event())
        self._look.set()
        return seen

    def has(self, name: str) -> bool:
        """Whether the package has a model of this name, which could stand in for another."""
        try:
            self._packaged.load(name)
        except NotFoundError:
            return False
        return True

    async def ping(self) -> str:
        """What answers, by name.

        Raises:
            UnavailableError: The server is away, or a model of it cannot be used; the message says what answers instead.
        """
        try:
            await asyncio.to_thread(self._tracking.healthy)
        except UnavailableError:
            self._look.set()
            raise UnavailableError("error.models_away", url=self._tracking.shown, models=self._told()) from None
        if any(held.problem for held in self._held.values()):
            self._look.set()
            raise UnavailableError("error.models_bad", url=self._tracking.shown, models=self._told())
        return self._told() or "ok"

    def _told(self) -> str:
        return ", ".join(f"{name} {held.artefact.version}{_reason(held)}" for name, held in sorted(self._held.items()))

    def _is_away(self) -> bool:
        return any(held.problem == "unreachable" for held in self._held.values())

    def close(self) -> None:
        """Stop looking; a look under way ends at its own deadline."""
        self._closed.set()
        self._look.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._look.clear()
            for name, seen in list(self._names.items()):
                self._renew(name)
                seen.set()
            wrong = any(held.problem for held in self._held.values())
            self._look.wait(min(self._refresh, _AGAIN) if wrong else self._refresh)

    def _renew(self, name: str) -> None:
        before = self._held.get(name)
        try:
            self._held[name] = _Held(self._fetched(name, before), "")
        except NotFoundError:
            self._keep(name, before, "unregistered")
        except UnavailableError:
            self._keep(name, before, "unreachable")
        except IntegrityError as error:
            self._keep(name, before, _PROBLEMS.get(error.key, "unusable"))
        except Exception as error:  # noqa: BLE001 -- whatever a foreign answer makes of it, the thread goes on looking
            _log.warning("looking for the model %s failed: %s", name, type(error).__name__)
            self._keep(name, before, "unusable")

    def _fetched(self, name: str, before: _Held | None) -> Artefact:
        found = self._tracking.registered(registered_name(name))
        if found.rules != rules_of(name):
            raise IntegrityError("error.model_outdated", name=name)
        if before is not None and not before.artefact.fallback and before.artefact.sha256 == found.sha256:
            return before.artefact
        artefact = _checked(name, found, self._tracking.file(registered_name(name), found.version, f"{name}.json"))
        if not is_like(unpack(artefact), unpack(self._packaged.load(name))):
            raise IntegrityError("error.model_unusable", name=name)
        _log.info("model %s: %s, version %s of the registry", name, artefact.version, found.version)
        return artefact

    def _keep(self, name: str, before: _Held | None, problem: str) -> None:
        """The last good one stays; where there is none, the packaged one answers and says why."""
        if before is None or (before.artefact.fallback and before.problem != problem):
            self._held[name] = self._fallen_back(name, problem)
        elif before.problem != problem:
            self._held[name] = replace(before, problem=problem)
        else:
            return
        _log.warning("model %s: %s; %s answers", name, problem, self._held[name].artefact.version)

    def _fallen_back(self, name: str, problem: str) -> _Held:
        return _Held(replace(self._packaged.load(name), fallback=problem), problem)

    def current(self, name: str) -> tuple[Artefact, Card] | None:
        """What the alias names now, read anew; see the port."""
        model = registered_name(name)
        try:
            found = self._tracking.registered(model)
        except NotFoundError:
            return None
        artefact = _checked(name, found, self._tracking.file(model, found.version, f"{name}.json"))
        try:
            return artefact, cards.read(self._tracking.file(model, found.version, f"{name}.toml").decode())
        except (ValueError, TypeError) as error:
            raise IntegrityError("error.model_unusable", name=name) from error

    def publish(self, artefact: Artefact, card: Card) -> str:
        """Log a run with parameters, figures, card and artefact, and register a version of it; see the port."""
        client, failures = _client(self._tracking.url)
        try:
            return _published(client, artefact, card)
        except failures as error:
            raise UnavailableError("error.models_unreachable", url=self._tracking.shown) from error

    def promote(self, name: str, kept: str) -> None:
        """Move the alias; see the port."""
        client, failures = _client(self._tracking.url)
        try:
            client.set_registered_model_alias(registered_name(name), ALIAS, kept)
        except failures as error:
            raise UnavailableError("error.models_unreachable", url=self._tracking.shown) from error
        self._look.set()


@asynccontextmanager
async def open_mlflow_models(url: str, *, models_refresh: float = 30.0, names: Sequence[str] = ()) -> AsyncIterator[MlflowModels]:
    """The models of an MLflow server.

    Args:
        url: "mlflow+http://[user:password@]host:port" or "mlflow+https://...".
        models_refresh: Seconds between two looks for newer versions.
        names: Models to look for at once; those that the package does not have are left out, others are looked for when first asked for.

    Raises:
        SettingsError: The URL names no host.
    """
    opened = MlflowModels(Tracking(url), refresh=models_refresh)
    try:
        looked = [opened.want(name) for name in names if opened.has(name)]
        await asyncio.gather(*(asyncio.to_thread(seen.wait, _FIRST) for seen in looked))
        yield opened
    finally:
        opened.close()


def _checked(name: str, found: Registered, content: bytes) -> Artefact:
    digest = sha256(content).hexdigest()
    if digest != found.sha256:
        raise IntegrityError("error.model_altered", name=name)
    return Artefact(name=name, version=digest[:8], sha256=digest, content=content)


def _reason(held: _Held) -> str:
    return f" ({held.problem})" if held.problem else ""


def _client(url: str) -> tuple[MlflowClient, tuple[type[Exception], ...]]:
    """MLflow's own client, kept quiet, and what it raises."""
    for name, value in _PUBLISHING.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError as error:
        raise MissingDriverError(
            "error.missing_driver", kind="models", scheme="mlflow+http", module=error.name or "", extra="mlflow"
        ) from error
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=url, registry_uri=url), (MlflowException, OSError)


def _published(client: MlflowClient, artefact: Artefact, card: Card) -> str:
    name, model = artefact.name, registered_name(artefact.name)
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    tags = {"sha256": artefact.sha256, "data_sha256": card.data_sha256, "product": card.product, "version": artefact.version}
    tags[RULES] = str(card.parameters.get(RULES, ""))
    run = client.create_run(experiment, tags=tags | {"mlflow.source.name": "hive train"}, run_name=f"{name} {artefact.version}")
    run_id = run.info.run_id
    for key, value in {**card.parameters, "seed": card.seed, "data_sha256": card.data_sha256}.items():
        client.log_param(run_id, key, value)
    for when in ("by_hand", "before", "after"):
        for key, value in getattr(card, when).items():
            client.log_metric(run_id, f"{when}.{key}", value)
    client.log_text(run_id, artefact.content.decode(), f"{FILES}/{name}.json")
    client.log_text(run_id, card.render(), f"{FILES}/{name}.toml")
    client.set_terminated(run_id)
    if not client.search_registered_models(f"name = '{model}'", max_results=1):
        client.create_registered_model(model)
    source = f"{run.info.artifact_uri}/{FILES}"
    return str(client.create_model_version(model, source, run_id, tags=tags, await_creation_for=0).version)
