"""What the harness keeps of one answer, and how it asks the hive for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache

import msgspec

from neural_hive.specialists.base import Specialist
from neural_hive.types import Conclusion, Intent, Opinion, Plan, Understanding, Verdict

ABSTENTION_RULES = frozenset({"abstention_band", "low_confidence", "abstention"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, reduced to what is measured.

    Attributes:
        language, domain: What was understood; empty when the reviewer does not say.
        risks: Each specialist's risk.
        recommendations: Each specialist's own verdict.
        abstained: The panel said that it does not know (a rule of abstention fired).
        document: Everything a caller would see, as JSON, to be searched for personal data.
        error: The message with which the intention was refused; its verdict is then review_required.
    """

    verdict: Verdict
    harm_probability: float
    language: str = ""
    domain: str = ""
    risks: dict[str, float] = field(default_factory=dict)
    recommendations: dict[str, Verdict] = field(default_factory=dict)
    abstained: bool = False
    document: str = ""
    error: str = ""


Reviewer = Callable[[Intent], Awaitable[Answer]]


async def hive(intent: Intent) -> Answer:
    """Ask the hive in process, without a ledger: understand, plan, consult, conclude."""
    from neural_hive.consensus import conclude
    from neural_hive.planning import plan as make_plan
    from neural_hive.understanding import understand

    understanding = understand(intent)
    plan = make_plan(understanding, intent)
    opinions = {voice.name: await voice.evaluate(plan) for voice in _specialists()}
    return answer_of(understanding, plan, opinions, conclude(plan, opinions))


@cache
def _specialists() -> tuple[Specialist, ...]:
    from neural_hive.specialists import registry

    return tuple(registry.open_local(name) for name in registry.names())


def answer_of(understanding: Understanding, plan: Plan, opinions: dict[str, Opinion], conclusion: Conclusion) -> Answer:
    """Reduce the stages' results to an answer."""
    from neural_hive.explanation import explain

    explanation = explain(plan, opinions, conclusion, (), plan.language)
    shown = {
        "understanding": understanding,
        "plan": plan,
        "opinions": opinions,
        "conclusion": conclusion,
        "explanation": explanation,
    }
    return Answer(
        verdict=conclusion.verdict,
        harm_probability=conclusion.harm_probability,
        language=understanding.language,
        domain=understanding.domain.value,
        risks={name: opinion.risk for name, opinion in opinions.items()},
        recommendations={name: opinion.recommendation for name, opinion in opinions.items()},
        abstained=conclusion.verdict is Verdict.REVIEW_REQUIRED and any(rule.name in ABSTENTION_RULES for rule in conclusion.rules),
        document=msgspec.json.encode(shown).decode(),
    )
