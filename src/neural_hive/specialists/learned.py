"""The learned reading of a plan's text, and how far it may move a specialist's risk.

It may raise any risk. It lowers one only as far as the reading of the actions is uncertain: what
was read with certainty stays as dangerous as it is, whatever the style of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import sqrt

from neural_hive import models
from neural_hive.models.linear import LinearModel, Logits, softmax
from neural_hive.specialists.factors import Common, load_common
from neural_hive.specialists.features import action_features, plan_words
from neural_hive.specialists.hazard import Reading
from neural_hive.specialists.memo import once_per_plan
from neural_hive.types import Plan

MODEL = "reader"
ACTION_SCALE = 0.5
READ_FORMATS = frozenset(("text", "tasks", "json", "yaml"))


def word_scale(count: int) -> float:
    """The value of one word feature among `count`: long texts do not shout."""
    return 3.0 / sqrt(count) if count else 0.0


@cache
def reader() -> LinearModel:
    """The packaged text reader, loaded and checked on first use."""
    return LinearModel(models.load(MODEL))


@once_per_plan
def probabilities(plan: Plan) -> Logits | None:
    """P(harmless), P(cautious), P(dangerous) of a plan stated in natural language; None for machine text."""
    if plan.format not in READ_FORMATS:
        return None
    return _of(plan_words(plan), action_features(plan))


@lru_cache(maxsize=64)
def _of(words: tuple[str, ...], acts: tuple[str, ...]) -> Logits:
    model = reader()
    return softmax(_of_words(words), model.logits(acts, ACTION_SCALE), model.logits(("bias",)))


@lru_cache(maxsize=256)
def _of_words(words: tuple[str, ...]) -> Logits:
    return reader().logits(words, word_scale(len(words)))


@lru_cache(maxsize=256)
def familiarity(words: tuple[str, ...]) -> float:
    """How much of a text the model has seen before, in [0, 1]: unknown words are no evidence of anything."""
    single = [word for word in words if "_" not in word and word not in ("^", "$")]
    if not single:
        return 0.0
    common = load_common()
    share = reader().known(single) / len(single)
    return min(1.0, max(0.0, (share - common.familiar_from) / (common.familiar_to - common.familiar_from)))


@dataclass(frozen=True, slots=True)
class Lift:
    """What the learned reading makes of a risk.

    Attributes:
        risk, confidence: After it was heard.
        learned: The risk that it sees by itself.
        raised: It is the reason why the risk is as high as it is.
    """

    risk: float
    confidence: float
    learned: float
    raised: bool


def lifted(plan: Plan, found: Sequence[Reading], risk: float, confidence: float, listens: Mapping[str, float]) -> Lift | None:
    """A specialist's risk and confidence after the learned reading; None where there is none."""
    chances = probabilities(plan)
    if chances is None:
        return None
    common, familiar = load_common(), familiarity(plan_words(plan))
    if not familiar:
        return None
    learned = sum(weight * chance for weight, chance in zip(common.reader_risk, chances, strict=True))
    settled = risk
    if learned < risk:
        say = (1.0 - _sureness(found, common)) * familiar
        settled = (1.0 - say) * risk + say * learned
    own = learned * listens.get(plan.domain, listens["default"])
    return Lift(
        risk=max(settled, own),
        confidence=confidence + (1.0 - confidence) * max(0.0, 2.0 * max(chances) - 1.0) * common.reader_trust * familiar,
        learned=learned,
        raised=own > settled,
    )


def _sureness(found: Sequence[Reading], common: Common) -> float:
    """How firmly the worst act was read, from 0 (the learned reading decides) to 1 (it cannot lower the risk)."""
    if not found:
        return 0.0
    worst = max(found, key=lambda reading: reading.worst)
    if worst.action.operation == "unknown":
        return 0.0
    low, high = common.sure_from, common.sure_to
    return min(1.0, max(0.0, (worst.action.certainty - low) / (high - low)))
