"""Asks the questions of the API's reference anew and writes the answers down: `python -m neural_hive.gateway.examples`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from neural_hive.bootstrap import open_hive
from neural_hive.errors import InputError
from neural_hive.gateway.problems import problem
from neural_hive.gateway.requests import IntentRequest, intent_of
from neural_hive.records import answer
from neural_hive.settings import load_settings

ASKED: dict[str, dict[str, Any]] = {
    "ask_in_portuguese": {
        "intent_text": "Apagar a tabela de clientes em produção, sem backup",
        "context": {"project": "loja", "environment": "production"},
    },
    "ask_in_english": {"intent_text": "Rename the Send button to Save on the sign-up screen"},
    "ask_with_tasks": {
        "intent_text": "Move the orders table to the new cluster",
        "user_id": "ci-42",
        "plan": {
            "tasks": [
                {"id": "T1", "type": "backup", "description": "Take a backup of the orders table and restore it on a test server"},
                {
                    "id": "T2",
                    "type": "migrate",
                    "description": "Copy the orders table to the new cluster in production",
                    "dependencies": ["T1"],
                },
                {"id": "T3", "type": "delete", "description": "Drop the old orders table in production", "dependencies": ["T2"]},
            ]
        },
    },
    "ask_with_sql": {
        "intent_text": "",
        "context": {"environment": "production"},
        "plan": {"format": "sql", "source": "DELETE FROM users;"},
    },
}
ANSWERED = "ask_in_portuguese"
"""Whose decision is the example of an answer."""

_OTHERS = {
    "feedback": {"outcome": "harmless", "comment": "ran without incident", "user_id": "sre-7"},
    "approval": {"approved": True, "user_id": "dba-3", "comment": "backup restored and checked"},
}


async def answered() -> dict[str, Any]:
    """All examples, the answers as given by a hive with an empty ledger."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_hive(load_settings(data_dir=Path(folder))) as hive:
            decision = await hive.review(intent_of(msgspec.convert(ASKED[ANSWERED], IntentRequest)))
    refused = problem(InputError("error.empty_intent"), "en")
    examples: dict[str, Any] = msgspec.to_builtins({**ASKED, "decision": answer(decision), "problem": refused, **_OTHERS})
    return examples


def main() -> None:
    """Write the examples beside the style sheet."""
    target = Path(__file__).parent / "static" / "examples.json"
    target.write_bytes(msgspec.json.format(msgspec.json.encode(asyncio.run(answered())), indent=1) + b"\n")


if __name__ == "__main__":
    main()
