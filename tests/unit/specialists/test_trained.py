"""A specialist's weights come from an artefact, and change between two opinions, never within one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from neural_hive import models
from neural_hive.errors import IntegrityError
from neural_hive.models import FolderModels
from neural_hive.models.card import Card
from neural_hive.models.weighing import Weighing, pack, unpack
from neural_hive.specialists.factors import load_common, load_spec
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.specialists.trained import by_hand, lines, trained
from neural_hive.testing import sample_plans
from neural_hive.types import ModelInfo


def technical(place: FolderModels | None = None) -> RuleSpecialist:
    voice = open_local("technical", place)
    assert isinstance(voice, RuleSpecialist)
    return voice


def put(shelf: FolderModels, weighing: Weighing) -> str:
    artefact = pack(weighing)
    card = Card(name=artefact.name, version=artefact.version, sha256=artefact.sha256, product="", data=(), data_sha256="", seed=0)
    shelf.promote(artefact.name, shelf.publish(artefact, card))
    return artefact.version


@pytest.mark.parametrize("name", OWN)
async def test_the_packaged_artefact_answers_and_is_named(name: str) -> None:
    voice = open_local(name)
    info = await voice.describe()
    assert models.load(name).version in info.version
    assert (info.source, info.fallback) == ("learned", "")
    opinion = await voice.evaluate(sample_plans()[4])
    assert opinion.model == info
    weights = unpack(models.load(name)).weights
    assert [factor.weight for factor in opinion.factors if factor.name in weights] == list(weights.values())


@pytest.mark.parametrize("name", OWN)
def test_the_packaged_weighing_is_near_the_hand_set_one(name: str) -> None:
    spec = load_spec(f"neural_hive.specialists.{name}")
    hand, now = by_hand(spec), unpack(models.load(name))
    assert now.lines == lines(load_common())
    assert max(abs(now.weights[key] - hand.weights[key]) for key in hand.weights) < 0.02
    assert max(abs(risk - calibrated) for risk, calibrated in now.knots) < 0.16


async def test_a_newer_artefact_is_taken_between_two_opinions(tmp_path: Path) -> None:
    shelf, plan = FolderModels(tmp_path), sample_plans()[4]
    hand = by_hand(technical().spec)
    first = put(shelf, hand)
    voice = technical(shelf)
    before = voice.evaluate_sync(plan)
    second = put(shelf, msgspec.structs.replace(hand, lift=0.5))
    after = voice.evaluate_sync(plan)
    assert first in before.model.version
    assert second in after.model.version
    assert after.risk > before.risk
    assert await voice.describe() == after.model
    assert voice.judge(plan).risk == after.risk


def test_a_place_that_has_nothing_leaves_the_hand_set_weights(tmp_path: Path) -> None:
    voice = technical(FolderModels(tmp_path))
    assert voice.judge(sample_plans()[4]).model == ModelInfo(name="technical-rules", version="1+reader.1", source="learned")


def test_an_artefact_of_other_factors_is_refused(tmp_path: Path) -> None:
    hand = by_hand(technical().spec)
    other = dict(zip(["elegance", *list(hand.weights)[1:]], hand.weights.values(), strict=True))
    put(shelf := FolderModels(tmp_path), msgspec.structs.replace(hand, weights=other))
    with pytest.raises(IntegrityError):
        technical(shelf)
    with pytest.raises(IntegrityError):
        trained(technical().spec, msgspec.structs.replace(hand, lines=(0.15, 0.5, 0.83)))


def test_the_map_moves_no_recommendation() -> None:
    voice = technical()
    hand = technical()
    steep = ((0.0, 0.0), (0.075, 0.149), (0.15, 0.15), (0.315, 0.16), (0.48, 0.48), (0.655, 0.5), (0.83, 0.83), (1.0, 1.0))
    hand.weigh(None)
    voice.weigh(msgspec.structs.replace(by_hand(hand.spec), knots=steep))
    for plan in sample_plans():
        one, other = hand.judge(plan), voice.judge(plan)
        assert one.vetoes == other.vetoes
        assert one.recommendation is other.recommendation
