"""What was decided before is told, and decides nothing."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.settings import load_settings
from neural_hive.types import Decision, Intent, Verdict

TEXTS = (
    "Apagar a tabela de clientes em produção, não há backup.",
    "Deploy the checkout service to production with a canary and a rollback plan",
    "Fix a typo in the README",
)
TOLD = {"decision_id", "created_at", "precedents", "explanation", "receipt"}  # all else is the judgement


async def decided(folder: Path, text: str, *earlier: Decision) -> Decision:
    async with open_hive(load_settings(data_dir=folder)) as hive:
        for decision in earlier:
            await hive.memory._graph.remember(decision)
            await hive.memory._graph.lineage(decision.decision_id)  # so that it is written
        return await hive.review(Intent(text=text))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
async def test_precedents_are_told_and_change_nothing(tmp_path: Path, text: str, verdict: Verdict) -> None:
    alone = await decided(tmp_path / "alone", text)
    assert alone.precedents == ()
    earlier = [replace(alone, decision_id=f"dec_{number}", verdict=verdict, receipt=None) for number in range(20)]
    informed = await decided(tmp_path / "informed", text, *earlier)
    assert [precedent.verdict for precedent in informed.precedents] == [verdict] * 3
    assert informed.explanation.startswith(alone.explanation)
    assert informed.explanation != alone.explanation
    for field in fields(Decision):
        if field.name not in TOLD:
            assert getattr(informed, field.name) == getattr(alone, field.name), field.name
