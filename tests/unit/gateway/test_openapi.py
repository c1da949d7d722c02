"""The description says what is so: schemas resolve, examples were answered."""

from __future__ import annotations

import re
from typing import Any

import httpx
import msgspec

from neural_hive.gateway.examples import ANSWERED, ASKED, answered
from neural_hive.gateway.openapi import DecisionAnswer, examples

VARYING = ("decision_id", "created_at", "receipt")


def references(value: Any) -> set[str]:
    found = re.findall(r'"\$ref":"#/([^"]+)"', msgspec.json.encode(value).decode())
    return set(found)


async def test_every_reference_resolves_and_every_path_is_described(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    for reference in references(document):
        place: Any = document
        for step in reference.split("/"):
            place = place[step]
        assert place
    for path in ("/api/v1/intents", "/api/v1/decisions/{decision_id}/feedback", "/api/v1/ledger/consistency", "/ready", "/metrics"):
        assert path in document["paths"]
    assert "/decisions" not in document["paths"]
    assert document["paths"]["/api/v1/intents"]["post"]["requestBody"]


async def test_every_question_of_the_reference_is_answered(api: httpx.AsyncClient) -> None:
    for body in ASKED.values():
        assert (await api.post("/api/v1/intents", json=body)).status_code == 200


async def test_the_examples_are_what_is_answered_today() -> None:
    """After a change of the rules: `python -m neural_hive.gateway.examples`."""
    kept, today = examples(), await answered()
    msgspec.convert(kept["decision"], DecisionAnswer)
    for each in (kept, today):
        for name in VARYING:
            each["decision"].pop(name)
    assert kept == msgspec.json.decode(msgspec.json.encode(today))
    assert ANSWERED in kept
