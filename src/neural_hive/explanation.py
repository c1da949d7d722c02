"""The answer as a short paragraph: the verdict, the words that decided, who says so, what would change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neural_hive.consensus import percent, text_of
from neural_hive.messages import text
from neural_hive.types import Conclusion, Counterfactual, Factor, Mitigation, Opinion, Plan, Precedent, Verdict


def explain(  # noqa: PLR0913 - one argument for each thing that the paragraph speaks of
    plan: Plan,
    opinions: Mapping[str, Opinion] | Sequence[Opinion],
    conclusion: Conclusion,
    precedents: Sequence[Precedent] = (),
    language: str = "",
    *,
    counterfactuals: Sequence[Counterfactual] = (),
) -> str:
    """Two to five sentences in `language`; without one, in the plan's."""
    spoken = list(opinions.values()) if isinstance(opinions, Mapping) else list(opinions)
    language = language or plan.language
    sentences = [text(f"consensus.explain.{conclusion.verdict.value}", language, probability=percent(conclusion.harm_probability))]
    sentences += _reason(plan, spoken, conclusion, language)
    sentences += _doubt(conclusion)
    sentences += _remedy(spoken, conclusion, counterfactuals)
    sentences += _precedent(precedents, language)
    return " ".join(sentences[:5])


def _reason(plan: Plan, spoken: Sequence[Opinion], conclusion: Conclusion, language: str) -> list[str]:
    if not any(action.carried_out for action in plan.actions):
        return [text("consensus.explain.nothing_done", language)]
    highest = max(spoken, key=_grounds)
    strongest = _strongest(highest)
    if conclusion.verdict is Verdict.APPROVE or strongest is None:
        return [text("consensus.explain.nothing_found", language)]
    voice = text_of(highest.specialist, language)
    loudest = highest.risk >= max(opinion.risk for opinion in spoken)
    key = "consensus.explain.voice" if loudest else "consensus.explain.ground"
    return [text(key, language, specialist=voice, risk=percent(highest.risk), reason=_lowered(strongest.sentence))]


def _doubt(conclusion: Conclusion) -> list[str]:
    """Why a rule other than the probability raised the answer."""
    told = {"abstention", "low_confidence", "unread", "contradiction"}
    return [rule.sentence for rule in conclusion.rules if rule.name in told and rule.sentence][:1]


def _remedy(spoken: Sequence[Opinion], conclusion: Conclusion, counterfactuals: Sequence[Counterfactual]) -> list[str]:
    if conclusion.verdict is Verdict.APPROVE:
        return []
    if counterfactuals:
        return [counterfactuals[0].sentence]
    if conclusion.conditions:
        return [conclusion.conditions[0].sentence]
    offers: list[Mitigation] = [item for opinion in sorted(spoken, key=lambda one: -one.risk) for item in opinion.mitigations]
    return [offers[0].sentence] if offers else []


def _precedent(precedents: Sequence[Precedent], language: str) -> list[str]:
    if not precedents:
        return []
    closest = precedents[0]
    verdict = text(f"consensus.verdict.{closest.verdict.value}", language)
    return [text("consensus.explain.precedent", language, title=closest.title, verdict=verdict)]


_ON_READING = 0.15  # how much higher a risk must be that rests on the text as a whole, to be told before one that rests on an act


def _grounds(opinion: Opinion) -> float:
    """The risk, less where no single act but the reading of the whole text carries it."""
    strongest = _strongest(opinion)
    return opinion.risk - (_ON_READING if strongest is not None and strongest.name == "text_reading" else 0.0)


def _strongest(opinion: Opinion) -> Factor | None:
    named = [factor for factor in opinion.factors if factor.evidence]
    return max(named, key=lambda factor: factor.score) if named else None


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
