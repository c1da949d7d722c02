"""The words of the hive: what is asked, what is understood, what is answered.

Every type is an immutable record without behaviour beyond small look-ups, so that it can be
cached, hashed, sent over a wire and written into the ledger unchanged. Probabilities, risks,
confidences, scores and weights are floats in [0, 1]; spans are character offsets, end exclusive.
"""

from __future__ import annotations

from neural_hive.types.actions import Action, Entity, Evidence, PiiFinding, Safeguard, Signal, Span
from neural_hive.types.decisions import Conclusion, Counterfactual, Decision, FiredRule, Precedent, Receipt, Vote
from neural_hive.types.intents import Context, GivenPlan, GivenTask, Intent, Plan, SourcePlan, Task, Understanding
from neural_hive.types.opinions import Abstention, Change, ChangeKind, Factor, Mitigation, ModelInfo, Opinion
from neural_hive.types.vocabulary import Domain, Environment, Language, Polarity, Scope, Timing, Trait, Verdict

__all__ = [
    "Abstention",
    "Action",
    "Change",
    "ChangeKind",
    "Conclusion",
    "Context",
    "Counterfactual",
    "Decision",
    "Domain",
    "Entity",
    "Environment",
    "Evidence",
    "Factor",
    "FiredRule",
    "GivenPlan",
    "GivenTask",
    "Intent",
    "Language",
    "Mitigation",
    "ModelInfo",
    "Opinion",
    "PiiFinding",
    "Plan",
    "Polarity",
    "Precedent",
    "Receipt",
    "Safeguard",
    "Scope",
    "Signal",
    "SourcePlan",
    "Span",
    "Task",
    "Timing",
    "Trait",
    "Understanding",
    "Verdict",
    "Vote",
]
