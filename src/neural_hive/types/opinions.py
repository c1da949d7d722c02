"""What a specialist says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neural_hive.types.actions import Evidence
from neural_hive.types.vocabulary import Verdict


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
    """What produced an opinion: `source` is "rules" or "learned".

    `fallback` says why the packaged model answers instead of the one that was asked for; "" when it is that one.
    """

    name: str
    version: str
    source: Literal["rules", "learned"] = "rules"
    fallback: str = ""

    @property
    def label(self) -> str:
        """Name, version and source in a line; why it answers when another one was asked for."""
        known = f"{self.name} {self.version} ({self.source})"
        return f"{known} fallback: {self.fallback}" if self.fallback else known


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
