"""What the four specialists share: hazards weighed by a concern, and an opinion made of them.

A factor's score on an action is the largest hazard it listens to, times how much the kind of object
is its concern. A specialist's risk is its strongest factor, lifted a little by the others: a noisy
OR (Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988) that never falls below its maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neural_hive import models
from neural_hive.models.base import Models
from neural_hive.models.weighing import Weighing
from neural_hive.specialists.changes import change_of
from neural_hive.specialists.factors import Common, FactorRule, Spec, load_common, load_spec
from neural_hive.specialists.hazard import Reading, readings, variant, vetoing
from neural_hive.specialists.learned import hearing, is_precious_unread
from neural_hive.specialists.parts import acting
from neural_hive.specialists.trained import Ground, Trained, artefact_of, trained
from neural_hive.specialists.wording import factor_sentence, mitigation_sentence, quiet_sentence, reading_factor, signal_sentence
from neural_hive.types import Action, Change, Evidence, Factor, Mitigation, ModelInfo, Opinion, Plan, Scope, Signal, Trait, Verdict

Basis = Action | Signal | None
PlanFactors = Callable[[Plan, Sequence[Reading]], Mapping[str, tuple[float, Action]]]

Terms = tuple[Mapping[str, float], float]

_MOST_KINDS = 4096
_MOST_OFFERS = 3
_LEAST_REMOVED = 0.01


@dataclass(frozen=True, slots=True)
class Score:
    """A factor's score and what it rests on."""

    value: float
    basis: Basis = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """The risk of a plan, what it rests on, and what judged it."""

    now: Trained
    ground: Ground
    risk: float

    def removed(self, values: Sequence[float]) -> float:
        """How much lower the risk would be with other scores, the learned reading left out."""
        return self.risk - self.now.calibrated(self.now.risk(values, self.ground.points, self.ground.least))


class RuleSpecialist:
    """A specialist made of rules over actions.

    The learned reading of the text comes in through `lift`: it may raise the risk of any plan, and
    settle that of an uncertain reading. The weights, the lift and the map of the risks are those of
    the packaged artefact, of the models that `follow` names, or of `factors.toml` where there is none.

    Args:
        package: The package that holds `factors.toml`.
        plan_factors: Scores that need the plan as a whole, by factor name.
    """

    def __init__(self, package: str, plan_factors: PlanFactors | None = None) -> None:
        self._spec: Spec = load_spec(package)
        self._common: Common = load_common()
        self._plan_factors = plan_factors
        self._known: dict[tuple[object, ...], tuple[Terms, ...]] = {}
        self.name = self._spec.name
        self._models: Models | None = None
        self._trained: Trained | None = None

    async def evaluate(self, plan: Plan) -> Opinion:
        """Judge the plan; see the port."""
        return self.evaluate_sync(plan)

    async def describe(self) -> ModelInfo:
        """What answers here."""
        return self._now().model

    def follow(self, place: Models) -> None:
        """Answer with what this place has in force, from one opinion to the next; by hand where it has nothing.

        Raises:
            IntegrityError: What it has was altered, or is of other factors than this specialist's.
        """
        artefact = artefact_of(self.name, place)
        self._models = place if artefact and place is not models else None  # the package's never change
        self._trained = trained(self._spec, artefact)

    def weigh(self, weighing: Weighing | None) -> None:
        """Answer with these weights from now on, None meaning those set by hand: for training.

        Raises:
            IntegrityError: They are of other factors than this specialist's.
        """
        self._models, self._trained = None, trained(self._spec, weighing)

    @property
    def spec(self) -> Spec:
        """What it is made of."""
        return self._spec

    def _now(self) -> Trained:
        """What is in force; asked once for each opinion, so that no opinion is made of two."""
        if self._trained is None:
            self.follow(models)
        now = self._trained or trained(self._spec, None)
        if self._models is not None:
            artefact = self._models.load(self.name)
            if artefact is not now.source:
                now = self._trained = trained(self._spec, artefact)
        return now

    def evaluate_sync(self, plan: Plan) -> Opinion:
        """Judge the plan in this specialist's concern, with factors, words and mitigations."""
        return self._opinion(plan, worded=True)

    def judge(self, plan: Plan) -> Opinion:
        """The same risk, confidence, recommendation and vetoes without factors and words: for asking again quickly."""
        return self._opinion(plan, worded=False)

    def _opinion(self, plan: Plan, *, worded: bool) -> Opinion:
        now, found = self._now(), readings(plan)
        scores = self._scores(plan, found)
        ground = self._ground(plan, found, scores)
        risk, confidence, lift = ground.judged(now, self._confidence(plan, found))
        vetoes = self._vetoes(found) if risk >= self._common.reject else ()
        factors: tuple[Factor, ...] = ()
        mitigations: tuple[Mitigation, ...] = ()
        if worded:
            rules = zip(self._spec.factors, now.weights, scores, strict=True)
            factors = tuple(self._factor(rule.name, weight, score, plan) for rule, weight, score in rules)
            if lift is not None and lift.raised:
                factors += (reading_factor(plan, lift),)
            mitigations = self._mitigations(plan, found, scores, _Judged(now, ground, risk)) if risk >= self._common.conditional else ()
        return Opinion(
            specialist=self.name,
            recommendation=self._recommendation(risk),
            risk=round(risk, 6),
            confidence=round(confidence, 6),
            factors=factors,
            evidence=tuple(dict.fromkeys(item for factor in factors for item in factor.evidence)),
            mitigations=mitigations,
            vetoes=vetoes,
            model=now.model,
        )

    def ground(self, plan: Plan) -> Ground:
        """What its risk of a plan rests on, whatever the weights: for training."""
        found = readings(plan)
        return self._ground(plan, found, self._scores(plan, found))

    def _ground(self, plan: Plan, found: Sequence[Reading], scores: Sequence[Score]) -> Ground:
        return Ground(
            found=found,
            values=[score.value for score in scores],
            points=self._points(plan),
            least=self._common.unread_prior * (1.0 - plan.coverage),
            said=hearing(plan, found, self._spec.listens),
            alone=self._alone,
            floor=self._common.conditional if any(map(is_precious_unread, found)) else 0.0,
        )

    def _terms(self, reading: Reading) -> tuple[Terms, ...]:
        """The terms of all factors for this kind of act, worked out once for each kind."""
        key = (reading.family, reading.action.operation, reading.action.traits)
        terms = self._known.get(key)
        if terms is None:
            if len(self._known) >= _MOST_KINDS:
                self._known.clear()
            terms = self._known[key] = tuple(terms_of(rule, reading) for rule in self._spec.factors)
        return terms

    def _scores(self, plan: Plan, found: Sequence[Reading]) -> list[Score]:
        scores = [Score(0.0)] * len(self._spec.factors)
        for reading in acting(found):
            terms = self._terms(reading)
            for index, rule in enumerate(self._spec.factors):
                value = heard(rule, terms[index], reading)
                if value > scores[index].value:
                    scores[index] = Score(value, reading.action)
        if self._plan_factors and found:
            own = self._plan_factors(plan, found)
            scores = [_higher(score, own.get(rule.name)) for rule, score in zip(self._spec.factors, scores, strict=True)]
        return (
            [self._signalled(rule, plan, score) for rule, score in zip(self._spec.factors, scores, strict=True)]
            if plan.signals and found
            else scores
        )

    def _signalled(self, rule: FactorRule, plan: Plan, score: Score) -> Score:
        for signal in plan.signals:
            if rule.signals.get(signal.kind, 0.0) > score.value:
                score = Score(rule.signals[signal.kind], signal)
        return score

    def _points(self, plan: Plan) -> Sequence[float]:
        return [self._common.signals.get(signal.kind, 0.0) for signal in plan.signals] if plan.signals else ()

    def _confidence(self, plan: Plan, found: Sequence[Reading]) -> float:
        if not found:
            return plan.coverage
        acts = acting(found)
        mean = sum(self._certainty(reading.action) for reading in acts) / len(acts)
        gravest = max(acts, key=lambda reading: reading.worst)
        return plan.coverage * min(mean, self._certainty(gravest.action) if gravest.worst >= self._common.conditional else 1.0)

    def _certainty(self, action: Action) -> float:
        """How sure the reading of one act is, in [0, 1]."""
        sure = action.certainty
        if action.operation == "unknown":
            sure *= self._common.unknown_operation
        return sure * self._common.unknown_object if action.object == "unknown" else sure

    def _vetoes(self, found: Sequence[Reading]) -> tuple[Evidence, ...]:
        return tuple(reading.action.evidence for reading in found if vetoing(reading, self._spec.concerns, self._spec.veto_concern))

    def _recommendation(self, risk: float) -> Verdict:
        common = self._common
        if risk >= common.reject:
            return Verdict.REJECT
        if risk >= common.review:
            return Verdict.REVIEW_REQUIRED
        return Verdict.CONDITIONAL if risk >= common.conditional else Verdict.APPROVE

    def _factor(self, name: str, weight: float, score: Score, plan: Plan) -> Factor:
        basis, language = score.basis, plan.language
        if basis is None or score.value < self._common.evidence_from:
            return Factor(name=name, weight=weight, score=round(score.value, 6), sentence=quiet_sentence(self.name, language))
        sentence = factor_sentence(name, basis, language) if isinstance(basis, Action) else signal_sentence(basis, language)
        return Factor(name=name, weight=weight, score=round(score.value, 6), evidence=(basis.evidence,), sentence=sentence)

    def _mitigations(self, plan: Plan, found: Sequence[Reading], scores: Sequence[Score], judged: _Judged) -> tuple[Mitigation, ...]:
        action = max(scores, key=lambda score: score.value).basis
        reading = next((item for item in found if item.action is action), None)
        if reading is None:
            return ()
        others = [item for item in found if item is not reading]
        calm = self._scores(plan, others)
        offers = []
        for change in self._changes(reading, len(found), judged.risk):
            removed = judged.removed(self._values_with(plan, others, calm, variant(reading, change)))
            if removed > _LEAST_REMOVED:
                sentence = mitigation_sentence(change, reading.action, plan.language)
                offers.append(Mitigation(sentence=sentence, change=change, removes=round(removed, 6)))
        offers.sort(key=lambda item: -item.removes)
        return tuple(offers[:_MOST_OFFERS])

    def _values_with(self, plan: Plan, others: Sequence[Reading], calm: Sequence[Score], changed: Reading | None) -> list[float]:
        """The factors' scores with one reading replaced; `calm` are those without it."""
        if changed is None:
            return [score.value for score in calm]
        own = self._plan_factors(plan, [*others, changed]) if self._plan_factors else {}
        terms = zip(self._spec.factors, self._terms(changed), calm, strict=True)
        values = [max(score.value, heard(rule, term, changed)) for rule, term, score in terms]
        if own:
            values = [_higher(Score(value), own.get(rule.name)).value for rule, value in zip(self._spec.factors, values, strict=True)]
        return values

    def _alone(self, reading: Reading) -> list[float]:
        """The scores that one act would give by itself."""
        return [heard(rule, term, reading) for rule, term in zip(self._spec.factors, self._terms(reading), strict=True)]

    def _changes(self, reading: Reading, count: int, risk: float) -> list[Change]:
        action = reading.action
        changes = [change_of("restore_safeguard", action, item.kind) for item in (*action.denied, *action.late_safeguards)]
        heard = max(reading.residual, key=lambda name: reading.residual[name] * self._spec.concerns.get(name, 0.0), default="")
        present = {item.kind for item in action.safeguards if item.verified} | {change.safeguard for change in changes}
        offered = [kind for kind in self._spec.offers.get(heard, ()) if kind not in present]
        changes += [change_of("add_safeguard", action, kind) for kind in offered[: 2 if risk >= self._common.review else 1]]
        if action.scope in (Scope.ALL, Scope.WILDCARD) or Trait.UNBOUNDED in action.traits:
            changes.append(change_of("limit_scope", action))
        if count > 1 and reading.worst >= self._common.reject:
            changes.append(change_of("drop_action", action))
        return changes


def _higher(score: Score, own: tuple[float, Action] | None) -> Score:
    return Score(*own) if own is not None and own[0] > score.value else score


def heard(rule: FactorRule, terms: Terms, reading: Reading) -> float:
    """A factor's score on one action."""
    action, shares, best = reading.action, terms[0], 0.0
    for dimension, hazard in reading.residual.items():  # the innermost loop: a generator would double its time
        value = hazard * shares.get(dimension, 0.0) if hazard else 0.0
        best = max(best, value)
    if action.denied and rule.denied:
        best = max(best, reading.worst * max(rule.denied.get(item.kind, 0.0) for item in action.denied))
    if best and rule.eased and action.safeguards:
        for kind in {item.kind for item in action.safeguards} & rule.eased.keys():
            best *= rule.eased[kind]
    return max(terms[1], best)


def terms_of(rule: FactorRule, reading: Reading) -> Terms:
    """How much a factor listens to each dimension on this kind of act, and its score for merely being touched."""
    family, action = rule.family, reading.action
    share = max(family.get(reading.family, family["default"]), rule.operations.get(action.operation, 0.0))
    if rule.traits and rule.traits.isdisjoint(action.traits):
        share *= rule.otherwise
    touched = not rule.touch_families or reading.family in rule.touch_families
    touch = max((rule.touch.get(trait, 0.0) for trait in action.traits), default=0.0) if touched else 0.0
    return {dimension: min(1.0, share) * weight for dimension, weight in rule.reads.items()}, touch
