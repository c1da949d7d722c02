"""The words of the hive: what is asked, what is understood, what is answered.

Every type is an immutable record without behaviour beyond small look-ups, so that it can be
cached, hashed, sent over a wire and written into the ledger unchanged. Probabilities, risks,
confidences, scores and weights are floats in [0, 1]; spans are character offsets, end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Language = Literal["pt", "en", "und"]


class Verdict(StrEnum):
    """The four answers, from the least to the most cautious."""

    APPROVE = "approve"
    CONDITIONAL = "conditional"
    REVIEW_REQUIRED = "review_required"
    REJECT = "reject"

    @property
    def severity(self) -> int:
        """Position in the order of caution: 0 (approve) to 3 (reject)."""
        return _SEVERITY[self]


_SEVERITY = {verdict: rank for rank, verdict in enumerate(Verdict)}


class Domain(StrEnum):
    """What an intention is about; `OUT_OF_SCOPE` is text that states no intention."""

    BUSINESS = "BUSINESS"
    TECHNICAL = "TECHNICAL"
    INFRASTRUCTURE = "INFRASTRUCTURE"
    SECURITY = "SECURITY"
    BEHAVIOR = "BEHAVIOR"
    OPERATIONAL = "OPERATIONAL"
    COMPLIANCE = "COMPLIANCE"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"


class Environment(StrEnum):
    """Where an action takes place; `DEVELOPMENT` includes a person's own machine."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """How much of its object an action touches; `WILDCARD` is everything that matches, unbounded."""

    ONE = "one"
    SOME = "some"
    ALL = "all"
    WILDCARD = "wildcard"
    UNKNOWN = "unknown"


class Timing(StrEnum):
    """When an action takes place, as stated."""

    UNSPECIFIED = "unspecified"
    NOW = "now"
    PEAK = "peak"
    FREEZE = "freeze"
    WINDOW = "window"


class Polarity(StrEnum):
    """Whether the action would be carried out.

    `NEGATED`: "do not drop"; `PREVENTED`: "so that nobody can drop"; `REPORTED`: it happened in
    the past or is quoted; `HYPOTHETICAL`: it is written about, simulated, drawn, or dry-run.
    """

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    PREVENTED = "prevented"
    REPORTED = "reported"
    HYPOTHETICAL = "hypothetical"


class Trait(StrEnum):
    """A property of an action that judgement rests on; set by the ontology or by a parser."""

    DESTRUCTIVE = "destructive"  # data, configuration or a running thing ceases to exist
    IRREVERSIBLE = "irreversible"  # nothing that the action itself leaves behind undoes it
    EXPOSING = "exposing"  # someone who could not see or reach the object now can
    RAISES_PRIVILEGE = "raises_privilege"  # someone can do more than before
    WEAKENS_CONTROL = "weakens_control"  # a check, log, alarm, lock or copy protects less
    INTERRUPTING = "interrupting"  # a running thing stops or degrades, at least for a while
    LOCKS_OUT = "locks_out"  # rightful users or owners lose access
    MUTATING = "mutating"  # stored data, configuration or code changes
    MONEY = "money"  # money moves or what people pay changes
    CONTACTS_PEOPLE = "contacts_people"  # customers, staff or the public receive something
    DECEPTIVE = "deceptive"  # hides, falsifies, misleads or acts behind somebody's back
    UNTRUSTED = "untrusted"  # runs, trusts or obeys an unverified outside source
    PROTECTIVE = "protective"  # adds a control, copy, check or alarm
    READ_ONLY = "read_only"  # looks, analyses, lists, measures
    ADDITIVE = "additive"  # creates something new and touches nothing that exists
    COSMETIC = "cosmetic"  # text, colour, layout, naming of no consequence
    UNBOUNDED = "unbounded"  # no limit on what is matched: no WHERE, wildcard, empty variable


Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The words that moved a judgement.

    Attributes:
        task_id: The task whose text holds the words.
        start: First character in that task's `text`.
        end: One past the last character.
        quote: The words themselves, masked.
    """

    task_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard:
    """A protection that the plan states as a step or condition, or denies.

    Attributes:
        kind: Ontology id: backup, restore_test, dry_run, canary, rollback, approval, tests,
            monitoring, feature_flag, gradual, consent, notice, replica, limited_scope, ...
        verified: The text says that it was checked (a restore was tried, counts match).
        evidence: Where it is stated.
    """

    kind: str
    verified: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Who does what to what, where, how safely: the unit that all judgement rests on.

    Attributes:
        operation: Ontology id of the operation; "unknown" when a verb was seen but not read.
        object: Ontology id of the object's kind; "unknown" when none was read.
        task_id: The task it belongs to.
        start, end: Span in the task's text.
        text: The words of the action, masked.
        target: The words (or identifier) naming the object, masked; may be empty.
        traits: Effective traits of this operation on this object, sorted.
        sensitivity: How much the object matters if lost or seen, in [0, 1].
        blast: How many depend on the object, in [0, 1].
        disposable: The target is stated or parsed to be temporary, synthetic, scratch, one's own
            toy, or rebuilt by the plan itself.
        certainty: How sure the reader is of this reading, in [0, 1]; parsers give 1.0.
        safeguards: Protections in force before or while the action runs (its own clause, earlier
            clauses, earlier tasks it depends on); never those that come after.
        late_safeguards: Protections that come only after it; they do not help.
        denied: Protections that the text says will be left out.
        qualifiers: Sorted ontology ids of circumstances: public_audience, third_party, untrusted_party,
            covert, no_consent, only_copy, live, personal_own, without_copy, partial_rollout, ...
    """

    operation: str
    object: str = "unknown"
    task_id: str = ""
    start: int = 0
    end: int = 0
    text: str = ""
    target: str = ""
    traits: tuple[Trait, ...] = ()
    sensitivity: float = 0.3
    blast: float = 0.3
    environment: Environment = Environment.UNKNOWN
    scope: Scope = Scope.UNKNOWN
    timing: Timing = Timing.UNSPECIFIED
    polarity: Polarity = Polarity.AFFIRMED
    disposable: bool = False
    certainty: float = 1.0
    safeguards: tuple[Safeguard, ...] = ()
    late_safeguards: tuple[Safeguard, ...] = ()
    denied: tuple[Safeguard, ...] = ()
    qualifiers: tuple[str, ...] = ()

    @property
    def carried_out(self) -> bool:
        """Whether the plan, as written, would really do this."""
        return self.polarity is Polarity.AFFIRMED

    def has(self, *traits: Trait) -> bool:
        """Whether the action has any of the traits."""
        return any(trait in self.traits for trait in traits)

    @property
    def evidence(self) -> Evidence:
        """The action's own words as evidence."""
        return Evidence(task_id=self.task_id, start=self.start, end=self.end, quote=self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something about the text as a whole that is no action.

    Attributes:
        kind: judge_address (text that addresses the reviewer), covert, urgency, contradiction,
            padding, claimed_approval, overreach, unread (a clause nobody could read), ...
        evidence: The words.
    """

    kind: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PiiFinding:
    """One piece of personal data that was masked: its kind and where it stood in the original."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A named thing in the masked text: its kind (system, table, file, host, date, quantity, ...)."""

    kind: str
    text: str
    start: int
    end: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One reason of one specialist.

    Attributes:
        name: Factor id, stable: irreversibility, data_loss, exposure, ...
        weight: Share of this factor in the specialist's risk; a specialist's weights sum to 1.
        score: How strongly the plan shows it, in [0, 1]; 0 means not at all.
        evidence: The words it rests on.
        sentence: One sentence in the plan's language naming the task and the words.
    """

    name: str
    weight: float
    score: float
    evidence: tuple[Evidence, ...] = ()
    sentence: str = ""


ChangeKind = Literal["add_safeguard", "limit_scope", "drop_action", "restore_safeguard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A concrete edit of a plan that can be applied and asked again.

    Attributes:
        kind: What is edited.
        task_id: The task it concerns.
        safeguard: The safeguard's kind, for the two safeguard changes.
        start, end: The action's span in the task's description.
    """

    kind: ChangeKind
    task_id: str
    safeguard: str = ""
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """A concrete step about this plan and the risk it would remove, in [0, 1]."""

    sentence: str
    change: Change
    removes: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What produced an opinion: `source` is "rules" or "learned"."""

    name: str
    version: str
    source: Literal["rules", "learned"] = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One specialist's view.

    Attributes:
        risk: Probability that carrying out the plan as written causes harm in its concern.
        confidence: How much of the plan it could judge; certainty, not quality.
        vetoes: Evidence of a certain irreversible or exposing act without a safeguard; non-empty
            entitles the consensus to reject.
    """

    specialist: str
    recommendation: Verdict
    risk: float
    confidence: float
    factors: tuple[Factor, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    mitigations: tuple[Mitigation, ...] = ()
    vetoes: tuple[Evidence, ...] = ()
    model: ModelInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """A specialist that did not answer, and why. Never an approval."""

    specialist: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """How one opinion entered the pool: its risk, its recommendation and its weight."""

    specialist: str
    recommendation: Verdict
    risk: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredRule:
    """A consensus rule that raised the verdict, and to what."""

    name: str
    verdict: Verdict
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the panel concludes, before it is recorded. `divergence` is max minus min risk."""

    verdict: Verdict
    harm_probability: float
    confidence: float
    divergence: float
    votes: tuple[Vote, ...]
    rules: tuple[FiredRule, ...]
    conditions: tuple[Mitigation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """What would change the answer: the change, and the answer it was verified to give."""

    sentence: str
    changes: tuple[Change, ...]
    verdict: Verdict
    harm_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """A similar past intention and what was decided."""

    decision_id: str
    title: str
    verdict: Verdict
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that a decision stands in the ledger.

    Attributes:
        leaf_index: Position of the record in the tree, from 0.
        leaf_hash: RFC 6962 leaf hash of the record, hex.
        tree_size: Number of leaves that the checkpoint covers.
        root_hash: Root of that tree, hex.
        inclusion: Audit path from the leaf to the root, hex, leaf to root.
        checkpoint: The signed checkpoint (text).
    """

    leaf_index: int
    leaf_hash: str
    tree_size: int
    root_hash: str
    inclusion: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The hive's answer; these names are the contract of the REST API."""

    decision_id: str
    intent_id: str
    created_at: str
    verdict: Verdict
    harm_probability: float
    confidence: float
    divergence: float
    understanding: Understanding
    plan: Plan
    opinions: dict[str, Opinion]
    abstentions: dict[str, str]
    votes: tuple[Vote, ...]
    rules: tuple[FiredRule, ...]
    conditions: tuple[Mitigation, ...]
    counterfactuals: tuple[Counterfactual, ...]
    precedents: tuple[Precedent, ...]
    explanation: str
    receipt: Receipt | None = None
