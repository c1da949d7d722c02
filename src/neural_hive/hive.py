"""The whole story: intention -> understand -> plan -> consult -> conclude -> record -> decision.

    async with open_hive(load_settings()) as hive:
        decision = await hive.review(Intent(text="apagar a tabela de clientes em produção"))

Each stage is one module; this one only tells their order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from neural_hive import planning, telemetry
from neural_hive.cache.base import Cache
from neural_hive.consensus import conclude, raised_by
from neural_hive.counterfactual import counterfactuals
from neural_hive.errors import InputError, LimitError, UnavailableError
from neural_hive.explanation import explain
from neural_hive.judgements import Judgement, Judgements, Names, digest
from neural_hive.ledger.base import Ledger
from neural_hive.memory import Memory
from neural_hive.ops import Probe
from neural_hive.outcomes import Outcomes
from neural_hive.panel import Hearing, Panel
from neural_hive.records import Ask, decision_record, masked_caller, new_id, timestamp
from neural_hive.settings import Settings
from neural_hive.tracing import span
from neural_hive.types import (
    Abstention,
    Conclusion,
    Context,
    Decision,
    GivenPlan,
    Intent,
    Opinion,
    Plan,
    Precedent,
    Understanding,
)
from neural_hive.understanding import understand
from neural_hive.understanding.privacy import mask
from neural_hive.watch import Watch

T = TypeVar("T")
_LONG = 8_000  # characters; what is longer is read in a thread, so that nobody else waits for it


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the story, told as soon as it is true.

    Payloads: understood: Understanding; planned: Plan; opinion: Opinion or Abstention, one each;
    concluded: Conclusion; recorded: Decision. The last two are told once the record is durable.
    """

    name: Literal["understood", "planned", "opinion", "concluded", "recorded"]
    payload: Any


@dataclass(frozen=True, kw_only=True)
class Hive:
    """Answers intentions. `open_hive` makes it and closes what it is made of."""

    settings: Settings
    panel: Panel
    judgements: Judgements
    ledger: Ledger
    cache: Cache
    memory: Memory
    outcomes: Outcomes
    probe: Probe
    watch: Watch

    async def review(self, intent: Intent, ask: Ask | None = None) -> Decision:
        """Decide on an intention.

        Raises:
            InputError: The intention or its plan cannot be used.
            UnavailableError: No opinions, or no ledger; nothing was approved.
        """
        payload: Any = None
        async for stage in self.stream(intent, ask):
            payload = stage.payload
        decision: Decision = payload
        return decision

    async def stream(self, intent: Intent, ask: Ask | None = None) -> AsyncIterator[Stage]:
        """Decide on an intention and tell each stage as it is ready; errors as in `review`."""
        start = time.perf_counter()
        with span("understand"):
            understanding = await self._understand(intent)
        if ask is not None and ask.pii:
            understanding = replace(understanding, pii=ask.pii)
        yield Stage("understood", understanding)
        with span("plan") as noted:
            plan = await self._plan(understanding, intent)
            noted.note(hive__domain=plan.domain.value, hive__language=plan.language, hive__tasks=len(plan.tasks))
        yield Stage("planned", plan)
        weights, names = self.outcomes.weights(plan.domain), Names(plan)
        content, looking = digest(names.plan), asyncio.ensure_future(self.memory.precedents(plan))
        judgement = await self.judgements.recall(content, weights, self.panel.models())
        if judgement is not None and _follows(judgement, names.plan, weights):
            for opinion in judgement.opinions.values():
                yield Stage("opinion", names.put_back(opinion))
        else:
            hearing = self.panel.hear(names.plan)
            voices: list[Opinion | Abstention] = []
            async for voice in hearing.voices():
                voices.append(voice)
                yield Stage("opinion", names.put_back(voice))
            with span("conclude", hive__opinions=len(voices)):
                judgement = await self._conclude(hearing, voices, weights)
            if hearing.complete:
                await self.judgements.keep(content, weights, judgement)
        judgement = names.put_back(judgement)
        decision = _decision(f"int_{digest(plan)}", understanding, plan, judgement, await looking)
        decision = await self._record(decision, intent, ask or Ask())
        telemetry.decided(decision, time.perf_counter() - start)
        self.memory.remember(decision)
        yield Stage("concluded", judgement.conclusion)
        yield Stage("recorded", decision)

    async def _understand(self, intent: Intent) -> Understanding:
        limits = self.settings.limits
        if len(intent.text) > limits.max_text_chars:
            raise LimitError("error.text_too_long", size=len(intent.text), limit=limits.max_text_chars)
        if not intent.text.strip() and intent.plan is None:
            raise InputError("error.empty_intent")
        return await _read(intent, understand, intent)

    async def _plan(self, understanding: Understanding, intent: Intent) -> Plan:
        limits = self.settings.limits
        return await _read(intent, planning.plan, understanding, intent, max_tasks=limits.max_tasks, max_source=limits.max_body_bytes)

    async def _conclude(self, hearing: Hearing, voices: Sequence[Opinion | Abstention], weights: Mapping[str, float]) -> Judgement:
        plan = hearing.plan
        opinions, abstentions = _sorted_out(voices)
        if not opinions:
            raise UnavailableError("error.no_opinions")

        async def concluded(judged: Plan, spoken: Mapping[str, Opinion], *, worded: bool) -> Conclusion:
            absent = await hearing.stand_ins(judged) if abstentions else {}
            unheard = abstentions.keys() > absent.keys()
            heard = conclude(judged, spoken, abstentions, weights, worded=worded, unheard=unheard)
            return raised_by(heard, judged, conclude(judged, {**spoken, **absent}, {}, weights, worded=worded), absent) if absent else heard

        async def ask_again(changed: Plan) -> Conclusion | None:
            spoken = await hearing.again(changed)
            return await concluded(changed, {opinion.specialist: opinion for opinion in spoken}, worded=False) if spoken else None

        conclusion = await concluded(plan, opinions, worded=True)
        others = await counterfactuals(plan, conclusion, ask_again, hearing.proposed)
        return Judgement(opinions=opinions, abstentions=abstentions, conclusion=conclusion, counterfactuals=others)

    async def _record(self, decision: Decision, intent: Intent, ask: Ask) -> Decision:
        decision = replace(decision, decision_id=ask.decision_id or new_id("dec"))
        record = decision_record(
            decision, context=_masked(intent.context), caller=masked_caller(intent.user_id), request_tag=ask.request_tag
        )
        with (
            telemetry.timed(telemetry.LEDGER_APPEND_SECONDS),
            span(
                "record", hive__decision_id=decision.decision_id, hive__verdict=decision.verdict.value, hive__harm=decision.harm_probability
            ),
        ):
            receipt = await self.ledger.append(record)
        return replace(decision, receipt=receipt)


def _follows(judgement: Judgement, plan: Plan, weights: Mapping[str, float]) -> bool:
    """Whether a recalled judgement concludes what its opinions give on this plan: a cache that was damaged or mixed up approves nothing."""
    return bool(judgement.opinions) and conclude(plan, judgement.opinions, judgement.abstentions, weights) == judgement.conclusion


def _decision(
    intent_id: str, understanding: Understanding, plan: Plan, judgement: Judgement, precedents: tuple[Precedent, ...]
) -> Decision:
    conclusion = judgement.conclusion
    return Decision(
        decision_id="",
        intent_id=intent_id,
        created_at=timestamp(),
        verdict=conclusion.verdict,
        harm_probability=conclusion.harm_probability,
        confidence=conclusion.confidence,
        divergence=conclusion.divergence,
        understanding=understanding,
        plan=plan,
        opinions=judgement.opinions,
        abstentions=judgement.abstentions,
        votes=conclusion.votes,
        rules=conclusion.rules,
        conditions=conclusion.conditions,
        counterfactuals=judgement.counterfactuals,
        precedents=precedents,
        explanation=explain(plan, judgement.opinions, conclusion, precedents, plan.language, counterfactuals=judgement.counterfactuals),
    )


async def _read(intent: Intent, reader: Callable[..., T], *given: Any, **limits: int) -> T:
    return reader(*given, **limits) if _length(intent) <= _LONG else await asyncio.to_thread(reader, *given, **limits)


def _length(intent: Intent) -> int:
    """How much there is to read, in characters."""
    if isinstance(intent.plan, GivenPlan):
        return len(intent.text) + sum(len(task.description) for task in intent.plan.tasks)
    return len(intent.text) + (len(intent.plan.source) if intent.plan else 0)


def _masked(context: Context) -> Context:
    return replace(context, project=mask(context.project).text, domain=mask(context.domain).text, priority=mask(context.priority).text)


def _sorted_out(voices: Sequence[Opinion | Abstention]) -> tuple[dict[str, Opinion], dict[str, str]]:
    """Opinions, and reasons of those who abstained, by name, sorted."""
    ordered = sorted(voices, key=lambda voice: voice.specialist)
    opinions = {voice.specialist: voice for voice in ordered if isinstance(voice, Opinion)}
    return opinions, {voice.specialist: voice.reason for voice in ordered if isinstance(voice, Abstention)}
