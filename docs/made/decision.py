"""One decision, step by step, with the numbers that the code gives today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from docs.made.parts import code, local, number, percent, table, word
from neural_hive import models, planning
from neural_hive.calibration import calibration
from neural_hive.consensus import RULES, conclude, panel_risk, pool
from neural_hive.counterfactual import counterfactuals_sync
from neural_hive.specialists.factors import load_common
from neural_hive.specialists.hazard import Dimension, Reading, load, readings
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.specialists.trained import Ground, Trained, artefact_of, trained
from neural_hive.types import Action, Conclusion, Counterfactual, Intent, Opinion, Plan
from neural_hive.understanding import understand

EXAMPLE = {
    "en": "Delete the orders from before 2019 in the production database, without a backup",
    "pt": "Apagar os pedidos de antes de 2019 no banco de produção, sem backup",
}
VARIANTS = {
    "en": (
        "Count the orders from before 2019 in the production database",
        "Back up the orders table, restore the backup on a test server, and then delete order 4711 in production",
        "Back up the orders table, test the restore, and only then delete the orders from before 2019 in production",
        "Delete the orders from before 2019 in the production database",
        EXAMPLE["en"],
    ),
    "pt": (
        "Contar os pedidos de antes de 2019 no banco de produção",
        "Fazer backup da tabela de pedidos, restaurar o backup num servidor de teste e depois apagar o pedido 4711 em produção",
        "Fazer backup da tabela pedidos, testar a restauração e só então apagar os pedidos de antes de 2019 em produção",
        "Apagar os pedidos de antes de 2019 no banco de produção",
        EXAMPLE["pt"],
    ),
}
WEIGHED = "technical"
"""The specialist whose factors are shown."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text and everything that became of it."""

    plan: Plan
    found: tuple[Reading, ...]
    opinions: Mapping[str, Opinion]
    conclusion: Conclusion
    counterfactuals: tuple[Counterfactual, ...]


@cache
def voice(name: str) -> RuleSpecialist:
    """A packaged specialist."""
    found = open_local(name)
    if not isinstance(found, RuleSpecialist):
        raise TypeError(name)
    return found


@cache
def judged(text: str) -> Case:
    """What the packaged panel makes of a text, on its own and without a history."""
    intent = Intent(text=text)
    plan = planning.plan(understand(intent), intent)
    opinions = {name: voice(name).evaluate_sync(plan) for name in OWN}
    conclusion = conclude(plan, opinions)

    def again(changed: Plan) -> Conclusion:
        return conclude(changed, {name: voice(name).judge(changed) for name in OWN}, worded=False)

    return Case(plan, readings(plan), opinions, conclusion, counterfactuals_sync(plan, conclusion, again))


def example(language: str) -> str:
    """The words that are judged."""
    return f"> {EXAMPLE[language]}\n"


def reading(language: str) -> str:
    """What was read in them."""
    (action,) = judged(EXAMPLE[language]).plan.actions
    facts = (
        ("words", action.text),
        ("operation", code(action.operation)),
        ("object", code(action.object)),
        ("traits", ", ".join(map(code, action.traits))),
        ("where", code(action.environment)),
        ("scope", code(action.scope)),
        ("sensitivity", number(action.sensitivity, language, 2)),
        ("blast", number(action.blast, language, 2)),
        ("denied", ", ".join(code(item.kind) for item in action.denied)),
        ("certainty", number(action.certainty, language, 2)),
    )
    head = [word(f"decision.{key}", language) for key in ("asked", "read")]
    return table(head, ((word(f"decision.{key}", language), value) for key, value in facts))


def hazard(language: str) -> str:
    """The log-odds of the gravest hazard, term by term, and the hazard that they make."""
    found = judged(EXAMPLE[language]).found[0]
    name = max(found.inherent, key=lambda each: found.inherent[each])
    dimension = next(each for each in load().dimensions if each.name == name)
    rows = [(word(f"decision.{key}", language), _points(points, language)) for key, points in terms(dimension, found.action)]
    total = sum(points for _, points in terms(dimension, found.action))
    rows += [(word("decision.sum", language), _points(total, language))]
    rows += [(word("decision.hazard", language, name=code(name)), number(found.inherent[name], language))]
    return table([word(f"decision.{key}", language) for key in ("term", "points")], rows)


def terms(dimension: Dimension, action: Action) -> Iterator[tuple[str, float]]:
    """The weights of evidence that one action has in a dimension, by the name of the circumstance."""
    yield "base", dimension.base + max(dimension.triggers[mark] for mark in action.traits if mark in dimension.triggers)
    yield "sensitivity", dimension.sensitivity[0] * (action.sensitivity - dimension.sensitivity[1])
    yield "blast", dimension.blast[0] * (action.blast - dimension.blast[1])
    yield "where", dimension.environment[action.environment]
    yield "scope", dimension.scope[action.scope]
    yield "traits", sum(dimension.traits.get(trait, 0.0) for trait in action.traits)
    default = dimension.denied.get("default", 0.0)
    yield "denied", sum(dimension.denied.get(item.kind, default) for item in action.denied)


def factors(language: str) -> str:
    """The factors of one specialist on the example, and the risk that they make."""
    case = judged(EXAMPLE[language])
    opinion, (now, ground) = case.opinions[WEIGHED], _ground(WEIGHED, case.plan)
    shown = [factor for factor in opinion.factors if factor.weight]
    rows = [
        (
            f"{code(factor.name)}: {word(f'factor.{factor.name}', language)}",
            number(factor.weight, language, 4),
            number(factor.score, language),
            number(factor.weight * factor.score, language, 4),
        )
        for factor in shown
    ]
    shared = sum(factor.weight * factor.score for factor in shown)
    rows.append((word("decision.shared", language), "", "", number(shared, language, 4)))
    most, lift = max(factor.score for factor in shown), now.weighing.lift
    own = now.risk(ground.values, ground.points, ground.least)
    sentence = word(
        "decision.weighed",
        language,
        most=number(most, language),
        lift=number(lift, language, 4),
        shared=number(shared, language, 4),
        risk=number(own, language),
        mapped=number(now.calibrated(own), language),
        final=number(opinion.risk, language),
    )
    return table([word(f"decision.{key}", language) for key in ("factor", "weight", "score", "product")], rows) + f"\n{sentence}\n"


def _ground(name: str, plan: Plan) -> tuple[Trained, Ground]:
    return trained(voice(name).spec, artefact_of(name, models)), voice(name).ground(plan)


def opinions(language: str) -> str:
    """The four opinions: what the actions gave, what the reader of texts gave, and what was said."""
    case = judged(EXAMPLE[language])
    keys = ("specialist", "from_actions", "from_reader", "risk", "confidence", "recommends", "veto")
    rows = [_opinion(name, case, language) for name in sorted(case.opinions, key=lambda name: -case.opinions[name].risk)]
    return table([word(f"decision.{key}", language) for key in keys], rows)


def _opinion(name: str, case: Case, language: str) -> tuple[str, ...]:
    opinion, (now, ground) = case.opinions[name], _ground(name, case.plan)
    own = now.risk(ground.values, ground.points, ground.least)
    heard = number(ground.said.own, language) if ground.said else "-"
    return (
        word(f"name.{name}", language),
        number(own, language),
        heard,
        number(opinion.risk, language),
        percent(opinion.confidence, language),
        code(opinion.recommendation),
        word("decision.yes" if opinion.vetoes else "decision.no", language),
    )


def joined(language: str) -> str:
    """From four risks to one probability of harm."""
    votes, lines = judged(EXAMPLE[language]).conclusion.votes, calibration()
    highest, risk = max(vote.risk for vote in votes), panel_risk(votes)
    left = max((knot for knot in lines.knots if knot[0] <= risk), default=lines.knots[0])
    right = next((knot for knot in lines.knots if knot[0] > risk), lines.knots[-1])
    values = (
        ("weights", ", ".join(f"{word(f'name.{vote.specialist}', language)} {number(vote.weight, language, 2)}" for vote in votes)),
        ("pool", number(pool(votes), language)),
        (
            "floor",
            f"{local(str(lines.floor_share), language)} × {number(highest, language)} = {number(lines.floor_share * highest, language)}",
        ),
        ("panel_risk", number(risk, language)),
        ("between", " → ".join(f"({number(low, language)}; {number(high, language)})" for low, high in (left, right))),
        ("harm", number(lines.probability(risk), language)),
    )
    return table(
        [word(f"decision.{key}", language) for key in ("step", "value")],
        ((word(f"decision.{key}", language), value) for key, value in values),
    )


def rules(language: str) -> str:
    """Every rule in its order: what it calls for in general is told by hand; here, what it said to the example."""
    fired = {rule.name: rule for rule in judged(EXAMPLE[language]).conclusion.rules}
    names = [rule.__name__.removeprefix("_") for rule in RULES]
    rows = [
        (str(place), code(name), code(fired[name].verdict) if name in fired else "-", fired[name].sentence if name in fired else "-")
        for place, name in enumerate(names, 1)
    ]
    return table([word(f"decision.{key}", language) for key in ("place", "rule", "calls_for", "said")], rows)


def lines(language: str) -> str:
    """Every line that a number is held against, with the file that it stands in."""
    drawn, common = calibration(), load_common()
    hazards = load()
    veto = ", ".join(f"{code(each.name)} {local(str(each.veto), language)}" for each in hazards.dimensions if each.veto <= 1.0)
    rows = (
        ("specialist_conditional", common.conditional, "common.toml"),
        ("specialist_review", common.review, "common.toml"),
        ("specialist_reject", common.reject, "common.toml"),
        ("veto_certainty", hazards.veto_certainty, "hazard.toml"),
        ("veto_hazard", veto, "hazard.toml"),
        ("approve_below", drawn.approve_below, "calibration.toml"),
        ("band_from", drawn.band_from, "calibration.toml"),
        ("low_confidence", drawn.low_confidence, "calibration.toml"),
        ("floor_share", drawn.floor_share, "calibration.toml"),
        ("judge_address", common.signals["judge_address"], "common.toml"),
        ("covert", common.signals["covert"], "common.toml"),
    )
    head = [word(f"decision.{key}", language) for key in ("line", "value", "file")]
    return table(head, ((word(f"line.{key}", language), local(str(value), language), code(file)) for key, value, file in rows))


def knots(language: str) -> str:
    """The map from the panel's risk to a probability of harm."""
    head = [word(f"decision.{key}", language) for key in ("panel_risk", "harm")]
    return table(head, ((number(risk, language), number(probability, language)) for risk, probability in calibration().knots))


def answer(language: str) -> str:
    """What was concluded, and what would change it."""
    case = judged(EXAMPLE[language])
    end = case.conclusion
    shown = word(
        "decision.concluded",
        language,
        verdict=code(end.verdict),
        harm=percent(end.harm_probability, language),
        confidence=percent(end.confidence, language),
        divergence=percent(end.divergence, language),
    )
    rows = ((each.sentence, code(each.verdict), percent(each.harm_probability, language)) for each in case.counterfactuals)
    return f"{shown}\n\n" + table([word(f"decision.{key}", language) for key in ("change", "answer", "harm")], rows)


def variants(language: str) -> str:
    """The example again with one thing changed at a time."""
    rows = []
    for text in VARIANTS[language]:
        end = judged(text).conclusion
        fired = ", ".join(code(rule.name) for rule in end.rules)
        rows.append((text, code(end.verdict), percent(end.harm_probability, language), fired))
    return table([word(f"decision.{key}", language) for key in ("intention", "answer", "harm", "fired")], rows)


def _points(value: float, language: str) -> str:
    return local(f"{value:+.2f}", language)
