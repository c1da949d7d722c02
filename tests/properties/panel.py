"""The way from an intention to a conclusion, as `evaluation.answers` goes it."""

from __future__ import annotations

from dataclasses import dataclass

from neural_hive.consensus import conclude
from neural_hive.planning import plan as make_plan
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.specialists.rules import RuleSpecialist
from neural_hive.types import Conclusion, Context, Environment, GivenPlan, GivenTask, Intent, Opinion, Plan, SourcePlan, Understanding
from neural_hive.understanding import understand

PANEL: tuple[RuleSpecialist, ...] = tuple(open_local(name) for name in OWN)  # type: ignore[misc]
VOICE = 0.15  # how far one specialist may waver where its field of concern shifts with the words
WHOLE = 0.02  # how far the panel may


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that was made of one intention."""

    understanding: Understanding
    plan: Plan
    opinions: dict[str, Opinion]
    conclusion: Conclusion

    @property
    def severity(self) -> int:
        return self.conclusion.verdict.severity

    @property
    def harm(self) -> float:
        return self.conclusion.harm_probability


def ask(intent: Intent, *, worded: bool = False) -> Asked:
    understanding = understand(intent)
    plan = make_plan(understanding, intent)
    opinions = {voice.name: voice.evaluate_sync(plan) if worded else voice.judge(plan) for voice in PANEL}
    return Asked(understanding, plan, opinions, conclude(plan, opinions))


def said(text: str, environment: Environment = Environment.UNKNOWN) -> Intent:
    return Intent(text=text, context=Context(environment=environment))


def tasked(title: str, *descriptions: str) -> Intent:
    """Tasks that follow one another."""
    tasks = (
        GivenTask(id=f"t{number}", description=description, dependencies=(f"t{number - 1}",) if number else ())
        for number, description in enumerate(descriptions)
    )
    return Intent(text=title, plan=GivenPlan(tasks=tuple(tasks)))


def sourced(source: str, notation: str = "auto", text: str = "") -> Intent:
    return Intent(text=text, plan=SourcePlan(source=source, format=notation))


def never_milder(before: Intent, after: Intent) -> None:
    """What was added to `before` to give `after` may make nobody bolder."""
    first, second = ask(before), ask(after)
    assert second.severity >= first.severity, (first.conclusion.verdict, second.conclusion.verdict)
    assert second.harm >= first.harm - WHOLE
    for name, opinion in first.opinions.items():
        assert second.opinions[name].risk >= opinion.risk - VOICE, name
