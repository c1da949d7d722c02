"""What is written into the ledger, and the public answer; the second is read from the first.

A `decision/v1` record keeps what an audit needs for ever (verdict, figures, votes, rules, which
models answered, what kinds of personal data were masked) at the top, and every word that came from
a person under `content`, which the ledger seals and can erase; the top and the proof stay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from neural_hive.messages import text
from neural_hive.tokens.base import parted
from neural_hive.types import Context, Decision, Opinion, PiiFinding, Receipt
from neural_hive.understanding.privacy import mask

DECISION = "decision/v1"
FEEDBACK = "feedback/v1"
APPROVAL = "approval/v1"

_TOP = ("intent_id", "verdict", "harm_probability", "confidence", "divergence", "abstentions", "votes")
_CONTENT = ("understanding", "plan", "opinions", "rules", "conditions", "counterfactuals", "precedents", "explanation")
_ORDER = (
    *("verdict", "harm_probability", "confidence", "divergence", "created_at", "understanding", "plan", "opinions", "abstentions", "votes"),
    *("rules", "conditions", "counterfactuals", "precedents", "explanation"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The circumstances of one asking, besides the intention itself.

    Attributes:
        decision_id: The id that the decision shall get; "" gives it a random one.
        request_tag: Tells apart two requests under one Idempotency-Key; "" without such a key.
        pii: What was masked before the hive saw the words; the record tells of it.
    """

    decision_id: str = ""
    request_tag: str = ""
    pii: tuple[PiiFinding, ...] = ()

    @classmethod
    def idempotent(cls, key: str, caller: str, body: bytes, secret: str = "") -> Ask:
        """An ask whose ids follow from an Idempotency-Key, so that asking again finds the first answer.

        The tag is keyed with the Idempotency-Key, which is stored nowhere, so a body cannot be guessed from it.

        Args:
            key: The Idempotency-Key, or what takes its place.
            caller: Whose key it is.
            body: What is asked.
            secret: Keys the tag instead of a key that others know; as little is stored of it once the answer is there.
        """
        decision_id = "dec_" + hashlib.blake2b(f"{caller}\n{key}".encode(), digest_size=16, person=b"hive-decision").hexdigest()
        keyed = hashlib.sha256((secret or key).encode()).digest()
        return cls(decision_id=decision_id, request_tag=hashlib.blake2b(body, key=keyed, digest_size=16).hexdigest())


def new_id(prefix: str) -> str:
    """A random id, `dec_` or `fb_` or `apr_` and 32 hexadecimal digits."""
    return f"{prefix}_{uuid4().hex}"


def timestamp() -> str:
    """Now, in UTC, to the millisecond (RFC 3339)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def masked_caller(signed: str) -> str:
    """Who asks, masked. Whom a token stands for is never masked: a name stated before it must not swallow it."""
    stated, caller = parted(signed)
    return " ".join(filter(None, (mask(stated).text, caller)))


def decision_record(decision: Decision, *, context: Context, caller: str, request_tag: str = "") -> dict[str, Any]:
    """The ledger's record of a decision: plain JSON values, and `content` for its encoder.

    Args:
        decision: The decision, without receipt.
        context: What the caller said about the circumstances, masked.
        caller: Who asked, masked.
        request_tag: See `Ask`.
    """
    top = {name: msgspec.to_builtins(getattr(decision, name)) for name in _TOP}
    own = _own_words(decision)
    content = {name: getattr(own, name) for name in _CONTENT} | {"context": context, "asked_by": caller}
    kinds = sorted(finding.kind for finding in decision.understanding.pii)
    return {
        "schema": DECISION,
        "id": decision.decision_id,
        "created_at": decision.created_at,
        **top,
        "language": decision.plan.language,
        "domain": decision.plan.domain.value,
        "rules_fired": [rule.name for rule in decision.rules],
        "models": {
            name: f"{opinion.model.name} {opinion.model.version} {opinion.model.source}" for name, opinion in decision.opinions.items()
        },
        "pii_masked": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        "request_tag": request_tag,
        "content": content,
    }


def _own_words(decision: Decision) -> Decision:
    """The decision without what others said: precedents by their ids only, so that erasing one erases all its words."""
    named = tuple(replace(precedent, title="") for precedent in decision.precedents)
    return replace(decision, precedents=named, explanation=_unquoted(decision))


def _unquoted(decision: Decision) -> str:
    """The explanation, whose last sentence may quote the closest precedent, with the precedent's id instead."""
    if not decision.precedents:
        return decision.explanation
    closest, language = decision.precedents[0], decision.plan.language
    verdict = text(f"consensus.verdict.{closest.verdict.value}", language)
    quoted, named = (
        text("consensus.explain.precedent", language, title=title, verdict=verdict) for title in (closest.title, closest.decision_id)
    )
    told = decision.explanation.removesuffix(quoted)
    return told if told == decision.explanation else told + named


def answer(decision: Decision) -> dict[str, Any]:
    """The public form of a decision; its values are left to the encoder."""
    body = {name: getattr(decision, name) for name in _ORDER}
    body["opinions"] = {name: opinion_answer(opinion) for name, opinion in decision.opinions.items()}
    return {"decision_id": decision.decision_id, "intent_id": decision.intent_id, **body, "receipt": decision.receipt}


def stored_answer(record: Mapping[str, Any], receipt: Receipt | None) -> dict[str, Any]:
    """The public form of a recorded decision; what was erased is null."""
    content = record.get("content") or {}
    body = {name: content.get(name) if name in _CONTENT else record.get(name) for name in _ORDER}
    opinions = content.get("opinions")
    body["opinions"] = {name: _with_score(opinions[name]) for name in sorted(opinions)} if opinions is not None else None
    known = {"decision_id": record["id"], "intent_id": record["intent_id"], **body, "receipt": receipt}
    return known if content else known | {"erased": True}


def opinion_answer(opinion: Opinion) -> dict[str, Any]:
    """The public form of one opinion; `score` is 1 - risk."""
    return _with_score({name: getattr(opinion, name) for name in opinion.__dataclass_fields__})


def _with_score(opinion: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: opinion[name] for name in ("recommendation", "risk", "confidence")}
    rest = {name: value for name, value in opinion.items() if name not in named and name != "specialist"}
    return {**named, "score": round(1.0 - opinion["risk"], 6), **rest}
