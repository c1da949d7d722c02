"""A gateway in this process, spoken to as over the network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.gateway.app import create_app
from neural_hive.hive import Hive
from neural_hive.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, limits={"max_body_bytes": 20_000})


@pytest.fixture
async def hive(settings: Settings) -> AsyncIterator[Hive]:
    async with open_hive(settings) as opened, opened.watch.looking():
        await opened.watch.seen()
        yield opened


@pytest.fixture
async def api(settings: Settings, hive: Hive) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(settings, hive))
    async with httpx.AsyncClient(transport=transport, base_url="http://hive") as client:
        yield client
