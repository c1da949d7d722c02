"""The models in the package, folders of the same shape, and cards."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_hive.errors import IntegrityError, NotFoundError
from neural_hive.models import FolderModels, load, packaged_shelf
from neural_hive.models import card as cards
from neural_hive.models.base import Artefact
from neural_hive.models.card import Card
from neural_hive.models.packaged import open_packaged_models
from neural_hive.models.weighing import unpack
from neural_hive.specialists.registry import OWN


def card_of(artefact: Artefact) -> Card:
    return Card(
        name=artefact.name,
        version=artefact.version,
        sha256=artefact.sha256,
        product="0",
        data=('with "quotes"', "ação"),
        data_sha256="00",
        seed=7,
        parameters={"hold": 0.5},
        after={"brier": 0.125},
        licence="Apache-2.0",
    )


@pytest.mark.parametrize("name", OWN)
async def test_every_specialist_has_an_artefact_with_a_card_that_says_where_it_is_from(name: str) -> None:
    async with open_packaged_models("packaged:") as models:
        artefact = models.load(name)
    assert artefact is load(name)
    assert unpack(artefact).specialist == name
    found = packaged_shelf().current(name)
    assert found is not None
    card = found[1]
    assert (card.name, card.sha256) == (name, artefact.sha256)
    assert card.version == artefact.version == artefact.sha256[:8]
    assert card.data
    assert len(card.data_sha256) == 64
    assert card.after["log_loss"] <= card.before["log_loss"]
    assert card.after["brier"] <= card.by_hand["brier"]
    assert "test" in card.limits


def test_a_card_reads_as_it_was_written() -> None:
    card = card_of(load("technical"))
    assert cards.read(card.render()) == card


def test_a_folder_puts_in_force_only_what_is_promoted(tmp_path: Path) -> None:
    shelf, artefact = FolderModels(tmp_path / "new"), load("technical")
    assert shelf.current("technical") is None
    kept = shelf.publish(artefact, card_of(artefact))
    assert shelf.current("technical") is None
    shelf.promote("technical", kept)
    assert shelf.current("technical") == (artefact, card_of(artefact))
    assert shelf.load("technical") is shelf.load("technical")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["technical.json", "technical.toml"]


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    shelf, artefact = FolderModels(tmp_path), load("technical")
    shelf.promote("technical", shelf.publish(artefact, card_of(artefact)))
    (tmp_path / "technical.json").write_bytes(artefact.content.replace(b"0.1", b"0.2", 1))
    with pytest.raises(IntegrityError) as caught:
        shelf.load("technical")
    assert caught.value.key == "error.model_altered"


def test_a_name_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load("nobody")
    with pytest.raises(NotFoundError):
        FolderModels(tmp_path).load("technical")
