"""The pages: a form that works without JavaScript, decisions, the reference of the API."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from neural_hive import telemetry
from neural_hive.errors import HiveError, InputError, NotFoundError
from neural_hive.gateway import openapi, pages, reference
from neural_hive.gateway.auth import caller_of, needs, open_to_all
from neural_hive.gateway.decisions import decision_answer, number, summary
from neural_hive.gateway.problems import challenge_of, problem, status_of
from neural_hive.gateway.requests import ContextRequest, IntentRequest, intent_of, read_bytes
from neural_hive.gateway.result import decision_page
from neural_hive.gateway.routing import DirectRoute, gateway_of
from neural_hive.messages import text
from neural_hive.records import DECISION, answer
from neural_hive.understanding.privacy import mask

router = APIRouter(route_class=DirectRoute, include_in_schema=False)
_STATIC = {"hive.css": "text/css; charset=utf-8", "hive.svg": "image/svg+xml"}
_FIELDS = ("intent_text", "source", "format", "environment")


@router.get("/")
@needs("intents:write")
async def home(request: Request) -> Response:
    """The form, empty or with one of the examples."""
    language = gateway_of(request).language(request)
    example = request.query_params.get("example", "")
    given = {"intent_text": text(f"page.example.{example}", language)} if example in pages.EXAMPLES else {}
    return page(pages.home(language, given=given))


@router.post("/")
@needs("intents:write")
async def ask(request: Request) -> Response:
    """The form was sent: the decision, or the form again with what was wrong."""
    gateway = gateway_of(request)
    language = gateway.language(request)
    fields: dict[str, str] = {}
    try:
        fields = form_fields(await read_bytes(request, gateway.hive.settings.limits.max_body_bytes))
        language = fields["lang"] if fields.get("lang") in ("pt", "en") else language
        await gateway.admit(request)
        decision = await gateway.hive.review(intent_of(_asked(fields), caller_of(request)))
    except HiveError as error:
        given, document = {name: mask(fields.get(name, "")).text for name in _FIELDS}, problem(error, language)
        telemetry.REFUSALS.labels(error=document["code"]).inc()
        return page(pages.home(language, given=given, error=document["detail"]), status_of(error))
    shown: dict[str, Any] = msgspec.to_builtins(answer(decision))
    return page(decision_page(language, shown))


@router.get("/decisions")
@needs("decisions:read")
async def list_decisions(request: Request) -> Response:
    """Past decisions."""
    gateway = gateway_of(request)
    found = await gateway.hive.ledger.find(schema=DECISION, before=number(request, "before", default=None, least=0), limit=50)
    after = found[-1][0] if len(found) == 50 else None
    return page(pages.listing(gateway.language(request), [summary(index, record) for index, record in found], after))


@router.get("/decisions/{decision_id}")  # noqa: FAST003 -- a direct route is given the request only
@needs("decisions:read")
async def one_decision(request: Request) -> Response:
    """A past decision."""
    gateway = gateway_of(request)
    shown = msgspec.to_builtins(await decision_answer(gateway.hive, request.path_params["decision_id"]))
    return page(decision_page(gateway.language(request), shown))


@router.get("/docs")
@open_to_all
async def docs(request: Request) -> Response:
    """The reference of the API, from its OpenAPI document."""
    document = await asyncio.to_thread(openapi.describe, request.app)
    return page(reference.reference_page(gateway_of(request).language(request), document))


@router.get("/static/{name}")  # noqa: FAST003 -- a direct route is given the request only
@open_to_all
async def static(request: Request) -> Response:
    """The style sheet and the icon."""
    name = request.path_params["name"]
    if name not in _STATIC:
        raise NotFoundError("error.no_page")
    return Response(_static(name), headers={"Content-Type": _STATIC[name], "Cache-Control": "public, max-age=3600"})


def page(body: bytes, status: int = 200) -> Response:
    """Answer with a page."""
    return Response(
        body,
        status_code=status,
        headers={"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Vary": "Accept-Language"},
    )


def error_page(error: HiveError, language: str) -> Response:
    """Answer a browser with a page about an error."""
    document = problem(error, language)
    telemetry.REFUSALS.labels(error=document["code"]).inc()
    answer = page(pages.failure(language, document["title"], document["detail"]), document["status"])
    answer.headers.update(challenge_of(error))
    return answer


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a sent form; raises InputError."""
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=20))
    except ValueError:
        raise InputError("error.malformed_form") from None


def _asked(fields: dict[str, str]) -> IntentRequest:
    # A browser sends line breaks as two characters; spans count one.
    source = fields.get("source", "").replace("\r\n", "\n")
    plan = {"source": source, "format": fields.get("format", "auto")} if source.strip() else None
    context = ContextRequest(environment=fields.get("environment", "")[:200])
    return IntentRequest(intent_text=fields.get("intent_text", "").replace("\r\n", "\n"), context=context, plan=plan)


@cache
def _static(name: str) -> bytes:
    return (files("neural_hive.gateway") / "static" / name).read_bytes()
