"""What an MLflow that is not there does: the packaged models answer, quickly, and say why."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from neural_hive.errors import NotFoundError, SettingsError, UnavailableError
from neural_hive.models import load
from neural_hive.models.mlflow import open_mlflow_models
from neural_hive.models.tracking import Tracking, shown
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.testing import check_specialist

NOWHERE = "mlflow+http://user:secret@127.0.0.1:9"


async def test_the_packaged_models_answer_and_say_so() -> None:
    start = time.perf_counter()
    async with open_mlflow_models(NOWHERE, models_refresh=60.0, names=OWN) as models:
        voices = [open_local(name, models) for name in OWN]
        assert time.perf_counter() - start < 3.0
        for voice in voices:
            assert (await voice.describe()).fallback == "unreachable"
            assert models.load(voice.name).content == load(voice.name).content
        await check_specialist(voices[0])
        with pytest.raises(UnavailableError) as caught:
            await models.ping()
        with pytest.raises(UnavailableError):
            models.current("technical")
    assert "technical" in caught.value.render("pt")
    assert "secret" not in caught.value.render("en")


async def test_what_the_package_does_not_have_cannot_be_stood_in_for() -> None:
    async with open_mlflow_models(NOWHERE) as models:
        with pytest.raises(NotFoundError):
            models.load("nobody")


@pytest.mark.parametrize("url", ["mlflow+http://", "mlflow+ftp://host", "mlflow+http:host"])
async def test_a_url_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        async with open_mlflow_models(url):
            pass


def test_no_message_shows_a_password() -> None:
    assert shown(NOWHERE) == "mlflow+http://127.0.0.1:9"
    assert Tracking("mlflow+https://host.invalid/prefix/").shown == "mlflow+https://host.invalid/prefix/"


def test_loading_takes_no_driver() -> None:
    """MLflow's client costs 50 MB; a specialist has 120."""
    found = "import sys, neural_hive.models.mlflow; sys.exit(bool({'mlflow', 'requests', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", found], check=False, timeout=60).returncode == 0
