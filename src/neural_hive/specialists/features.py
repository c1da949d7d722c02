"""What the learned text model sees of a plan: its words and the actions read in it.

Words that name circumstances (environment, amount, timing, protections, audiences), praise the
plan or address the judge are left out of the word features: they count only through the actions,
whose features the training keeps monotone (DESIGN section 4, rules 1 to 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from neural_hive.types import Action, Environment, Plan, Scope
from neural_hive.understanding.lexicon import Hit, scan
from neural_hive.understanding.ontology import ontology

_MASKED = frozenset(
    (
        "environment",
        "scope",
        "timing",
        "safeguard",
        "disposable",
        "cue:judge",
        "cue:deny",
        "cue:reassurance",
        "cue:without",
        "cue:politeness",
    )
)
_LONGEST = 6
_HOLE = "_"


@lru_cache(maxsize=512)
def word_features(text: str, language: str) -> tuple[str, ...]:
    """Distinct words and pairs of neighbouring words of a text, circumstances masked; sorted."""
    tokens, hits = scan(text, "en" if language == "en" else "pt")
    masked: set[int] = set()
    for hit in hits:
        if _is_masked(hit):
            masked.update(range(hit.start, min(hit.end, hit.start + _LONGEST)))
    forms = ["^", *(_HOLE if place in masked else token.form for place, token in enumerate(tokens)), "$"]
    words = {form for form in forms if form != _HOLE}
    pairs = {f"{left}_{right}" for left, right in zip(forms, forms[1:], strict=False) if _HOLE not in (left, right)}
    return tuple(sorted(words | pairs))


def _is_masked(hit: Hit) -> bool:
    return hit.group in _MASKED or hit.group.startswith("qualifier")


def plan_words(plan: Plan) -> tuple[str, ...]:
    """Word features of the title and of every task that the title does not already hold."""
    if plan.format == "text" and plan.title:
        return word_features(plan.title, plan.language)
    return _all_words((plan.title, *(task.description for task in plan.tasks)), plan.language)


@lru_cache(maxsize=64)
def _all_words(texts: tuple[str, ...], language: str) -> tuple[str, ...]:
    return tuple(sorted({word for text in texts for word in word_features(text, language)}))


def action_features(plan: Plan) -> tuple[str, ...]:
    """Features of the actions, by operation, object class, traits and circumstances; sorted, distinct."""
    found: set[str] = set()
    previous = ""
    for action in plan.actions:
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


RAISING = ("env:production", "sc:all", "sc:wildcard", "q:covert", "q:public_audience", "q:third_party", "q:untrusted_party", "q:no_consent", "q:only_copy",
           "q:permanent", "q:data_loss_stated", "q:unprotected", "q:excess", "q:critical_system", "q:claimed_approval", "den:", "late:")  # fmt: skip
"""Features (or their beginnings) that may only raise the score."""

LOWERING = ("sg:",)
"""Features that may only lower it."""


def direction(feature: str) -> int:
    """1 for a feature that may only raise the score, -1 for one that may only lower it, else 0."""
    if feature.startswith(RAISING) or (
        feature.startswith(("tre:", "trs:")) and (":production:" in feature or ":all:" in feature or ":wildcard:" in feature)
    ):
        return 1
    return -1 if feature.startswith(LOWERING) else 0
