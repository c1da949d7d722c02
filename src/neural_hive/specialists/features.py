"""What the learned text model sees of a plan: its words and the actions read in it.

Words that name protections count only through the actions. Words that name other circumstances
(environment, amount, timing, audiences), praise the plan or address the judge may raise a risk and
never lower it: the training keeps them monotone, as it does the actions' features (DESIGN section 4, rules 1 to 4). Operations and
objects that the ontology knows count by what they mean, so that both languages give the same (rule 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from neural_hive.specialists.spoken import Words, spoken
from neural_hive.types import Action, Environment, Scope
from neural_hive.understanding.ontology import ontology

_STEM = 5  # letters in which most inflections of a word agree


@lru_cache(maxsize=512)
def word_features(text: str, language: str) -> Words:
    """Distinct words of a text; sorted.

    Words and concepts, pairs of concepts side by side in one order whatever the grammar, "~" beginnings of the words as they
    were written, "!" beginnings of words that name circumstances.
    """
    said = spoken(text, language)
    concepts = said.concepts
    pairs = (" ".join(sorted(pair)) for pair in pairwise(concepts) if all(word[0] in "@#" for word in pair))
    plain = (f"~{word[:_STEM]}" for word in said.plain)
    return tuple(sorted({*concepts, *pairs, *plain, *(f"!{word[:_STEM]}" for word in said.stressed)}))


@lru_cache(maxsize=64)
def words_of(texts: tuple[str, ...], language: str) -> Words:
    """Word features of sentences or tasks; distinct, sorted."""
    return tuple(sorted({word for text in texts for word in word_features(text, language)}))


def action_features(actions: Sequence[Action]) -> Words:
    """Features of the actions, by operation, object class, traits and circumstances; sorted, distinct."""
    found: set[str] = set()
    previous = ""
    for action in actions:
        found.update(_action(action))
        if previous:
            found.add(f"seq:{previous}>{action.operation}")
        previous = action.operation
    return tuple(sorted(found))


def _action(action: Action) -> Iterator[str]:
    known = ontology().objects.get(action.object)
    kind = known.class_ if known else "unknown"
    how = action.polarity.value[:3]
    yield f"op:{action.operation}:{how}"
    yield f"opc:{action.operation}:{kind}:{how}"
    yield f"cl:{kind}:{how}"
    yield f"obj:{action.object}:{how}"
    for trait in action.traits:
        yield f"tr:{trait}:{how}"
        if action.environment is not Environment.UNKNOWN:
            yield f"tre:{trait}:{action.environment}:{how}"
        if action.scope is not Scope.UNKNOWN:
            yield f"trs:{trait}:{action.scope}:{how}"
    if action.environment is not Environment.UNKNOWN:
        yield f"env:{action.environment}"
    if action.scope is not Scope.UNKNOWN:
        yield f"sc:{action.scope}"
    if action.disposable:
        yield "disposable"
    yield from (f"q:{name}" for name in action.qualifiers)
    yield from (f"sg:{item.kind}" for item in action.safeguards)
    yield from (f"late:{item.kind}" for item in action.late_safeguards)
    yield from (f"den:{item.kind}" for item in action.denied)


RAISING = (
    "!",
    "env:production", "sc:all", "sc:wildcard", "q:covert", "q:public_audience", "q:third_party", "q:untrusted_party", "q:no_consent",
    "q:only_copy", "q:permanent", "q:data_loss_stated", "q:unprotected", "q:excess",
    "q:critical_system", "q:claimed_approval", "den:", "late:",
)  # fmt: skip
"""Features (or their beginnings) that may only raise the score."""

LOWERING = ("sg:", "env:staging", "env:development", "sc:one", "sc:some", "q:partial_rollout", "q:personal_own", "disposable")
"""Features that may only lower it."""


def direction(feature: str) -> int:
    """1 for a feature that may only raise the score, -1 for one that may only lower it, else 0."""
    if feature.startswith(("tre:", "trs:")):
        return 1 if _MILDER.isdisjoint(feature.split(":")) else -1
    if feature.startswith(RAISING):
        return 1
    return -1 if feature.startswith(LOWERING) else 0


_MILDER = frozenset(("staging", "development", "one", "some"))
