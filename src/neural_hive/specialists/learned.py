"""The learned reading of a plan's text, and how far it may move a specialist's risk.

It may raise any risk. It lowers one only as far as the reading of the actions is uncertain: what
was read with certainty stays as dangerous as it is, whatever the style of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from neural_hive import models
from neural_hive.models.linear import LinearModel, Logits, softmax
from neural_hive.specialists.factors import load_common
from neural_hive.specialists.features import action_features, words_of
from neural_hive.specialists.hazard import Reading
from neural_hive.specialists.memo import once_for
from neural_hive.specialists.parts import Part, of_consequence, readings_of
from neural_hive.specialists.spoken import Words, plain_text
from neural_hive.types import Action, Domain, Plan, Trait
from neural_hive.understanding.domain import classify

MODEL = "reader"
ACTION_SCALE = 0.5
WORD_SCALE = 0.45  # for any number of words: what is added must not drown what was there
_WHOLE = 0.95
_FIRM = 0.75
_NEARLY = 1e-9  # so that no odds are infinite
READ_FORMATS = frozenset(("text", "tasks", "json", "yaml"))


@cache
def reader() -> LinearModel:
    """The packaged text reader, loaded and checked on first use."""
    return LinearModel(models.load(MODEL))


@dataclass(frozen=True, slots=True)
class Heard:
    """What the reader makes of a text: P(harmless), P(cautious), P(dangerous), the risk, its fields, and how well it knows the words."""

    chances: Logits
    risk: float
    fields: Mapping[Domain, float]
    familiar: float


@once_for
def heard(plan: Plan) -> tuple[Heard, ...]:
    """What is made of a plan stated in natural language, the gravest first; nothing of machine text or of unknown words."""
    if plan.format not in READ_FORMATS or not plan.tasks:
        return ()
    found = [_heard(part, plan.language) for part in readings_of(plan)]
    return tuple(sorted((item for item in found if item.familiar), key=lambda item: -item.risk))


def _heard(part: Part, language: str) -> Heard:
    words = words_of(part.texts, language)
    chances = _of(words, action_features(part.actions))
    return Heard(chances, risk_of(chances), _fields(part, language), familiarity(words))


def risk_of(chances: Logits) -> float:
    """The odds of dangerous against harmless as a risk in [0, 1]; what is cautious is neither, and draws towards even odds."""
    common = load_common()
    harmless, cautious, dangerous = chances
    even = common.reader_even * cautious + _NEARLY
    odds: float = ((dangerous + even) / (harmless + even)) ** common.reader_slope
    return odds / (1.0 + odds)


def _fields(part: Part, language: str) -> Mapping[Domain, float]:
    """The domains by the words and acts that count, so that praise, circumstances and by-work move nobody's attention."""
    text = "\n".join(plain_text(text, language) for text in part.texts)
    acts = [action for action in part.actions if of_consequence(action)] or part.actions
    return _classified(text, tuple((action.operation, action.object) for action in acts))


@lru_cache(maxsize=64)
def _classified(text: str, acts: tuple[tuple[str, str], ...]) -> Mapping[Domain, float]:
    return classify(text, [Action(operation=operation, object=kind) for operation, kind in acts])


@lru_cache(maxsize=64)
def _of(words: Words, acts: Words) -> Logits:
    model = reader()
    return softmax(_of_words(words), model.logits(acts, ACTION_SCALE), model.logits(("bias",)))


@lru_cache(maxsize=256)
def _of_words(words: Words) -> Logits:
    return reader().logits(words, WORD_SCALE)


@lru_cache(maxsize=256)
def familiarity(words: Words) -> float:
    """How much of a text the model has seen before, in [0, 1]: unknown words are no evidence of anything."""
    single = [word for word in words if word[0] not in "~!" and " " not in word]
    if not single:
        return 0.0
    common = load_common()
    share = reader().known(single) / len(single)
    return min(1.0, max(0.0, (share - common.familiar_from) / (common.familiar_to - common.familiar_from)))


@dataclass(frozen=True, slots=True)
class Held:
    """A specialist's own risk and confidence, and the risk that one act alone would give it."""

    risk: float
    confidence: float
    alone: Callable[[Reading], float]


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


@dataclass(slots=True)  # not frozen, as that would double the time of making one for each opinion
class Hearing:
    """What the learned reading says to one specialist, whatever that one thinks by itself.

    Attributes:
        gravest: The gravest reading.
        talk: How surely the text asks for nothing, in [0, 1].
        own: The risk that the specialist makes its own.
    """

    gravest: Heard
    talk: float
    own: float


def hearing(plan: Plan, found: Sequence[Reading], listens: Mapping[str, float]) -> Hearing | None:
    """What a specialist hears of the learned reading; None where there is none."""
    readings = heard(plan)
    if not readings:
        return None
    gravest = readings[0]
    own = max(item.risk * _listened(item, listens) for item in readings)
    if gravest.risk < load_common().reader_doubt and _only_looks(plan, found):
        own = 0.0
    return Hearing(gravest, _talk(plan, found, gravest), own)


def lifted(found: Sequence[Reading], held: Held, said: Hearing) -> Lift:
    """A specialist's risk and confidence after the learned reading; the risk never falls while the one that it held rises."""
    common, gravest = load_common(), said.gravest
    if said.talk >= common.talk_from:
        return Lift(risk=(1.0 - said.talk) * gravest.risk, confidence=max(held.confidence, said.talk), learned=gravest.risk, raised=False)
    settled, confidence = _settled(found, held, gravest), held.confidence
    return Lift(
        risk=max(settled, said.own),
        confidence=confidence + (1.0 - confidence) * max(0.0, 2.0 * max(gravest.chances) - 1.0) * common.reader_trust * gravest.familiar,
        learned=gravest.risk,
        raised=said.own > settled,
    )


def _talk(plan: Plan, found: Sequence[Reading], reading: Heard) -> float:
    """How surely a text asks for nothing, in [0, 1]: small talk in known words, in which no act of consequence was read."""
    if plan.format != "text" or plan.signals or any(of_consequence(item.action) for item in found):
        return 0.0
    return reading.fields.get(Domain.OUT_OF_SCOPE, 0.0) * reading.familiar


def _only_looks(plan: Plan, found: Sequence[Reading]) -> bool:
    """Whether all of the plan was read, and all that it does is look: then a slight doubt about its words raises nothing."""
    if plan.signals or plan.coverage < _WHOLE:
        return False
    return all(_is_look(reading.action) for reading in found)


def _is_look(action: Action) -> bool:
    return action.traits == (Trait.READ_ONLY,) and action.certainty >= _FIRM and not action.qualifiers and not action.denied


def _listened(reading: Heard, listens: Mapping[str, float]) -> float:
    """The share of a reading's risk that a specialist makes its own: all of it in the field that is its own and likeliest."""
    likeliest = max(reading.fields.values())
    return max(chance / likeliest * listens.get(domain, listens["default"]) for domain, chance in reading.fields.items())


def _settled(found: Sequence[Reading], held: Held, gravest: Heard) -> float:
    """The risk as far as the learned reading may lower it: act by act, so that an unread act does not excuse one that was read."""
    if gravest.risk >= held.risk:
        return held.risk
    worst = max(found, key=lambda reading: reading.worst, default=None)
    settled = _lowered(worst, held.risk, gravest)
    if len(found) > 1 and settled < held.risk:
        settled = max(settled, *(_lowered(reading, min(held.alone(reading), held.risk), gravest) for reading in found))
    return settled


def is_precious_unread(reading: Reading) -> bool:
    """Whether nobody could read what is done to something that matters: no style of words makes that plainly harmless."""
    action = reading.action
    return action.operation == "unknown" and action.sensitivity >= load_common().precious_unread and not action.disposable


def _lowered(reading: Reading | None, risk: float, gravest: Heard) -> float:
    say = (1.0 - _sureness(reading)) * gravest.familiar
    return min(risk, (1.0 - say) * risk + say * gravest.risk)


def _sureness(reading: Reading | None) -> float:
    """How firmly an act was read, from 0 (the learned reading decides) to 1 (it cannot lower the risk)."""
    if reading is None or reading.action.operation == "unknown":
        return 0.0
    common = load_common()
    return min(1.0, max(0.0, (reading.action.certainty - common.sure_from) / (common.sure_to - common.sure_from)))
