"""What the panel said about a plan before: kept in the cache under the plan's content.

The key is a hash of the *masked* plan, of who judges (product and models) and of the weights in
force, so equal plans are judged once and nothing personal ever becomes a key. The
ledger's record is not part of it: each asking is recorded anew. Nor are the ids that a caller gave
his tasks, which name and judge nothing: tasks are judged by their place, see `Names`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from neural_hive import __version__, telemetry
from neural_hive.cache.base import Cache
from neural_hive.types import Action, Conclusion, Counterfactual, Evidence, ModelInfo, Opinion, Plan, Safeguard, Signal, Task

T = TypeVar("T")
_BEFORE, _AFTER = "\ue000", "\ue001"  # of Unicode's private use, so that no sentence has them by itself
_PLACE = re.compile(f"{_BEFORE}(\\d{{1,6}}){_AFTER}".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the panel makes of a plan, before it is explained and recorded."""

    opinions: dict[str, Opinion]
    abstentions: dict[str, str]
    conclusion: Conclusion
    counterfactuals: tuple[Counterfactual, ...]


def digest(*parts: object) -> str:
    """A content address, 48 hexadecimal digits, of records and plain values."""
    return hashlib.blake2b(_encoder.encode(parts), digest_size=24).hexdigest()


_json = msgspec.json.Encoder()
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Judgement)


class Names:
    """The ids of a plan's tasks, taken out before it is judged and put back into what is said about it.

    Readers number the tasks that they find; only ids that a caller gave are taken out.

    Args:
        plan: As it was made.
    """

    def __init__(self, plan: Plan) -> None:
        hidden = plan.format == "tasks" and _BEFORE.encode() not in _json.encode(plan)
        ids = tuple(dict.fromkeys(task.id for task in plan.tasks)) if hidden else ()
        places = {name: f"{_BEFORE}{place}{_AFTER}" for place, name in enumerate(ids)}
        self._written = [_json.encode(name)[1:-1] for name in ids]
        self.plan = _renamed(plan, lambda name: places.get(name, name)) if ids else plan

    def put_back(self, said: T) -> T:
        """An opinion or a judgement about `plan`, in the caller's names."""
        if not self._written:
            return said
        return msgspec.json.decode(_PLACE.sub(self._name, _json.encode(said)), type=type(said))

    def _name(self, found: re.Match[bytes]) -> bytes:
        place = int(found[1])
        return self._written[place] if place < len(self._written) else found[0]


class Judgements:
    """Keeps judgements.

    Args:
        cache: Where.
        ttl: Seconds that a judgement is kept.
    """

    def __init__(self, cache: Cache, *, ttl: float = 3600.0) -> None:
        self._cache = cache
        self._ttl = ttl

    async def recall(self, content: str, weights: Mapping[str, float], models: Mapping[str, ModelInfo]) -> Judgement | None:
        """The judgement on a plan, if it is still there and readable.

        Args:
            content: Content address of the plan.
            weights: Reliability weights in force.
            models: What would judge now, by specialist; empty when that is not known, and then nothing is recalled.
        """
        found = await self._cache.get(_key(content, weights, models)) if models else None
        telemetry.CACHE_LOOKUPS.labels(result="miss" if found is None else "hit").inc()
        try:
            return _decoder.decode(found) if found is not None else None
        except msgspec.MsgspecError:  # written by another version or damaged: a miss
            return None

    async def keep(self, content: str, weights: Mapping[str, float], judgement: Judgement) -> None:
        """Keep a judgement that is complete, under the models that it was made by: a missing voice may be back at the next asking."""
        if not judgement.abstentions:
            models = {name: opinion.model for name, opinion in judgement.opinions.items()}
            await self._cache.put(_key(content, weights, models), _encoder.encode(judgement), ttl=self._ttl)


def _key(content: str, weights: Mapping[str, float], models: Mapping[str, ModelInfo]) -> str:
    return f"judgement:{digest(__version__, sorted(models.items()), content, sorted(weights.items()))}"


def _renamed(plan: Plan, name: Callable[[str], str]) -> Plan:
    def evidence(found: Evidence) -> Evidence:
        return replace(found, task_id=name(found.task_id))

    def guards(found: tuple[Safeguard, ...]) -> tuple[Safeguard, ...]:
        return tuple(guard if guard.evidence is None else replace(guard, evidence=evidence(guard.evidence)) for guard in found)

    def action(found: Action) -> Action:
        return replace(
            found,
            task_id=name(found.task_id),
            safeguards=guards(found.safeguards),
            late_safeguards=guards(found.late_safeguards),
            denied=guards(found.denied),
        )

    def task(found: Task) -> Task:
        return replace(
            found, id=name(found.id), dependencies=tuple(map(name, found.dependencies)), actions=tuple(map(action, found.actions))
        )

    def signal(found: Signal) -> Signal:
        return replace(found, evidence=evidence(found.evidence))

    return replace(plan, tasks=tuple(map(task, plan.tasks)), signals=tuple(map(signal, plan.signals)))
