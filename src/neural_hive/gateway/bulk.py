"""The asynchronous way in: many intentions at once, queued for `hive worker`, and what became of them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from neural_hive import telemetry
from neural_hive.bootstrap import QUEUES, open_resource
from neural_hive.bulk.base import Outcome, Queue
from neural_hive.bulk.message import decision_id, encode, message_of
from neural_hive.errors import HiveError, InputError, LimitError, NotFoundError, UnavailableError
from neural_hive.gateway.auth import caller_of, needs
from neural_hive.gateway.decisions import number
from neural_hive.gateway.problems import problem
from neural_hive.gateway.requests import decode_intent, intent_of, read_bytes
from neural_hive.gateway.routing import DirectRoute, gateway_of, json_response
from neural_hive.messages import text
from neural_hive.records import Ask, new_id
from neural_hive.settings import Limits, Settings
from neural_hive.tokens.base import Caller, signed_by
from neural_hive.types import Intent

_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
_PAGE = 1000
_MOST_LINES = 1000  # of one batch, so that the lines which one request can stand for are bounded
_LOOK = 5.0  # seconds between two looks at the queue's length, for the metrics
_SECRET = 16  # bytes
_CALLER = "batches"  # stands where an Idempotency-Key has its caller

_array = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a batch is called.

    Attributes:
        batch: Its id.
        tag: Tells two bodies under one Idempotency-Key apart.
        secret: Keys the tags of its decisions.
    """

    batch: str
    tag: str
    secret: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """The lines of a batch by position: messages, and reasons why others cannot be used; and who asks in them."""

    payloads: dict[int, bytes] = field(default_factory=dict)
    refused: dict[int, HiveError] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    settings = app.state.gateway.hive.settings
    if settings.queue is None:
        yield
        return
    async with open_queue(settings) as queue:
        app.state.queue = queue
        watch = asyncio.create_task(_measure(queue))
        try:
            yield
        finally:
            watch.cancel()


router = APIRouter(prefix="/api/v1/batches", route_class=DirectRoute, tags=["batches"], lifespan=_life)
_JSON = {"application/json": {"schema": {"type": "object"}}}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}
_INTENT = {"$ref": "#/components/schemas/IntentRequest"}


def _responses(good: int, described: str, *problems: int) -> dict[str, Any]:
    refused = {str(code): {"description": text(f"problem.{code}", "en"), "content": _PROBLEM} for code in problems}
    return {str(good): {"description": described, "content": _JSON}, **refused}


def _given(name: str, place: str, kind: str, described: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": described, "schema": {"type": kind}}


_POST: dict[str, Any] = {
    "parameters": [
        _given("Idempotency-Key", "header", "string", "The same key and body are queued once; again only after lines were left undecided.")
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {"schema": _INTENT},
            "application/json": {"schema": {"type": "array", "items": _INTENT}},
        },
    },
    "responses": _responses(
        202, "The batch's id, how many lines wait, and those that were refused.", 400, 404, 409, 413, 415, 422, 429, 503
    ),
}
_GET: dict[str, Any] = {
    "parameters": [
        _given("batch_id", "path", "string", "Id of the batch."),
        _given("offset", "query", "integer", "Position of the first line that is listed."),
        _given("limit", "query", "integer", f"How many, 1 to {_PAGE}."),
    ],
    "responses": _responses(200, "Progress, and the outcomes of the lines that have one.", 404, 422, 503),
}


@router.post("", status_code=202, summary="Queue many intentions", openapi_extra=_POST)
@needs("intents:write")
async def queue_batch(request: Request) -> Response:
    """Queue intentions, one in JSON on each line or a JSON array; each gets a decision id that is known from the start."""
    gateway, queue = gateway_of(request), _queue_of(request)
    limits = gateway.hive.settings.limits
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (*_LINES, "application/json"):
        raise InputError("error.batch_kind")
    body = await read_bytes(request, limits.max_body_bytes)
    await gateway.admit(request)
    caller = caller_of(request)
    named = _named(request.headers.get("idempotency-key"), body, caller)
    lines = _split(body, as_lines=kind in _LINES)
    found = await asyncio.to_thread(_sorted_out, lines, named, limits, caller)
    await gateway.limiter.admit(*(f"user {user}" for user in sorted(found.users)))
    refused = {position: Outcome(error=error.key) for position, error in found.refused.items()}
    await queue.put(named.batch, named.tag, found.payloads, refused)
    told = [_refusal(position, error, gateway.language(request)) for position, error in found.refused.items()]
    answer = json_response({"batch_id": named.batch, "total": len(lines), "accepted": len(found.payloads), "refused": told}, 202)
    answer.headers["Location"] = f"/api/v1/batches/{named.batch}"
    return answer


@router.get("/{batch_id}", summary="How far a batch is", openapi_extra=_GET)  # noqa: FAST003 -- a direct route is given the request only
@needs("intents:write")
async def get_batch(request: Request) -> Response:
    """Progress, and a page of outcomes; a decision itself is at `/api/v1/decisions/{decision_id}`."""
    batch = request.path_params["batch_id"]
    offset = number(request, "offset", default=0, least=0) or 0
    limit = number(request, "limit", default=100, least=1, most=_PAGE) or _PAGE
    found = await _queue_of(request).progress(batch, range(offset, offset + limit))
    language, after = gateway_of(request).language(request), offset + limit
    return json_response(
        {
            "batch_id": batch,
            "total": found.total,
            "done": found.done,
            "decided": found.done - found.refused - found.dead,
            "refused": found.refused,
            "dead": found.dead,
            "outcomes": [_told(batch, position, outcome, language) for position, outcome in found.outcomes.items()],
            "next_offset": after if after < found.total else None,
        }
    )


def open_queue(settings: Settings) -> AbstractAsyncContextManager[Queue]:
    """What opens the queue of the settings.

    Raises:
        NotFoundError: They name none.
        SettingsError, MissingDriverError: It cannot be opened.
    """
    if settings.queue is None:
        raise NotFoundError("error.no_queue")
    return open_resource("queue", settings.queue, QUEUES, settings)


async def _measure(queue: Queue) -> None:
    while True:
        with suppress(UnavailableError):
            telemetry.QUEUE_LENGTH.set(await queue.length())
        await asyncio.sleep(_LOOK)


def _queue_of(request: Request) -> Queue:
    queue: Queue | None = getattr(request.app.state, "queue", None)
    if queue is None:
        raise NotFoundError("error.no_queue")
    return queue


def _named(key: str | None, body: bytes, caller: Caller | None = None) -> Named:
    """What the batch is called; raises InputError when the key cannot be used."""
    if key is None:
        return Named(batch=new_id("bat"), tag="", secret=secrets.token_hex(_SECRET))
    if not 0 < len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise InputError("error.idempotency_key")
    ask = Ask.idempotent(key, signed_by(_CALLER, caller), body)
    secret = hashlib.blake2b(key.encode(), digest_size=_SECRET, person=b"hive-batch").hexdigest()
    return Named(batch=ask.decision_id.replace("dec_", "bat_", 1), tag=ask.request_tag, secret=secret)


def _split(body: bytes, *, as_lines: bool) -> list[bytes]:
    """One request each, unread.

    Raises:
        InputError: There is none, or the array is no JSON.
        LimitError: There are too many.
    """
    try:
        found = [line for line in body.split(b"\n") if line.strip()] if as_lines else [bytes(each) for each in _array.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("error.malformed_json") from None  # the cause may quote the body
    if not found:
        raise InputError("error.batch_empty")
    if len(found) > _MOST_LINES:
        raise LimitError("error.batch_too_long", size=len(found), limit=_MOST_LINES)
    return found


def _sorted_out(lines: list[bytes], named: Named, limits: Limits, caller: Caller | None = None) -> Sorted:
    """Masked messages, and reasons of the lines that cannot be used."""
    found = Sorted()
    for position, line in enumerate(lines):
        try:
            asked = decode_intent(line)
            intent = _checked(intent_of(asked, caller), limits)
            found.payloads[position] = encode(message_of(intent, named.batch, position, named.secret))
            found.users.update({intent.user_id} if asked.user_id else ())
        except HiveError as error:
            found.refused[position] = error
        except RecursionError:
            found.refused[position] = InputError("error.malformed_json")
    return found


def _checked(intent: Intent, limits: Limits) -> Intent:
    """The limits hold for what was sent; masking may change its length."""
    if len(intent.text) > limits.max_text_chars:
        raise LimitError("error.text_too_long", size=len(intent.text), limit=limits.max_text_chars)
    if not intent.text.strip() and intent.plan is None:
        raise InputError("error.empty_intent")
    return intent


def _refusal(position: int, error: HiveError, language: str) -> dict[str, Any]:
    document = problem(error, language)
    return {"position": position, "code": document["code"], "detail": document["detail"]}


def _told(batch: str, position: int, outcome: Outcome, language: str) -> dict[str, Any]:
    """One line's outcome. Of an error only the key is kept, so its words are general."""
    if outcome.error:
        code = outcome.error.removeprefix("error.")
        detail = text("bulk.dead" if outcome.dead else "bulk.refused", language, code=code)
        return {"position": position, "code": code, "dead": outcome.dead, "detail": detail}
    figures = {name: getattr(outcome, name) for name in ("verdict", "harm_probability", "confidence", "divergence")}
    return {"position": position, "decision_id": decision_id(batch, position), **figures}
