"""Errors become problem documents."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from starlette.requests import Request

from neural_hive import errors
from neural_hive.gateway.problems import preferred_language, problem, status_of
from neural_hive.messages import catalogue

GATEWAY = Path(errors.__file__).parent / "gateway"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.PlanError("error.empty_plan"), 422),
        (errors.NotFoundError("error.no_decision"), 404),
        (errors.ConflictError("error.idempotency_conflict"), 409),
        (errors.LimitError("error.body_too_large", limit=1), 413),
        (errors.LimitError("error.text_too_long", size=2, limit=1), 422),
        (errors.LimitError("error.rate_limited", retry_after=1), 429),
        (errors.LedgerError("error.ledger_closed"), 503),
        (errors.UnavailableError("error.no_opinions"), 503),
        (errors.IntegrityError("error.ledger_tampered", finding="x"), 500),
        (errors.HiveError("error.internal"), 500),
    ],
)
def test_statuses(error: errors.HiveError, status: int) -> None:
    assert status_of(error) == status
    for language in ("pt", "en"):
        document = problem(error, language)
        assert document["status"] == status
        assert document["title"] == catalogue()[f"problem.{status}"][language]


def test_parameters_are_masked_and_short() -> None:
    error = errors.PlanError("error.duplicate_task", task="joe@example.com " + "x" * 500)
    detail = problem(error, "en")["detail"]
    assert "joe@example.com" not in detail
    assert len(detail) < 250


@pytest.mark.parametrize(
    ("header", "query", "language"),
    [
        ("pt-BR", "", "pt"),
        ("en-US,pt;q=0.9", "", "en"),
        ("de,pt;q=0.3,en;q=0.4", "", "en"),
        ("en;q=0", "", None),
        ("de", "", None),
        ("", "", None),
        ("en", "lang=pt", "pt"),
        ("en", "lang=xx", "en"),
        (",;q=zzz,,pt;q=9", "", "pt"),
    ],
)
def test_the_preferred_language(header: str, query: str, language: str | None) -> None:
    headers = [(b"accept-language", header.encode())] if header else []
    assert preferred_language(Request({"type": "http", "headers": headers, "query_string": query.encode()})) == language


def test_no_handler_swallows_errors() -> None:
    """Only the outermost layer may catch everything."""
    broad = [
        path.name
        for path in GATEWAY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert broad == ["middleware.py"]
