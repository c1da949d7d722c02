"""Errors as RFC 9457 problem documents, worded in the caller's language.

    HTTP   error
    401    TokenError (and how to come in)         403  ScopeError
    400    the body is no JSON                     409  ConflictError (Idempotency-Key, other body)
    404    NotFoundError, no such page             405  method not allowed
    413    body too large                          415  not JSON
    422    InputError, PlanError, other limits     429  too many requests
    503    UnavailableError, LedgerError           500  anything else

What a person wrote is never echoed, but for short parameters without personal data.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from neural_hive import errors, telemetry
from neural_hive.messages import text
from neural_hive.tokens.base import AccessError, ScopeError, TokenError
from neural_hive.understanding.privacy import mask

MEDIA_TYPE = "application/problem+json"
_BY_KEY = {
    "error.malformed_json": 400,
    "error.body_too_large": 413,
    "error.not_json": 415,
    "error.rate_limited": 429,
    "error.no_page": 404,
    "error.method_not_allowed": 405,
}
_BY_CLASS: tuple[tuple[type[errors.HiveError], int], ...] = (
    (TokenError, 401),
    (ScopeError, 403),
    (errors.NotFoundError, 404),
    (errors.ConflictError, 409),
    (errors.InputError, 422),
    (errors.UnavailableError, 503),
    (errors.HiveError, 500),
)
_WORD = 80  # characters of a parameter that are shown at most


class FieldError(errors.InputError):
    """One field of a request cannot be used.

    Args:
        key: Catalogue key of the reason, "error.field_...".
        pointer: JSON pointer to the field (RFC 6901); names of the schema only.
    """

    def __init__(self, key: str, pointer: str, **params: Any) -> None:
        self.pointer = pointer
        super().__init__(key, field=pointer, **params)


def status_of(error: errors.HiveError) -> int:
    """The HTTP status of an error."""
    return _BY_KEY.get(error.key) or next(status for kind, status in _BY_CLASS if isinstance(error, kind))


def problem(error: errors.HiveError, language: str) -> dict[str, Any]:
    """The problem document of an error; personal data in its parameters is masked."""
    name = error.key.removeprefix("error.")
    status = status_of(error)
    params = {key: _shown(value) for key, value in error.params.items()}
    document = {
        "type": f"urn:neural-hive-mind:problem:{name}",
        "title": text(f"problem.{status}", language),
        "status": status,
        "detail": text(error.key, language, **params),
        "code": name,
    }
    if isinstance(error, FieldError):
        document["errors"] = [{"pointer": error.pointer, "detail": document["detail"]}]
    return document


def problem_response(error: errors.HiveError, language: str) -> Response:
    """Answer with a problem document."""
    document = problem(error, language)
    telemetry.REFUSALS.labels(error=document["code"]).inc()
    headers = {"Content-Language": "pt-BR" if language == "pt" else "en", "Cache-Control": "no-store"}
    if document["status"] in (429, 503):
        headers["Retry-After"] = str(max(1, round(float(error.params.get("retry_after", 1)))))
    if "allow" in error.params:
        headers["Allow"] = error.params["allow"]
    headers |= challenge_of(error)
    return Response(msgspec.json.encode(document), status_code=document["status"], headers=headers, media_type=MEDIA_TYPE)


def challenge_of(error: errors.HiveError) -> dict[str, str]:
    """The header that says which token would do (RFC 6750), when a token is what the error is about."""
    return {"WWW-Authenticate": error.challenge} if isinstance(error, AccessError) else {}


def _shown(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    masked = mask(value).text
    return masked if len(masked) <= _WORD else masked[:_WORD] + "…"


def preferred_language(request: Request) -> str | None:
    """The language that the caller prefers: `lang` in the address, then Accept-Language, "pt" or "en"."""
    asked = request.query_params.get("lang", "")[:2].lower() if request.scope.get("query_string") else ""
    if asked in ("pt", "en"):
        return asked
    accepted = request.headers.get("accept-language", "")[:400]
    ranked = sorted(
        ((-_quality(part), place, part.strip()[:2].lower()) for place, part in enumerate(accepted.split(","))), key=lambda item: item[:2]
    )
    return next((name for quality, _, name in ranked if name in ("pt", "en") and quality < 0), None)


def _quality(part: str) -> float:
    found = re.search(r";\s*q=([01](?:\.\d{0,3})?)\s*$", part)
    return float(found[1]) if found else 1.0
