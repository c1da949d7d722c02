"""Answers in the public form, small enough to be read in a test."""

from __future__ import annotations

from typing import Any

WORDS = "DROP TABLE orders"


def evidence(start: int = 0, quote: str = WORDS, task: str = "s1") -> dict[str, Any]:
    return {"task_id": task, "start": start, "end": start + len(quote), "quote": quote}


def opinion(risk: float, recommendation: str, *, vetoes: bool = False, score: float = 0.8) -> dict[str, Any]:
    words = [evidence()]
    factors = [
        {"name": "data_loss", "weight": 0.3, "score": score, "evidence": words, "sentence": f"In task s1, “{WORDS}” loses data."},
        {"name": "quiet", "weight": 0.7, "score": 0.0, "evidence": [], "sentence": "Nothing here."},
    ]
    return {"recommendation": recommendation, "risk": risk, "confidence": 1.0, "factors": factors, "vetoes": words if vetoes else []}


def answer(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "decision_id": "dec_1",
        "verdict": "reject",
        "harm_probability": 0.94,
        "confidence": 1.0,
        "divergence": 0.5,
        "explanation": "Rejected: because.",
        "understanding": {"pii": [{"kind": "email"}, {"kind": "email"}]},
        "plan": {"title": "", "language": "en", "tasks": [{"id": "s1", "description": WORDS}]},
        "opinions": {"technical": opinion(0.94, "reject", vetoes=True), "behavior": opinion(0.02, "approve", score=0.01)},
        "abstentions": {"evolution": "did not answer"},
        "rules": [{"name": "veto", "sentence": "Veto."}],
        "conditions": [],
        "counterfactuals": [{"sentence": "Take a backup first.", "harm_probability": 0.3}],
        "precedents": [],
        "receipt": {"leaf_index": 3, "tree_size": 4, "root_hash": "ab" * 32},
    }
    return found | changes
