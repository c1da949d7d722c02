"""Four opinions become one conclusion: a tuple of named rules, each pure; severity only rises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log

from neural_hive.calibration import Calibration, calibration
from neural_hive.conditions import conditions
from neural_hive.errors import UnavailableError
from neural_hive.messages import text
from neural_hive.types import Abstention, Action, Conclusion, Environment, FiredRule, Opinion, Plan, Trait, Verdict, Vote

_NEARLY = 1e-6
_QUOTED = 90  # characters
_MATTERS = 0.6  # sensitivity from which a change of unknown place is never plainly approved
_CHANGING = tuple(
    trait for trait in Trait if trait not in (Trait.READ_ONLY, Trait.PROTECTIVE, Trait.COSMETIC, Trait.ADDITIVE, Trait.UNBOUNDED)
)
_NEUTRAL = 1.0  # the weight of a specialist of whom nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that the rules look at.

    Attributes:
        pooled: Logarithmic opinion pool of the risks, before the floor.
        risk: The pool, never below its share of the highest risk.
        harm_probability: The risk, calibrated.
        harmless: Nothing that was read carries a risk, and enough was read.
        worded: Whether fired rules say their sentence.
    """

    plan: Plan
    opinions: Mapping[str, Opinion]
    abstentions: Mapping[str, str]
    lines: Calibration
    pooled: float
    risk: float
    harm_probability: float
    harmless: bool
    worded: bool


Rule = Callable[[Case], FiredRule | None]


def conclude(  # noqa: PLR0913 -- two are switches
    plan: Plan,
    opinions: Mapping[str, Opinion] | Sequence[Opinion],
    abstentions: Mapping[str, str] | Sequence[Abstention] = (),
    weights: Mapping[str, float] | None = None,
    *,
    worded: bool = True,
    unheard: bool = False,
) -> Conclusion:
    """What the panel concludes about a plan.

    Args:
        plan: The plan that was judged.
        opinions: By specialist, or in a row.
        abstentions: Specialists that did not answer, with reasons.
        weights: Reliability by specialist in the plan's domain; without one it is neutral.
        worded: Whether sentences and conditions are wanted; asking again about a changed plan needs none.
        unheard: Whether one of those that abstained is not even spoken for by a stand-in; then nothing counts as plainly harmless.

    Raises:
        UnavailableError: There is no opinion, so there is no decision.
    """
    spoken = dict(sorted(_by_name(opinions).items()))
    silent = dict(abstentions) if isinstance(abstentions, Mapping) else {item.specialist: item.reason for item in abstentions}
    if not spoken:
        raise UnavailableError("error.no_opinions")
    votes = _votes(spoken, weights or {})
    case = _case(plan, spoken, silent, votes, worded=worded, unheard=unheard)
    fired = tuple(rule for rule in (check(case) for check in RULES) if rule is not None)
    verdict = max((rule.verdict for rule in fired), key=lambda item: item.severity, default=Verdict.APPROVE)
    risks = [opinion.risk for opinion in spoken.values()]
    return Conclusion(
        verdict=verdict,
        harm_probability=round(case.harm_probability, 6),
        confidence=round(_confidence(spoken, silent, votes), 6),
        divergence=round(max(risks) - min(risks), 6),
        votes=votes,
        rules=fired,
        conditions=conditions(plan, spoken) if worded and verdict is Verdict.CONDITIONAL else (),
    )


def raised_by(heard: Conclusion, plan: Plan, whole: Conclusion, absent: Iterable[str]) -> Conclusion:
    """A conclusion that is never milder than the one with stand-ins for those that were silent.

    Stand-ins only raise: they are no votes, and an answer that they do not raise stays as it is.

    Args:
        heard: What those that spoke conclude.
        plan: The plan that was judged.
        whole: What they and the stand-ins conclude together.
        absent: The specialists that the stand-ins speak for.
    """
    if whole.verdict.severity <= heard.verdict.severity:
        return heard
    names = ", ".join(text_of(name, plan.language) for name in sorted(absent))
    rule = FiredRule(name="stand_in", verdict=whole.verdict, sentence=text("consensus.rule.stand_in", plan.language, specialists=names))
    harm = max(heard.harm_probability, whole.harm_probability)
    return replace(heard, verdict=whole.verdict, harm_probability=harm, rules=(*heard.rules, rule), conditions=whole.conditions)


def pool(votes: Sequence[Vote]) -> float:
    """Logarithmic opinion pool (Genest and Zidek, "Combining Probability Distributions", 1986): the weighted mean of log-odds."""
    total = sum(vote.weight for vote in votes)
    odds = sum(vote.weight * _logit(vote.risk) for vote in votes) / total
    return 1.0 / (1.0 + exp(-odds))


def panel_risk(votes: Sequence[Vote]) -> float:
    """What is calibrated: the pool, never below its share of the highest risk."""
    return max(pool(votes), calibration().floor_share * max(vote.risk for vote in votes))


def _votes(spoken: Mapping[str, Opinion], weights: Mapping[str, float]) -> tuple[Vote, ...]:
    raw = {name: max(weights.get(name, _NEUTRAL), _NEARLY) for name in spoken}
    total = sum(raw.values())
    return tuple(
        Vote(specialist=name, recommendation=opinion.recommendation, risk=opinion.risk, weight=round(raw[name] / total, 6))
        for name, opinion in spoken.items()
    )


def _case(  # noqa: PLR0913 -- as above
    plan: Plan, spoken: Mapping[str, Opinion], silent: Mapping[str, str], votes: Sequence[Vote], *, worded: bool, unheard: bool
) -> Case:
    lines = calibration()
    risk = panel_risk(votes)
    probability = lines.probability(risk)
    return Case(
        plan=plan,
        opinions=spoken,
        abstentions=silent,
        lines=lines,
        pooled=pool(votes),
        risk=risk,
        harm_probability=probability,
        harmless=not unheard and probability < lines.approve_below and plan.coverage >= lines.low_confidence and _read(plan, lines),
        worded=worded,
    )


def _read(plan: Plan, lines: Calibration) -> bool:
    """Whether every act that the plan carries out was understood."""
    return all(action.operation != "unknown" and action.certainty >= lines.low_confidence for action in plan.actions if action.carried_out)


def _by_name(opinions: Mapping[str, Opinion] | Sequence[Opinion]) -> Mapping[str, Opinion]:
    return opinions if isinstance(opinions, Mapping) else {opinion.specialist: opinion for opinion in opinions}


def _confidence(spoken: Mapping[str, Opinion], silent: Mapping[str, str], votes: Sequence[Vote]) -> float:
    mean = sum(vote.weight * spoken[vote.specialist].confidence for vote in votes) / sum(vote.weight for vote in votes)
    return mean * len(spoken) / (len(spoken) + len(silent))


def _logit(risk: float) -> float:
    bounded = min(max(risk, 1e-4), 1.0 - 1e-4)
    return log(bounded / (1.0 - bounded))


def _fired(case: Case, name: str, verdict: Verdict, **params: str) -> FiredRule:
    sentence = text(f"consensus.rule.{name}", case.plan.language, **params) if case.worded else ""
    return FiredRule(name=name, verdict=verdict, sentence=sentence)


def _abstention(case: Case) -> FiredRule | None:
    if not case.abstentions or case.harmless:
        return None
    return _fired(case, "abstention", Verdict.REVIEW_REQUIRED, specialists=_names(case, case.abstentions))


def _low_confidence(case: Case) -> FiredRule | None:
    unsure = [name for name, opinion in case.opinions.items() if opinion.confidence < case.lines.low_confidence]
    if not unsure or case.harmless:
        return None
    return _fired(case, "low_confidence", Verdict.REVIEW_REQUIRED, specialists=_names(case, unsure))


def _protected_ground(case: Case) -> FiredRule | None:
    action = next((action for action in case.plan.actions if _is_protected(action)), None)
    if action is None:
        return None
    return _fired(case, "protected_ground", Verdict.CONDITIONAL, words=action.text)


def _missing_protection(case: Case) -> FiredRule | None:
    action = next((action for action in case.plan.actions if _is_protected(action) and (action.denied or action.late_safeguards)), None)
    if action is None:
        return None
    return _fired(case, "missing_protection", Verdict.REVIEW_REQUIRED, words=action.text)


def _is_protected(action: Action) -> bool:
    """A change to production, or wherever unknown to data, access, money, people or services: never plainly approved."""
    guarded = (Trait.MUTATING,) if Trait.PROTECTIVE in action.traits else ()  # to put a control in place changes something, for the better
    if not action.carried_out or action.disposable or not set(action.traits).intersection(_CHANGING).difference(guarded):
        return False
    if action.environment is Environment.PRODUCTION:
        return True
    return action.environment is Environment.UNKNOWN and action.sensitivity >= _MATTERS and "personal_own" not in action.qualifiers


def _unread(case: Case) -> FiredRule | None:
    action = next((action for action in case.plan.actions if action.operation == "unknown" and _may_destroy(action)), None)
    if action is None:
        return None
    return _fired(case, "unread", Verdict.REVIEW_REQUIRED, words=_quote(action.text))


def _may_destroy(action: Action) -> bool:
    return action.carried_out and action.has(Trait.DESTRUCTIVE)


def _contradiction(case: Case) -> FiredRule | None:
    signal = next((signal for signal in case.plan.signals if signal.kind == "contradiction"), None)
    if signal is None or case.harmless:
        return None
    return _fired(case, "contradiction", Verdict.REVIEW_REQUIRED, words=signal.evidence.quote)


def _veto(case: Case) -> FiredRule | None:
    for opinion in sorted(case.opinions.values(), key=lambda item: -item.risk):
        if opinion.vetoes and opinion.recommendation is Verdict.REJECT:
            specialist = text_of(opinion.specialist, case.plan.language)
            return _fired(case, "veto", Verdict.REJECT, specialist=specialist, words=_quote(opinion.vetoes[0].quote))
    return None


def _max_risk_floor(case: Case) -> FiredRule | None:
    verdict = case.lines.verdict(case.harm_probability)
    if verdict.severity <= case.lines.verdict(case.lines.probability(case.pooled)).severity:
        return None
    highest = max(case.opinions.values(), key=lambda opinion: opinion.risk)
    return _fired(case, "max_risk_floor", verdict, specialist=text_of(highest.specialist, case.plan.language), risk=percent(highest.risk))


def _abstention_band(case: Case) -> FiredRule | None:
    if case.lines.verdict(case.harm_probability) is not Verdict.REVIEW_REQUIRED:
        return None
    return _fired(case, "abstention_band", Verdict.REVIEW_REQUIRED, probability=percent(case.harm_probability))


def _removable_risk(case: Case) -> FiredRule | None:
    if case.lines.verdict(case.harm_probability) is not Verdict.CONDITIONAL:
        return None
    return _fired(case, "removable_risk", Verdict.CONDITIONAL, probability=percent(case.harm_probability))


def _clear(case: Case) -> FiredRule | None:
    if case.lines.verdict(case.harm_probability) is not Verdict.APPROVE:
        return None
    return _fired(case, "clear", Verdict.APPROVE, probability=percent(case.harm_probability))


RULES: tuple[Rule, ...] = (
    _abstention,
    _low_confidence,
    _unread,
    _contradiction,
    _protected_ground,
    _missing_protection,
    _veto,
    _max_risk_floor,
    _abstention_band,
    _removable_risk,
    _clear,
)
"""In the order of the design; the conclusion's verdict is the most severe of those that fire."""


def text_of(specialist: str, language: str) -> str:
    """A specialist's name inside a sentence; names of plug-ins are used as they are."""
    try:
        return text(f"consensus.specialist.{specialist}", language)
    except KeyError:
        return specialist


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{share * 100:.0f}%"


def _names(case: Case, specialists: Mapping[str, str] | Sequence[str]) -> str:
    return ", ".join(text_of(name, case.plan.language) for name in sorted(specialists))


def _quote(words: str) -> str:
    quote = " ".join(words.split())
    return quote if len(quote) <= _QUOTED else f"{quote[: _QUOTED - 1]}…"
