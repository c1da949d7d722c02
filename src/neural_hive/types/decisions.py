"""What the hive answers, and the proof of it."""

from __future__ import annotations

from dataclasses import dataclass

from neural_hive.types.intents import Plan, Understanding
from neural_hive.types.opinions import Change, Mitigation, Opinion
from neural_hive.types.vocabulary import Verdict


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
