"""What anyone needs to check the ledger: checkpoint, proofs, entries, the public key."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from neural_hive.errors import NotFoundError
from neural_hive.gateway import openapi
from neural_hive.gateway.auth import needs
from neural_hive.gateway.decisions import number
from neural_hive.gateway.problems import FieldError
from neural_hive.gateway.routing import DirectRoute, gateway_of, json_response
from neural_hive.records import APPROVAL, DECISION, FEEDBACK

router = APIRouter(prefix="/api/v1/ledger", route_class=DirectRoute, tags=["ledger"])
_SCHEMAS = (DECISION, FEEDBACK, APPROVAL, "erasure/v1")
_PAGE = 200


@router.get("/checkpoint", summary="The signed checkpoint", openapi_extra=openapi.CHECKPOINT)
@needs("ledger:read")
async def checkpoint(request: Request) -> Response:
    """The current tree head as a signed note."""
    return PlainTextResponse(await gateway_of(request).hive.ledger.head(), headers={"Cache-Control": "no-store"})


@router.get("/public-key", summary="The key that checkpoints are signed with", openapi_extra=openapi.PUBLIC_KEY)
@needs("ledger:read")
async def public_key(request: Request) -> Response:
    """The verifier key, as the ledger's verifiers take it."""
    found = getattr(gateway_of(request).hive.ledger, "public_key", None)
    if not isinstance(found, str):
        raise NotFoundError("error.no_public_key")
    return PlainTextResponse(found + "\n")


@router.get("/proof", summary="Prove that a record is in the ledger", openapi_extra=openapi.PROOF)
@needs("ledger:read")
async def proof(request: Request) -> Response:
    """An inclusion proof of a record (`id`) against the current checkpoint."""
    record_id = request.query_params.get("id") or request.query_params.get("decision_id")
    if not record_id:
        raise FieldError("error.field_missing", "id")
    return json_response(await gateway_of(request).hive.ledger.prove(record_id))


@router.get("/consistency", summary="Prove that the ledger only grew", openapi_extra=openapi.CONSISTENCY)
@needs("ledger:read")
async def consistency(request: Request) -> Response:
    """A consistency proof from the tree of `since` leaves to the current one."""
    since = number(request, "since", default=None, least=0)
    if since is None:
        raise FieldError("error.field_missing", "since")
    ledger = gateway_of(request).hive.ledger
    hashes = await ledger.prove("", since=since)
    return json_response({"since": since, "consistency": hashes, "checkpoint": await ledger.head()})


@router.get("/entries", summary="Records of the ledger, newest first", openapi_extra=openapi.ENTRIES)
@needs("ledger:read")
async def entries(request: Request) -> Response:
    """Records with their leaf index; `schema` picks the kind, `before` the page."""
    schema = request.query_params.get("schema", DECISION)
    if schema not in _SCHEMAS:
        raise FieldError("error.field_type", "schema", expected=" | ".join(_SCHEMAS))
    limit = number(request, "limit", default=50, least=1, most=_PAGE)
    before = number(request, "before", default=None, least=0)
    found = await gateway_of(request).hive.ledger.find(schema=schema, before=before, limit=limit or _PAGE)
    listed = [{"leaf_index": index, "record": record} for index, record in found]
    return json_response({"entries": listed, "next_before": found[-1][0] if found else None})
