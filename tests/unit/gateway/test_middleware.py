"""The outermost layer: headers on every answer, no message of an unexpected error anywhere."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from neural_hive.gateway.app import create_app
from neural_hive.hive import Hive
from neural_hive.settings import Settings


async def test_headers(api: httpx.AsyncClient) -> None:
    for path in ("/", "/health", "/api/v1/nothing"):
        headers = (await api.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


async def test_an_unexpected_error_keeps_its_words(hive: Hive, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    async def breaks(_: Request) -> Response:
        raise RuntimeError("the words of somebody")

    caplog.set_level(logging.DEBUG)
    app = create_app(settings, hive)
    app.add_route("/breaks", breaks)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hive") as api:
        response = await api.get("/breaks", headers={"accept-language": "pt"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Erro interno"
    assert "words of somebody" not in response.text + caplog.text
    assert "RuntimeError" in caplog.text
