"""POST /api/v1/intents: state an intention, get a decision, at once or stage by stage."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from neural_hive.errors import HiveError
from neural_hive.gateway import openapi
from neural_hive.gateway.auth import caller_of, needs
from neural_hive.gateway.problems import preferred_language, problem_response
from neural_hive.gateway.requests import IntentRequest, decode_intent, intent_of, read_body
from neural_hive.gateway.routing import DirectRoute, Gateway, gateway_of
from neural_hive.types import Intent
from neural_hive.understanding import understand

router = APIRouter(route_class=DirectRoute, tags=["decisions"])
_STREAM = "text/event-stream"
_SAMPLE = 500  # characters that tell the language of an intention that is refused


@router.post("/api/v1/intents", summary="Ask for a decision", openapi_extra=openapi.INTENTS)
@needs("intents:write")
async def decide(request: Request) -> Response:
    """State an intention and, optionally, its plan; the decision is in the ledger before it is answered."""
    gateway = gateway_of(request)
    asked: IntentRequest | None = None
    try:
        asked = decode_intent(await read_body(request, gateway.hive.settings.limits.max_body_bytes))
        await gateway.admit(request, asked.user_id or "")
        intent = intent_of(asked, caller_of(request))
        key = request.headers.get("idempotency-key")
        if _STREAM in request.headers.get("accept", ""):
            return await _streamed(gateway, intent, key, _language(request, gateway, asked))
        return Response(await gateway.answers.decide(intent, key), media_type="application/json")
    except HiveError as error:
        return problem_response(error, _language(request, gateway, asked))


async def _streamed(gateway: Gateway, intent: Intent, key: str | None, language: str) -> Response:
    events = gateway.answers.events(intent, key, language)
    first = await anext(events)

    async def stream() -> AsyncIterator[bytes]:
        yield first
        async for event in events:
            yield event

    return StreamingResponse(stream(), media_type=_STREAM, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _language(request: Request, gateway: Gateway, asked: IntentRequest | None) -> str:
    """The caller's language: as preferred, as stated in the request, as the intention is written, English."""
    stated = preferred_language(request) or (asked and asked.language)
    if stated:
        return stated
    if asked and asked.intent_text.strip():
        found = understand(Intent(text=asked.intent_text[:_SAMPLE])).language
        if found != "und":
            return found
    return gateway.language(request)
