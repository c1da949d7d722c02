"""The learned reading of a plan's text, and how far it may move a specialist's risk.

It may raise any risk. It lowers one only as far as the reading of the actions is uncertain: what
was read with certainty stays as dangerous as it is, whatever the style of the text.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import sqrt

from neural_hive.models.linear import LinearModel, Logits, softmax
from neural_hive.models.packaged import PackagedModels
from neural_hive.specialists.features import action_features, plan_words
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
    return LinearModel(PackagedModels().load(MODEL))


def probabilities(plan: Plan) -> Logits | None:
    """P(harmless), P(cautious), P(dangerous) of a plan stated in natural language; None for machine text."""
    if plan.format not in READ_FORMATS:
        return None
    model = reader()
    return softmax(_of_words(plan_words(plan)), model.logits(action_features(plan), ACTION_SCALE), model.logits(("bias",)))


@lru_cache(maxsize=256)
def _of_words(words: tuple[str, ...]) -> Logits:
    return reader().logits(words, word_scale(len(words)))
