"""What is asked of the cluster, and what a hive that is well, in one process, answers to the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from neural_hive.bootstrap import open_hive
from neural_hive.evaluation.cases import read_case
from neural_hive.settings import Settings
from neural_hive.types import Verdict
from tests.services.folders import CHECKOUT

Body = dict[str, Any]
_BACK = 51  # requests
_CASES = CHECKOUT / "evals" / "dev" / "scenarios.json"


def cases(number: int) -> list[Body]:
    """That many cases of evals/dev, evenly taken, as the gateway is asked."""
    every = json.loads(_CASES.read_text(encoding="utf-8"))
    chosen = every[:: max(1, len(every) // number)][:number]
    return [{"intent_text": case["intent_text"], **({"plan": case["plan"]} if case.get("plan") else {})} for case in chosen]


def traffic(number: int) -> list[Body]:
    """That many intentions: every other one differs from all before, so that no cache answers instead of the specialists.

    The others were asked a second ago; each is a decision of its own all the same.
    """
    some = [case["intent_text"] for case in cases(40) if "plan" not in case]
    new = [{"intent_text": f"{some[place % len(some)]} (#{place})"} for place in range(number // 2 + 1)]
    return [new[place // 2 if place % 2 == 0 or place < _BACK else (place - _BACK) // 2] for place in range(number)]


def healthy(bodies: Sequence[Body]) -> list[Verdict]:
    """The verdicts of a hive in this process, with everything embedded and a ledger of its own."""
    return asyncio.run(_healthy(bodies))


async def _healthy(bodies: Sequence[Body]) -> list[Verdict]:
    with TemporaryDirectory() as folder:
        async with open_hive(Settings(data_dir=Path(folder))) as hive:
            intents = [read_case({"id": "", **body}).intent for body in bodies]
            return [(await hive.review(intent)).verdict for intent in intents]
