"""Who answers here and how it does: specialists, health, readiness, metrics."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from neural_hive import __version__, telemetry
from neural_hive.errors import HiveError
from neural_hive.gateway import openapi
from neural_hive.gateway.auth import needs, open_to_all
from neural_hive.gateway.routing import DirectRoute, gateway_of, json_response
from neural_hive.specialists.base import Specialist

router = APIRouter(route_class=DirectRoute, tags=["operations"])


@router.get("/api/v1/specialists", summary="The panel", openapi_extra=openapi.SPECIALISTS)
@needs("decisions:read")
async def specialists(request: Request) -> Response:
    """Every specialist by name, and the model that answers for it."""
    hive = gateway_of(request).hive
    described = await asyncio.gather(
        *(_described(name, voice, hive.settings.specialist_deadline) for name, voice in hive.panel.specialists.items())
    )
    return json_response({"specialists": described})


@router.get("/health", summary="Alive", openapi_extra=openapi.HEALTH)
@open_to_all
async def health(_: Request) -> Response:
    """Whether the process answers; depends on nothing."""
    return json_response({"status": "ok", "version": __version__})


@router.get("/ready", summary="Ready", openapi_extra=openapi.READY)
@open_to_all
async def ready(request: Request) -> Response:
    """Whether a decision could be given now, and each dependency by name; 503 when not. Answered from memory, so at once."""
    gateway = gateway_of(request)
    state = gateway.hive.watch.readiness(gateway.language(request))
    return json_response(
        {"status": "ready" if state.ready else "not_ready", "ready": state.ready, "dependencies": state.dependencies},
        200 if state.ready else 503,
    )


@router.get("/metrics", summary="Metrics", openapi_extra=openapi.METRICS)
@open_to_all
async def metrics(_: Request) -> Response:
    """The metrics of this process in the Prometheus text format."""
    return Response(telemetry.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def _described(name: str, voice: Specialist, deadline: float) -> dict[str, Any]:
    try:
        async with asyncio.timeout(deadline):
            return {"name": name, "available": True, "model": await voice.describe()}
    except (TimeoutError, HiveError):
        return {"name": name, "available": False, "model": None}
