"""What the panel said about a plan before: kept in the cache under the plan's content.

The key is a hash of the *masked* plan, of who judges (product and model versions) and of the
weights in force, so equal plans are judged once and nothing personal ever becomes a key. The
ledger's record is not part of it: each asking is recorded anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from neural_hive import telemetry
from neural_hive.cache.base import Cache
from neural_hive.types import Conclusion, Counterfactual, Opinion


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


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Judgement)


class Judgements:
    """Keeps judgements.

    Args:
        cache: Where.
        voices: Names, versions and sources of everything that judges; "" keeps nothing, because
            then nobody knows whose judgement it would be.
        ttl: Seconds that a judgement is kept.
    """

    def __init__(self, cache: Cache, *, voices: str, ttl: float = 3600.0) -> None:
        self._cache = cache
        self._voices = voices
        self._ttl = ttl

    def key(self, content: str, weights: Mapping[str, float] | None) -> str:
        """The address of the judgement on a plan; "" when none is kept.

        Args:
            content: Content address of the plan.
            weights: Reliability weights in force.
        """
        return f"judgement:{digest(self._voices, content, sorted((weights or {}).items()))}" if self._voices else ""

    async def recall(self, key: str) -> Judgement | None:
        """The judgement under this key, if it is still there and readable."""
        found = await self._cache.get(key) if key else None
        telemetry.CACHE_LOOKUPS.labels(result="miss" if found is None else "hit").inc()
        try:
            return _decoder.decode(found) if found is not None else None
        except msgspec.MsgspecError:  # written by another version or damaged: a miss
            return None

    async def keep(self, key: str, judgement: Judgement) -> None:
        """Keep a judgement that is complete: a missing voice may be back at the next asking."""
        if key and not judgement.abstentions:
            await self._cache.put(key, _encoder.encode(judgement), ttl=self._ttl)
