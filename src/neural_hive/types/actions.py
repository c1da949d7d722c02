"""What is read in a text: actions, protections, signals, names and masked data."""

from __future__ import annotations

from dataclasses import dataclass

from neural_hive.types.vocabulary import Environment, Polarity, Scope, Timing, Trait

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
        return not frozenset(traits).isdisjoint(self.traits)

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
