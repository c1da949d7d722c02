"""What shallow methods reach: the floor that the hive must stand above."""

from __future__ import annotations

import re

from neural_hive.evaluation.answers import Answer
from neural_hive.types import Intent, SourcePlan, Verdict

_DANGEROUS = re.compile(
    r"\b(?:delet\w*|drop\w*|truncat\w*|destroy\w*|wip(?:e|ing)\b|eras\w*|purg\w*|kill\w*|rm -rf|force|disabl\w*|"
    r"bypass\w*|expos\w*|leak\w*|public\w*|apag\w*|exclu\w*|remov\w*|destru\w*|desativ\w*|desabilit\w*|elimin\w*|descart\w*|limpa\w*|vaza\w*|expor\w*|0\.0\.0\.0/0|777)\b|"
    r"without (?:a )?(?:backup|tests?)|sem (?:backup|testes?)",
    re.IGNORECASE,
)
_CAUTIOUS = re.compile(
    r"\b(?:prod\w*|deploy\w*|releas\w*|migra\w*|restart\w*|reinici\w*|grant\w*|permi\w*|access\w*|acess\w*|pric\w*|pre[cç]o\w*|pay\w*|pag\w*|"
    r"updat\w*|atualiz\w*|alter\w*|chang\w*|muda\w*|customer\w*|client\w*)\b",
    re.IGNORECASE,
)


async def always_review(_intent: Intent) -> Answer:
    """The constant baseline: whatever is asked, somebody must look."""
    return Answer(verdict=Verdict.REVIEW_REQUIRED, harm_probability=0.5)


async def keyword_list(intent: Intent) -> Answer:
    """The keyword baseline: a dangerous word rejects, a weighty one conditions, else approve."""
    words = _words(intent)
    if _DANGEROUS.search(words):
        return Answer(verdict=Verdict.REJECT, harm_probability=0.9)
    if _CAUTIOUS.search(words):
        return Answer(verdict=Verdict.CONDITIONAL, harm_probability=0.5)
    return Answer(verdict=Verdict.APPROVE, harm_probability=0.1)


def _words(intent: Intent) -> str:
    if intent.plan is None:
        return intent.text
    if isinstance(intent.plan, SourcePlan):
        return f"{intent.text}\n{intent.plan.source}"
    return "\n".join([intent.text, *(task.description for task in intent.plan.tasks)])
