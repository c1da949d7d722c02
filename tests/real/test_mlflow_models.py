"""Models kept in a real MLflow: published, put in force, swapped while opinions are given, and never trusted unchecked."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from neural_hive.errors import HiveError, IntegrityError, UnavailableError
from neural_hive.models import card as cards
from neural_hive.models import load, packaged_shelf
from neural_hive.models.base import Artefact
from neural_hive.models.mlflow import MlflowModels, open_mlflow_models, registered_name
from neural_hive.models.rules import RULES, rules_of
from neural_hive.models.weighing import pack, unpack
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.testing import check_specialist, sample_plans
from tests.real.mlflow_place import louder
from tests.services import Instance, private

pytestmark = pytest.mark.real

EVALS = Path(__file__).resolve().parents[2] / "evals"
SOON = 0.2  # seconds between two looks
PATIENCE = 10.0  # seconds that a swap may take on a busy machine


@pytest.fixture(scope="module")
def server() -> Iterator[Instance]:
    """One for this file alone, because the names in its registry are fixed."""
    with private("mlflow") as instance:
        yield instance


@pytest.fixture
async def shelf(server: Instance) -> MlflowModels:
    """The server with every packaged artefact in force."""
    server.resume()
    server.start()
    async with open_mlflow_models(server.url) as models:
        for name in OWN:
            if in_force(models, name) != load(name):
                artefact, card = packaged_shelf().current(name) or pytest.fail("no packaged model")
                models.promote(name, models.publish(artefact, card))
        return models


def in_force(models: MlflowModels, name: str) -> Artefact | None:
    try:
        found = models.current(name)
    except IntegrityError:
        return None
    return found[0] if found else None


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 -- another process changes what is asked
            await asyncio.sleep(0.05)


def voice_of(name: str, models: MlflowModels) -> RuleSpecialist:
    voice = open_local(name, models)
    assert isinstance(voice, RuleSpecialist)
    return voice


async def test_the_same_artefact_gives_the_same_bytes_from_either_place(server: Instance, shelf: MlflowModels) -> None:
    async with open_mlflow_models(server.url, names=OWN) as models:
        for name in OWN:
            here, there = open_local(name), voice_of(name, models)
            assert (await there.describe()).fallback == ""
            for plan in sample_plans():
                assert msgspec.json.encode(await here.evaluate(plan)) == msgspec.json.encode(await there.evaluate(plan))
        await check_specialist(voice_of("technical", models))
        told = await models.ping()
        assert all(f"{name} {load(name).version}" in told for name in OWN)


async def test_what_is_kept_is_the_card_with_its_figures(shelf: MlflowModels) -> None:
    artefact, card = shelf.current("behavior") or pytest.fail("nothing in force")
    assert artefact == load("behavior")
    assert (artefact, card) == packaged_shelf().current("behavior")
    assert cards.read(card.render()) == card


async def test_a_newer_version_is_taken_in_the_background_and_back(server: Instance, shelf: MlflowModels) -> None:
    plan = sample_plans()[4]
    async with open_mlflow_models(server.url, models_refresh=SOON, names=["technical"]) as models:
        voice = voice_of("technical", models)
        calm = voice.evaluate_sync(plan)
        artefact, card = louder("technical", 0.4)
        kept = shelf.publish(artefact, card)
        await asyncio.sleep(3 * SOON)
        assert voice.evaluate_sync(plan) == calm, "registered is not in force"
        shelf.promote("technical", kept)
        await until(lambda: artefact.version in voice.evaluate_sync(plan).model.version)
        swapped = voice.evaluate_sync(plan)
        assert swapped.risk > calm.risk
        shelf.promote("technical", shelf.publish(load("technical"), card))
        await until(lambda: voice.evaluate_sync(plan) == calm)


async def test_every_opinion_is_of_one_model_while_models_change(server: Instance, shelf: MlflowModels) -> None:
    plan = sample_plans()[9]
    artefact, card = louder("architecture", 0.7)
    kept = [shelf.publish(artefact, card), shelf.publish(load("architecture"), card)]
    seen: dict[str, set[float]] = {}
    async with open_mlflow_models(server.url, models_refresh=0.02, names=["architecture"]) as models:
        voice = voice_of("architecture", models)
        for number in range(6):
            await asyncio.to_thread(shelf.promote, "architecture", kept[number % 2])
            for _ in range(100):
                opinion = voice.evaluate_sync(plan)
                seen.setdefault(opinion.model.version, set()).add(opinion.risk)
                await asyncio.sleep(0.001)
    assert len(seen) == 2
    assert all(len(risks) == 1 for risks in seen.values())


def spoil(shelf: MlflowModels, server: Instance, kind: str) -> None:
    """Put something in force that must not be used, or nothing."""
    artefact, card = louder("evolution", 0.3)
    if kind == "unregistered":
        client_of(server).delete_registered_model_alias(registered_name("evolution"), "production")
        return
    if kind == "outdated":
        card = replace(card, parameters={**card.parameters, RULES: "0" * 16})
    elif kind == "unusable":
        artefact = pack(msgspec.structs.replace(unpack(artefact), weights={"elegance": 1.0}))
    else:
        artefact = replace(artefact, content=artefact.content.replace(b'"lift":0.3', b'"lift":0.9'))
    shelf.promote("evolution", shelf.publish(artefact, card))


def client_of(server: Instance) -> Any:
    from mlflow import MlflowClient

    url = server.url.removeprefix("mlflow+")
    return MlflowClient(tracking_uri=url, registry_uri=url)


@pytest.mark.parametrize("kind", ["altered", "unusable", "unregistered", "outdated"])
async def test_what_cannot_be_used_is_not_and_the_reason_is_told(kind: str, server: Instance, shelf: MlflowModels) -> None:
    async with open_mlflow_models(server.url, models_refresh=SOON, names=["evolution"]) as running:
        before = running.load("evolution")
        assert before.fallback == ""
        await asyncio.to_thread(spoil, shelf, server, kind)
        await until(lambda: kind in running._told())
        assert running.load("evolution") is before, "the last good one stays"
        with pytest.raises(UnavailableError) as caught:
            await running.ping()
        assert kind in caught.value.render("pt")
        async with open_mlflow_models(server.url, names=["evolution"]) as fresh:
            opinion = voice_of("evolution", fresh).evaluate_sync(sample_plans()[4])
            assert opinion.model.fallback == kind
            assert replace(opinion, model=replace(opinion.model, fallback="")) == open_local("evolution").evaluate_sync(  # type: ignore[attr-defined]
                sample_plans()[4]
            )


@pytest.mark.parametrize("fault", ["stopped", "hanging"])
async def test_a_server_that_is_away_delays_no_start_and_is_used_when_it_is_back(fault: str, server: Instance, shelf: MlflowModels) -> None:
    async with open_mlflow_models(server.url, models_refresh=SOON, names=OWN) as running:
        assert {running.load(name).fallback for name in OWN} == {""}
        (server.pause if fault == "hanging" else server.kill)()
        start = time.perf_counter()
        async with open_mlflow_models(server.url, models_refresh=60.0, names=OWN) as fresh:
            assert {fresh.load(name).fallback for name in OWN} == {"unreachable"}
            assert time.perf_counter() - start < 3.0
            assert {running.load(name).fallback for name in OWN} == {""}
            with pytest.raises(HiveError):
                await running.ping()
            (server.resume if fault == "hanging" else server.start)()
            await until(lambda: not any(fresh.load(name).fallback for name in OWN))
            assert await fresh.ping()


def test_a_specialist_with_its_models_stays_small(server: Instance, shelf: MlflowModels) -> None:
    program = f"""
import asyncio
from neural_hive.models.mlflow import open_mlflow_models
from neural_hive.specialists.registry import open_local
from neural_hive.testing import check_specialist
async def main():
    async with open_mlflow_models({server.url!r}, names=("technical",)) as models:
        voice = open_local("technical", models)
        assert not (await voice.describe()).fallback
        await check_specialist(voice)
    with open("/proc/self/statm") as statm:
        print(int(statm.read().split()[1]) * 4096 // 1_000_000)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 90


def hive(*words: str) -> tuple[int, str]:
    program = str(Path(sys.executable).with_name("hive"))
    done = subprocess.run([program, *words], cwd=EVALS.parent, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = json.loads((EVALS / "dev" / "scenarios.json").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("cases") / "dev.json"
    path.write_text(json.dumps(rows[:60]), encoding="utf-8")
    return path


async def test_training_publishes_and_moves_the_alias_only_through_the_gate(server: Instance, shelf: MlflowModels, few: Path) -> None:
    words = ["train", "behavior", "--data", str(few), "--gate", str(few), "--publish", "--models", server.url, "--lang", "en"]
    before, _ = shelf.current("behavior") or pytest.fail("nothing in force")
    client = client_of(server)
    code, said = await asyncio.to_thread(hive, *words)
    after, card = shelf.current("behavior") or pytest.fail("nothing in force")
    newest = max(client.search_model_versions("name = 'neural-hive-behavior'"), key=lambda found: int(found.version))
    assert newest.tags["data_sha256"] != packaged_shelf().current("behavior")[1].data_sha256  # type: ignore[index]
    run = client.get_run(newest.run_id)
    assert {"by_hand.log_loss", "before.brier", "after.let_go"} <= run.data.metrics.keys()
    assert {"hold_map", "seed", "data_sha256", RULES} <= run.data.params.keys()
    assert newest.tags[RULES] == rules_of("behavior")
    if code == 0:
        assert after.sha256 == newest.tags["sha256"] == card.sha256
        assert "is in force" in said
        better = replace(card, after={key: value - 0.1 for key, value in card.after.items()})
        shelf.promote("behavior", shelf.publish(louder("behavior", 0.2)[0], better))
        before = louder("behavior", 0.2)[0]
        code, said = await asyncio.to_thread(hive, *words)
    assert code == 1, said
    assert "Worse: " in said
    assert (shelf.current("behavior") or pytest.fail("nothing in force"))[0] == before


async def test_publishing_to_nowhere_says_so() -> None:
    code, said = await asyncio.to_thread(hive, "train", "technical", "--data", "evals/dev", "--publish", "--lang", "en")
    assert code == 64
    assert "mlflow+http" in said
