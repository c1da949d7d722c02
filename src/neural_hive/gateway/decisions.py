"""Decisions that were given, and what came of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from neural_hive.gateway import openapi
from neural_hive.gateway.answers import receipt_of
from neural_hive.gateway.auth import caller_of, needs
from neural_hive.gateway.problems import FieldError
from neural_hive.gateway.requests import decode_approval, decode_feedback, read_body
from neural_hive.gateway.routing import DirectRoute, gateway_of, json_response
from neural_hive.hive import Hive
from neural_hive.records import DECISION, stored_answer
from neural_hive.tokens.base import signed_by
from neural_hive.types import Verdict

router = APIRouter(prefix="/api/v1/decisions", route_class=DirectRoute, tags=["decisions"])
_PAGE = 200


@router.get("", summary="List decisions, newest first", openapi_extra=openapi.DECISIONS)
@needs("decisions:read")
async def list_decisions(request: Request) -> Response:
    """Decisions, newest first; `before` is the `next_before` of the previous page."""
    query = request.query_params
    verdict = query.get("verdict")
    if verdict is not None and verdict not in list(Verdict):
        raise FieldError("error.field_type", "verdict", expected=" | ".join(Verdict))
    limit = number(request, "limit", default=50, least=1, most=_PAGE)
    before = number(request, "before", default=None, least=0)
    found = await gateway_of(request).hive.ledger.find(verdict=verdict, schema=DECISION, before=before, limit=limit or _PAGE)
    return json_response({"decisions": [summary(index, record) for index, record in found], "next_before": found[-1][0] if found else None})


@router.get("/{decision_id}", summary="One decision", openapi_extra=openapi.DECISION)  # noqa: FAST003 -- a direct route is given the request only
@needs("decisions:read")
async def get_decision(request: Request) -> Response:
    """A decision as it was given, with a receipt against the ledger's current head, and what came of it."""
    hive = gateway_of(request).hive
    return json_response(await decision_answer(hive, request.path_params["decision_id"]))


@router.post("/{decision_id}/feedback", status_code=201, summary="Report what came of a decision", openapi_extra=openapi.FEEDBACK)  # noqa: FAST003 -- a direct route is given the request only
@needs("decisions:approve")
async def give_feedback(request: Request) -> Response:
    """Record an outcome; it moves how much each specialist's voice weighs in this domain."""
    gateway = gateway_of(request)
    body = decode_feedback(await read_body(request, gateway.hive.settings.limits.max_body_bytes))
    await gateway.admit(request, body.user_id)
    caller = signed_by(body.user_id, caller_of(request))
    entry = await gateway.hive.outcomes.report(request.path_params["decision_id"], body.outcome, comment=body.comment, caller=caller)
    return json_response(entry, 201)


@router.post("/{decision_id}/approval", status_code=201, summary="Approve or refuse a decision as a person", openapi_extra=openapi.APPROVAL)  # noqa: FAST003 -- a direct route is given the request only
@needs("decisions:approve")
async def give_approval(request: Request) -> Response:
    """Record what a person decided; the hive's own decision stays as it is."""
    gateway = gateway_of(request)
    body = decode_approval(await read_body(request, gateway.hive.settings.limits.max_body_bytes))
    await gateway.admit(request, body.user_id)
    caller = signed_by(body.user_id, caller_of(request))
    entry = await gateway.hive.outcomes.approve(
        request.path_params["decision_id"], approved=body.approved, comment=body.comment, caller=caller
    )
    return json_response(entry, 201)


async def decision_answer(hive: Hive, decision_id: str) -> dict[str, Any]:
    """The public form of a recorded decision with its feedback and approvals; raises NotFoundError."""
    record = await hive.outcomes.decision(decision_id)
    answer = stored_answer(record, await receipt_of(hive, decision_id))
    return answer | await hive.outcomes.of(decision_id)


def number(request: Request, name: str, *, default: int | None, least: int, most: int = 2**53) -> int | None:
    """A whole number of the address; raises FieldError."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdecimal() or not least <= int(given[:17]) <= most or len(given) > 16:
        raise FieldError("error.field_type", name, expected=f"integer >= {least}")
    return int(given)


def summary(index: int, record: dict[str, Any]) -> dict[str, Any]:
    """A recorded decision in a list."""
    content = record.get("content") or {}
    plan = content.get("plan") or {}
    names = ("created_at", "intent_id", "verdict", "harm_probability", "confidence", "divergence", "language", "domain")
    return {"decision_id": record["id"], **{name: record.get(name) for name in names}, "title": title_of(plan), "leaf_index": index}


def title_of(plan: dict[str, Any]) -> str:
    """A line that names a recorded plan: its title, or its first task; "" when erased."""
    tasks = plan.get("tasks") or [{}]
    line: str = plan.get("title") or tasks[0].get("description", "")
    return line if len(line) <= 120 else line[:119] + "…"
