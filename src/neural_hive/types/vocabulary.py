"""The closed vocabularies: verdicts, domains, circumstances and traits."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

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
