"""From the bytes of a request to an `Intent`; every refusal names the field and never its content."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request

from neural_hive.errors import InputError, LimitError
from neural_hive.gateway.problems import FieldError
from neural_hive.tokens.base import Caller, signed_by
from neural_hive.types import Context, Environment, GivenPlan, GivenTask, Intent, SourcePlan

Word = Annotated[str, Meta(max_length=200)]


class ContextRequest(Struct):
    """The circumstances, as the caller sees them."""

    project: Word | None = ""
    domain: Word | None = ""
    priority: Word | None = ""
    environment: Word | None = ""


class IntentRequest(Struct):
    """What is asked. `plan` is {tasks: [...]} or {source, format}; intent_text may then be empty."""

    intent_text: str = ""
    context: ContextRequest | None = None
    user_id: Word | None = ""
    plan: dict[str, Any] | None = None
    language: Literal["pt", "en"] | None = None


class FeedbackRequest(Struct, forbid_unknown_fields=True):
    """What came of a decision."""

    outcome: Literal["harmful", "harmless"]
    comment: Annotated[str, Meta(max_length=2000)] = ""
    user_id: Word = ""


class ApprovalRequest(Struct, forbid_unknown_fields=True):
    """What a person decided about a decision."""

    approved: bool
    user_id: Annotated[str, Meta(min_length=1, max_length=200)]
    comment: Annotated[str, Meta(max_length=2000)] = ""


_environments = {item.value: item for item in Environment} | {
    "prod": Environment.PRODUCTION,
    "prd": Environment.PRODUCTION,
    "produção": Environment.PRODUCTION,
    "producao": Environment.PRODUCTION,
    "stage": Environment.STAGING,
    "stg": Environment.STAGING,
    "hml": Environment.STAGING,
    "homologação": Environment.STAGING,
    "homologacao": Environment.STAGING,
    "dev": Environment.DEVELOPMENT,
    "desenvolvimento": Environment.DEVELOPMENT,
    "local": Environment.DEVELOPMENT,
}
_intents = msgspec.json.Decoder(IntentRequest)
_feedbacks = msgspec.json.Decoder(FeedbackRequest)
_approvals = msgspec.json.Decoder(ApprovalRequest)
_TASK_FIELDS = {"id", "description", "type", "dependencies", "duration", "parameters"}


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        LimitError: It is larger than `limit` bytes.
        InputError: It is not declared as JSON.
    """
    if not request.headers.get("content-type", "").lower().startswith(("application/json", "application/vnd.api+json")):
        raise InputError("error.not_json")
    return await read_bytes(request, limit)


async def read_bytes(request: Request, limit: int) -> bytes:
    """The whole body, whatever it is.

    Raises:
        LimitError: It is larger than `limit` bytes.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise LimitError("error.body_too_large", limit=limit)
    body = b""
    async for chunk in request.stream():
        body = body + chunk if body else chunk
        if len(body) > limit:
            raise LimitError("error.body_too_large", limit=limit)
    return body


def decode_intent(body: bytes) -> IntentRequest:
    """Decode the body of `POST /api/v1/intents`; raises InputError, FieldError."""
    decoded: IntentRequest = _decode(_intents, body)
    return decoded


def decode_feedback(body: bytes) -> FeedbackRequest:
    """Decode the body of `POST .../feedback`; raises InputError, FieldError."""
    decoded: FeedbackRequest = _decode(_feedbacks, body)
    return decoded


def decode_approval(body: bytes) -> ApprovalRequest:
    """Decode the body of `POST .../approval`; raises InputError, FieldError."""
    decoded: ApprovalRequest = _decode(_approvals, body)
    return decoded


def intent_of(request: IntentRequest, caller: Caller | None = None) -> Intent:
    """The intention that a request states, and whose token came with it; raises FieldError."""
    context = request.context or ContextRequest()
    return Intent(
        text=request.intent_text,
        context=Context(
            project=context.project or "",
            domain=context.domain or "",
            priority=context.priority or "",
            environment=environment_of(context.environment or ""),
        ),
        user_id=signed_by(request.user_id or "", caller),
        plan=_plan(request.plan) if request.plan is not None else None,
        language=request.language,
    )


def environment_of(name: str) -> Environment:
    """The environment by one of its usual names; a name nobody knows is no environment that is known to be safe."""
    return _environments.get(name.strip().lower(), Environment.UNKNOWN)


def _plan(given: dict[str, Any]) -> GivenPlan | SourcePlan:
    if "tasks" in given and "source" in given:
        raise FieldError("error.field_plan", "/plan")
    if "source" in given:
        return SourcePlan(source=_text(given, "source", "/plan"), format=_text(given, "format", "/plan", default="auto"))
    tasks = given.get("tasks")
    if not isinstance(tasks, list):
        raise FieldError("error.field_plan", "/plan")
    return GivenPlan(tasks=tuple(_task(task, f"/plan/tasks/{place}") for place, task in enumerate(tasks)))


def _task(given: Any, pointer: str) -> GivenTask:
    if not isinstance(given, dict):
        raise FieldError("error.field_type", pointer, expected="object")
    dependencies = given.get("dependencies") or []
    if not isinstance(dependencies, list) or not all(isinstance(item, (str, int)) for item in dependencies):
        raise FieldError("error.field_type", f"{pointer}/dependencies", expected="array of strings")
    duration = given.get("duration")
    if duration is not None and (isinstance(duration, bool) or not isinstance(duration, (int, float)) or not 0 <= duration < 1e9):
        raise FieldError("error.field_type", f"{pointer}/duration", expected="number")
    parameters = given.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise FieldError("error.field_type", f"{pointer}/parameters", expected="object")
    # Fields of a task that the schema does not know still say what it does, so they travel as parameters.
    extra = {name: value for name, value in given.items() if name not in _TASK_FIELDS}
    return GivenTask(
        id=_text(given, "id", pointer),
        description=_text(given, "description", pointer),
        type=_text(given, "type", pointer, default=""),
        dependencies=tuple(str(item) for item in dependencies),
        duration=float(duration) if duration is not None else None,
        parameters=extra | parameters,
    )


def _text(given: dict[str, Any], name: str, pointer: str, *, default: str | None = None) -> str:
    value = given.get(name)
    if value is None:
        if default is None:
            raise FieldError("error.field_missing", f"{pointer}/{name}")
        return default
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise FieldError("error.field_type", f"{pointer}/{name}", expected="string")
    return str(value)


def _decode(decoder: Any, body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _field_error(str(error)) from None  # the cause may quote the body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("error.malformed_json") from None


_PATH = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_EXPECTED = re.compile(r"^Expected `([^`]+)`, got")


def _field_error(message: str) -> FieldError:
    """Say what msgspec says about a field, without the value that it may quote."""
    path = _PATH.search(message)
    pointer = re.sub(r"[.\[]", "/", path[1].replace("]", "")) if path else ""
    if missing := _MISSING.search(message):
        return FieldError("error.field_missing", f"{pointer}/{missing[1]}")
    if expected := _EXPECTED.search(message):
        return FieldError("error.field_type", pointer or "/", expected=expected[1])
    return FieldError("error.field_value", pointer or "/")
