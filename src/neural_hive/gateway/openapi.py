"""The description of the API: schemas from the types that are really used, examples that were really answered."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from neural_hive import __version__
from neural_hive.gateway import auth
from neural_hive.gateway.requests import ApprovalRequest, FeedbackRequest, IntentRequest
from neural_hive.messages import text
from neural_hive.ops import Health
from neural_hive.types import (
    Counterfactual,
    Evidence,
    Factor,
    FiredRule,
    Mitigation,
    ModelInfo,
    Plan,
    Precedent,
    Receipt,
    Understanding,
    Verdict,
    Vote,
)


class OpinionAnswer(Struct, forbid_unknown_fields=True):
    """One specialist's view; `score` is 1 - risk."""

    recommendation: Verdict
    risk: float
    confidence: float
    score: float
    factors: list[Factor]
    evidence: list[Evidence]
    mitigations: list[Mitigation]
    vetoes: list[Evidence]
    model: ModelInfo


class DecisionAnswer(Struct, forbid_unknown_fields=True):
    """A decision; every member that holds words is null once a person's text was erased."""

    decision_id: str
    intent_id: str
    verdict: Verdict
    harm_probability: float
    confidence: float
    divergence: float
    created_at: str
    understanding: Understanding | None
    plan: Plan | None
    opinions: dict[str, OpinionAnswer] | None
    abstentions: dict[str, str]
    votes: list[Vote]
    rules: list[FiredRule] | None
    conditions: list[Mitigation] | None
    counterfactuals: list[Counterfactual] | None
    precedents: list[Precedent] | None
    explanation: str | None
    receipt: Receipt | None


class ProblemAnswer(Struct):
    """RFC 9457 problem details; `type` is stable, `title` and `detail` are in the caller's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class ReadyAnswer(Struct):
    """Whether a decision could be given now."""

    status: str
    ready: bool
    dependencies: list[Health]


_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of the issuer in auth.issuer with the scope that the operation names; needed where auth.mode is oidc.",
}
_TYPES = (IntentRequest, FeedbackRequest, ApprovalRequest, DecisionAnswer, ProblemAnswer, ReadyAnswer)
_REF = "#/components/{kind}/{name}"


def _content(schema: str, *examples: str, media: str = "application/json") -> dict[str, Any]:
    shown = {name: {"$ref": _REF.format(kind="examples", name=name)} for name in examples}
    return {media: {"schema": {"$ref": _REF.format(kind="schemas", name=schema)}, **({"examples": shown} if shown else {})}}


def _problems(*codes: int) -> dict[str, Any]:
    content = _content("ProblemAnswer", "problem", media="application/problem+json")
    return {str(code): {"description": text(f"problem.{code}", "en"), "content": content} for code in codes}


def _answer(description: str, content: dict[str, Any], status: int = 200) -> dict[str, Any]:
    return {str(status): {"description": description, "content": content}}


def _query(name: str, kind: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": {"type": kind}}


_JSON = {"application/json": {"schema": {"type": "object"}}}
_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_PAGES = [_query("before", "integer", "Leaf index below which to go on."), _query("limit", "integer", "How many, 1 to 200.")]
_ID = {"name": "decision_id", "in": "path", "required": True, "description": "Id of the decision.", "schema": {"type": "string"}}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key and request get the same decision, byte for byte; the same key and another request get 409.",
}

INTENTS: dict[str, Any] = {
    "parameters": [_KEY],
    "requestBody": {
        "required": True,
        "content": _content("IntentRequest", "ask_in_portuguese", "ask_in_english", "ask_with_tasks", "ask_with_sql"),
    },
    "responses": {
        "200": {
            "description": "The decision; with Accept: text/event-stream the events understood, planned, opinion, concluded, recorded.",
            "content": _content("DecisionAnswer", "decision") | {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **_problems(400, 409, 413, 415, 422, 429, 503),
    },
}
DECISIONS = {
    "parameters": [_query("verdict", "string", "Only this verdict."), *_PAGES],
    "responses": _answer("A page of decisions.", _JSON) | _problems(422),
}
DECISION = {
    "parameters": [_ID],
    "responses": _answer("The decision, with `feedback` and `approvals`.", _content("DecisionAnswer", "decision")) | _problems(404),
}
FEEDBACK = {
    "parameters": [_ID],
    "requestBody": {"required": True, "content": _content("FeedbackRequest", "feedback")},
    "responses": _answer("The outcome as recorded.", _JSON, 201) | _problems(404, 422, 503),
}
APPROVAL = {
    "parameters": [_ID],
    "requestBody": {"required": True, "content": _content("ApprovalRequest", "approval")},
    "responses": _answer("The approval as recorded.", _JSON, 201) | _problems(404, 422, 503),
}
CHECKPOINT = {"responses": _answer("A signed note (C2SP).", _TEXT)}
PUBLIC_KEY = {"responses": _answer("A verifier key.", _TEXT)}
PROOF = {"parameters": [_query("id", "string", "Id of the record.")], "responses": _answer("The receipt.", _JSON) | _problems(404, 422)}
CONSISTENCY = {
    "parameters": [_query("since", "integer", "An earlier tree size.")],
    "responses": _answer("The proof.", _JSON) | _problems(404, 422),
}
ENTRIES = {
    "parameters": [_query("schema", "string", "decision/v1, feedback/v1, ..."), *_PAGES],
    "responses": _answer("Records.", _JSON) | _problems(422),
}
SPECIALISTS = {"responses": _answer("The panel.", _JSON)}
HEALTH = {"responses": _answer("Alive.", _JSON)}
READY = {"responses": _answer("Ready.", _content("ReadyAnswer")) | _answer("Not ready.", _content("ReadyAnswer"), 503)}
METRICS = {"responses": _answer("Prometheus text format.", _TEXT)}


def examples() -> dict[str, Any]:
    """The examples by name; `python -m neural_hive.gateway.examples` asks for the answers anew."""
    found: dict[str, Any] = msgspec.json.decode((files("neural_hive.gateway") / "static" / "examples.json").read_bytes())
    return found


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the gateway."""
    if app.openapi_schema is None:
        document = get_openapi(title="Neural Hive-Mind", version=__version__, summary=text("page.tagline", "en"), routes=app.routes)
        _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_REF.format(kind="schemas", name="{name}"))
        components = document.setdefault("components", {})
        components["schemas"] = dict(sorted((components.get("schemas", {}) | schemas).items()))
        components["securitySchemes"] = {"bearer": _BEARER}
        _secure(document["paths"], app)
        components["examples"] = {name: {"value": value} for name, value in examples().items()}
        app.openapi_schema = document
    return app.openapi_schema


def _secure(paths: dict[str, Any], app: FastAPI) -> None:
    """Say of each operation which scope it needs; an empty requirement beside it means that no token is asked for here."""
    gateway = getattr(app.state, "gateway", None)
    open_too: list[dict[str, list[str]]] = [{}] if gateway is None or gateway.guard is None else []
    for route in app.state.routes:
        scope = auth.needed(route.endpoint)
        if scope is not None and route.include_in_schema:
            for method in route.methods:
                described = paths[route.path][method.lower()]
                described["security"] = [*open_too, {"bearer": [scope]}]
                described["responses"] |= _problems(401, 403)
