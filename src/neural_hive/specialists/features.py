"""What the learned text model sees of a plan: its words and the actions read in it.

Words that name circumstances (environment, amount, timing, protections, audiences), praise the
plan or address the judge are left out as if they had not been said: they count only through the
actions, whose features the training keeps monotone (DESIGN section 4, rules 1 to 4). Operations and
objects that the ontology knows count by what they mean, so that both languages give the same (rule 5).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby, pairwise

from neural_hive.specialists.hazard import measure
from neural_hive.specialists.memo import once_per_plan
from neural_hive.types import Action, Environment, Plan, Safeguard, Scope, Trait
from neural_hive.understanding.lexicon import Hit, scan
from neural_hive.understanding.ontology import ontology
from neural_hive.understanding.tokens import Token

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
        "cue:intent_opener",
        "cue:after",
        "cue:before_main",
        "cue:after_main",
    )
)
_PRAISE = ("cue:reassurance", "cue:judge")
_CARRIERS = frozenset(
    "de da do com em no na a o e uma um maneira forma modo muito bem toda todo total plena maior segundo seguindo conforme as os nas "
    "with in a an the and of very most way manner fashion mode following full all".split()
)
_JOINTS = frozenset("e and the a an of to o os as um uma de do da dos das".split())
_LONGEST = 6
_CONCEPTS = {"operation": "@", "object": "#"}
_TAKEN = "*"
_PAUSE = 1
_BREAK = 2
_HARMLESS = (Trait.READ_ONLY, Trait.PROTECTIVE, Trait.COSMETIC, Trait.ADDITIVE, Trait.UNBOUNDED)
OF_CONSEQUENCE = tuple(trait for trait in Trait if trait not in _HARMLESS)
_FIRM = 0.7
_GRAVE = 0.15
_TRIVIAL = 0.1
_REACH = 3
_LIGHT = ("create", "run")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence or task, or several: its text, and what is done in it."""

    texts: tuple[str, ...]
    actions: tuple[Action, ...]


@once_per_plan
def readings_of(plan: Plan) -> tuple[Part, ...]:
    """The plan as a whole and, where some sentences or tasks only praise it or address the judge, without these.

    What is said around an act must not talk its danger away, so the gravest of these readings counts.
    Steps that only protect are in neither: they count as the safeguards of the acts that they precede.
    """
    firm = any(_is_firm(action, plan.language) for action in plan.actions)
    parts = _parts(plan, protected=firm)
    plain = [part for part in parts if not _is_aside(part, plan.language, firm=firm)]
    return tuple(dict.fromkeys((_joined(parts), _joined(plain)))) if plain else (_joined(parts),)


def _joined(parts: Sequence[Part]) -> Part:
    return Part(tuple(dict.fromkeys(text for part in parts for text in part.texts)), tuple(action for part in parts for action in part.actions))


def _is_aside(part: Part, language: str, *, firm: bool) -> bool:
    """Whether a sentence or task addresses the judge, or does nothing firm and praises; beside a firm act, also one too vague to be read."""
    _, hits = scan(part.texts[0], "en" if language == "en" else "pt")
    groups = {hit.group for hit in hits}
    if "cue:judge" in groups:
        return True
    if any(_is_firm(action, language) for action in part.actions):
        return False
    vague = bool(part.actions) and all(action.object == "unknown" and action.certainty < _FIRM for action in part.actions)
    return "cue:reassurance" in groups or (firm and vague)


def _is_firm(action: Action, language: str) -> bool:
    """Whether an act does something of consequence to something named in other words than praise, read with certainty."""
    if not action.carried_out or action.certainty < _FIRM or action.object == "unknown" or not plain_text(action.target, language):
        return False
    return action.has(*OF_CONSEQUENCE) and (action.sensitivity >= _TRIVIAL or measure(action).worst >= _GRAVE)


def _parts(plan: Plan, *, protected: bool) -> list[Part]:
    """Sentences or tasks; where something is `protected`, without the steps that only protect it."""
    if plan.format == "text" and plan.title:
        return _sentences(plan, protected=protected)
    title = [Part((plan.title,), ())] if plan.title.strip() else []
    tasks = [task for task in plan.tasks if not (protected and task.actions and all(map(protects, task.actions)))]
    return [*title, *(_part(task.description, task.actions, protected=protected) for task in tasks)]


def _part(text: str, actions: Sequence[Action], *, protected: bool) -> Part:
    return Part((text,), tuple(action for action in actions if not (protected and protects(action))))


def protects(action: Action) -> bool:
    """Whether an act is a step that only protects others: a backup, a test, "do a dry run"."""
    if not action.carried_out or action.has(*OF_CONSEQUENCE) or action.qualifiers or action.denied:
        return False
    return ontology().safeguard_of(action.operation) is not None or (action.object == "unknown" and any(map(partial(_holds, action), action.safeguards)))


def _holds(action: Action, safeguard: Safeguard) -> bool:
    words = safeguard.evidence
    return words is not None and words.task_id == action.task_id and words.start >= action.start


def _sentences(plan: Plan, *, protected: bool) -> list[Part]:
    title = plan.title
    tokens, _ = scan(title, "en" if plan.language == "en" else "pt")
    starts = [0, *(token.start for token in tokens[1:] if token.gap >= _BREAK)]
    texts = [[title[start:end]] for start, end in zip(starts, [*starts[1:], len(title)], strict=True)]
    done: list[list[Action]] = [[] for _ in starts]
    for task in plan.tasks:
        offset = max(title.find(task.description), 0)
        for action in task.actions:
            done[bisect_right(starts, offset + action.start) - 1].append(action)
        if protected and task.actions and all(map(protects, task.actions)):
            place = bisect_right(starts, offset) - 1
            stretch = title[offset : min(offset + len(task.description), [*starts, len(title)][place + 1])]
            texts[place] = [piece for text in texts[place] for piece in text.split(stretch, 1)]
    return [_part(" ".join(text), actions, protected=protected) for text, actions in zip(texts, done, strict=True)]


@lru_cache(maxsize=512)
def spoken(text: str, language: str) -> Words:
    """The words of a text that tell what is done: known ones by what they mean in any language, circumstances left out."""
    tokens, hits = scan(text, "en" if language == "en" else "pt")
    masked = _masked(tokens, hits)
    said = [token.form for token in tokens]
    for hit in sorted((hit for hit in hits if hit.group in _CONCEPTS), key=lambda hit: (hit.start - hit.end, hit.group == "operation" and hit.mood != "base")):
        inside = range(hit.start, hit.end)
        if len(inside) <= _LONGEST and not any(said[place][:1] in ("@", "#", _TAKEN) for place in inside):
            said[hit.start : hit.end] = [f"{_CONCEPTS[hit.group]}{hit.id}", *[_TAKEN] * (len(inside) - 1)]
    kept = (word for place, word in enumerate(said) if place not in masked and word != _TAKEN)
    return tuple(word for things, run in groupby(kept, key=lambda word: word[0] == "#") for word in (sorted(set(run)) if things else run))


@lru_cache(maxsize=512)
def plain_text(text: str, language: str) -> str:
    """The text without circumstances and praise."""
    tokens, hits = scan(text, "en" if language == "en" else "pt")
    masked = _masked(tokens, hits)
    return " ".join(text[token.start : token.end] for place, token in enumerate(tokens) if place not in masked)


def _masked(tokens: Sequence[Token], hits: Sequence[Hit]) -> set[int]:
    """Places of circumstances, of praise with the small words that carry it, and of stretches that hold nothing else."""
    acts = [hit for hit in hits if hit.group == "operation" and not ontology().safeguard_of(hit.id) and not ontology().operation(hit.id).benign]
    things = [hit for hit in hits if hit.group == "object" and any(0 <= hit.start - act.end <= _REACH for act in acts)]
    circumstances = [hit for hit in hits if _is_masked(hit) and not (hit.group == "safeguard" and _within(hit, things))]
    masked = {place for place, token in enumerate(tokens) if token.form in _JOINTS}
    masked |= {place for hit in circumstances for place in range(hit.start, min(hit.end, hit.start + _LONGEST))}
    for hit in circumstances:
        if hit.group in (*_PRAISE, "environment"):
            masked |= _carried(tokens, hit, masked)
    asides = [hit.start for hit in circumstances if hit.group in (*_PRAISE, "safeguard")]
    guards = [hit.start for hit in circumstances if hit.group == "safeguard"]
    busy = [hit.start for hit in acts if hit.start not in masked and not (hit.id in _LIGHT and any(0 <= place - hit.end <= 1 for place in guards))]
    for start, end in _stretches(tokens, hits):
        if any(start <= place < end for place in asides) and not any(start <= place < end for place in busy):
            masked.update(range(start, end))
    return masked


def _within(hit: Hit, others: Sequence[Hit]) -> bool:
    return any(other.start <= hit.start < other.end for other in others)


def _carried(tokens: Sequence[Token], praise: Hit, masked: set[int]) -> set[int]:
    """The small words around praise: "in a ... manner", "de forma ...", "com todo ..."."""
    found: set[int] = set()
    sides = ((-1, praise.start - 1), (1, praise.end)) if praise.group in _PRAISE else ((-1, praise.start - 1),)
    for step, place in sides:
        while 0 <= place < len(tokens) and (place in masked or tokens[place].form in _CARRIERS):
            if tokens[place if step > 0 else place + 1].gap > _PAUSE:
                break
            found.add(place)
            place += step
    return found


def _stretches(tokens: Sequence[Token], hits: Sequence[Hit]) -> Iterator[tuple[int, int]]:
    """What stands between pauses, and what comes "afterwards"."""
    turns = {hit.start for hit in hits if hit.group == "cue:after"}
    starts = [place for place, token in enumerate(tokens) if place == 0 or token.gap or place in turns]
    return zip(starts, [*starts[1:], len(tokens)], strict=bool(tokens))


@lru_cache(maxsize=512)
def word_features(text: str, language: str) -> Words:
    """Distinct words and pairs of neighbouring words of a text, circumstances left out; sorted."""
    said = spoken(text, language)
    if not said:
        return ()
    forms = ["^", *said, "$"]
    return tuple(sorted({*said, *(_pair(left, right) for left, right in pairwise(said) if left[0] in "@#" and right[0] in "@#")}))


def _pair(left: str, right: str) -> str:
    """Two neighbours; two known words in one order, whatever the language's grammar makes of them."""
    if left[0] in "@#" and right[0] in "@#" and right < left:
        return f"{right} {left}"
    return f"{left} {right}"


def _is_masked(hit: Hit) -> bool:
    return hit.group in _MASKED or hit.group.startswith("qualifier")


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


RAISING = ("env:production", "sc:all", "sc:wildcard", "q:covert", "q:public_audience", "q:third_party", "q:untrusted_party", "q:no_consent", "q:only_copy",
           "q:permanent", "q:data_loss_stated", "q:unprotected", "q:excess", "q:critical_system", "q:claimed_approval", "den:", "late:")  # fmt: skip
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
