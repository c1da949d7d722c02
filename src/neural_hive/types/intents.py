"""What is asked, what was understood, and the plan made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from neural_hive.types.actions import Action, Entity, PiiFinding, Signal
from neural_hive.types.vocabulary import Domain, Environment, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the caller says about the circumstances; never less cautious than the text itself."""

    project: str = ""
    domain: str = ""
    priority: str = ""
    environment: Environment = Environment.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """A plan as machine text: `format` is auto, sql, shell, terraform, kubernetes, diff, json or yaml."""

    source: str
    format: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTask:
    """One task as the caller wrote it; durations are in minutes."""

    id: str
    description: str
    type: str = ""
    dependencies: tuple[str, ...] = ()
    duration: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPlan:
    """Tasks as the caller wrote them, not yet validated or understood."""

    tasks: tuple[GivenTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is asked. `text` may be empty when a `SourcePlan` is given; `language` forces one."""

    text: str
    context: Context = field(default_factory=Context)
    user_id: str = ""
    plan: GivenPlan | SourcePlan | None = None
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What was read in the intention's own text.

    Attributes:
        language: The likelier language, "und" when the text decides nothing.
        language_probabilities: Probability per language; sums to 1.
        domain: The likeliest domain.
        domain_probabilities: Probability per domain; sums to 1.
        masked_text: The text with personal data replaced; all spans below refer to it.
        actions: Every action read, whatever its polarity, in order of appearance.
        signals: What is true of the text as a whole.
        entities: Names, dates and quantities.
        pii: What was masked, with spans in the original text.
        coverage: Share of the clauses that were read, in [0, 1]; 1.0 for text that asks nothing.
    """

    language: Language
    language_probabilities: dict[str, float]
    domain: Domain
    domain_probabilities: dict[str, float]
    masked_text: str
    actions: tuple[Action, ...] = ()
    signals: tuple[Signal, ...] = ()
    entities: tuple[Entity, ...] = ()
    pii: tuple[PiiFinding, ...] = ()
    coverage: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One validated step. Spans of its actions refer to `description` (masked)."""

    id: str
    description: str
    type: str = ""
    dependencies: tuple[str, ...] = ()
    duration: float | None = None
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A validated DAG of tasks in an order that respects the dependencies.

    Attributes:
        tasks: In topological order; ties keep the order in which they were given.
        format: text, tasks, sql, shell, terraform, kubernetes, diff.
        language: Language for sentences about this plan.
        domain: Domain of the intention; reliability weights are kept per domain.
        title: The intention's masked text, "" if there was none.
        signals: From the title and from the tasks.
        coverage: Share of the plan that was read, in [0, 1].
    """

    tasks: tuple[Task, ...]
    format: str = "text"
    language: Language = "en"
    domain: Domain = Domain.TECHNICAL
    title: str = ""
    signals: tuple[Signal, ...] = ()
    coverage: float = 1.0

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions of all tasks, in the order in which they would run."""
        return tuple(action for task in self.tasks for action in task.actions)
