"""An MLflow server with the packaged models, or others, in force."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from neural_hive.models import load, packaged_shelf
from neural_hive.models.base import Artefact
from neural_hive.models.card import Card
from neural_hive.models.mlflow import open_mlflow_models
from neural_hive.models.weighing import pack, unpack
from neural_hive.specialists.registry import OWN


async def put_in_force(url: str, *changed: tuple[Artefact, Card]) -> None:
    """Publish and promote a model for every specialist of ours: the packaged one, or one of those given in its place."""
    given = {artefact.name: (artefact, card) for artefact, card in changed}
    async with open_mlflow_models(url) as shelf:
        for name in OWN:
            found = given.get(name) or packaged_shelf().current(name)
            assert found is not None, name
            shelf.promote(name, shelf.publish(*found))


def louder(name: str, lift: float) -> tuple[Artefact, Card]:
    """The packaged model of a specialist, in which several factors together weigh more."""
    artefact = pack(msgspec.structs.replace(unpack(load(name)), lift=lift))
    found = packaged_shelf().current(name)
    assert found is not None, name
    return artefact, replace(found[1], version=artefact.version, sha256=artefact.sha256)
