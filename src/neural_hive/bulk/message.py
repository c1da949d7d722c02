"""What waits in the queue: an intention without personal data, and where it stands in its batch.

The text is masked before it is queued. Reading masks first as well and a masked text masks to itself,
so the verdict is that of the original; what was masked travels along, for the record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from neural_hive.errors import InputError
from neural_hive.planning import detect
from neural_hive.planning.detect import looks_like_shell, looks_like_sql, structure
from neural_hive.planning.documents import load_json, load_yaml
from neural_hive.planning.tasks import parse_tasks
from neural_hive.records import Ask, masked_caller
from neural_hive.types import Context, GivenPlan, GivenTask, Intent, Language, PiiFinding, SourcePlan
from neural_hive.understanding.privacy import mask, mask_source


class Message(Struct, forbid_unknown_fields=True):
    """One masked intention in the queue.

    Attributes:
        batch: Id of its batch.
        position: Place in the batch, from 0.
        secret: Keys the tags of the batch's decisions, so that nobody who knows the batch's id can try words on a tag;
            the same for the same Idempotency-Key, and gone with the message.
        text: The intention's words, masked.
        context: The circumstances, masked.
        user_id: Who asked, masked.
        tasks: A plan as tasks, masked.
        source: A plan as machine text, masked so that it still parses.
        language: The language that was forced.
        pii: What was masked in the words, with spans in the original.
    """

    batch: str
    position: int
    secret: str
    text: str
    context: Context
    user_id: str = ""
    tasks: tuple[GivenTask, ...] | None = None
    source: SourcePlan | None = None
    language: Language | None = None
    pii: tuple[PiiFinding, ...] = ()

    def intent(self) -> Intent:
        """The masked intention."""
        plan = GivenPlan(tasks=self.tasks) if self.tasks is not None else self.source
        return Intent(text=self.text, context=self.context, user_id=self.user_id, plan=plan, language=self.language)

    def ask(self) -> Ask:
        """The ask whose decision id follows from batch and position, so that a second delivery finds the first decision."""
        return replace(Ask.idempotent(f"{self.batch}/{self.position}", BATCH_CALLER, encode(self), self.secret), pii=self.pii)


BATCH_CALLER = "\N{INFORMATION SEPARATOR TWO}batch"
"""Stands where an Idempotency-Key has its caller; a name that cannot be printed is refused there, so nobody can take a batch's ids."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """The message as it is queued."""
    return _encoder.encode(message)


def decode(payload: bytes) -> Message:
    """A message as it was queued.

    Raises:
        InputError: It is none.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("error.queue_message") from None  # the cause may quote it


def decision_id(batch: str, position: int) -> str:
    """The id of the decision on one line of a batch."""
    return Ask.idempotent(f"{batch}/{position}", BATCH_CALLER, b"").decision_id


def message_of(intent: Intent, batch: str, position: int, secret: str) -> Message:
    """The message of an intention, with everything that a person wrote masked.

    Args:
        intent: As it was sent.
        batch: Id of its batch.
        position: Place in the batch, from 0.
        secret: See `Message`.

    Raises:
        PlanError, LimitError: Its plan cannot be parsed.
        RecursionError: It is nested too deep.
    """
    words = mask(intent.text)
    plan = _tasks_within(intent.plan) if isinstance(intent.plan, SourcePlan) else intent.plan
    return Message(
        batch=batch,
        position=position,
        secret=secret,
        text=words.text,
        context=_masked_context(intent.context),
        user_id=masked_caller(intent.user_id),
        tasks=tuple(map(_masked_task, plan.tasks)) if isinstance(plan, GivenPlan) else None,
        source=_masked_source(plan) if isinstance(plan, SourcePlan) else None,
        language=intent.language,
        pii=words.findings,
    )


def _masked_context(context: Context) -> Context:
    return replace(context, project=mask(context.project).text, domain=mask(context.domain).text, priority=mask(context.priority).text)


def _tasks_within(plan: SourcePlan) -> GivenPlan | SourcePlan:
    """Tasks written as JSON or YAML are masked one by one, as prose; other sources keep their syntax.

    The notation is settled on the original, because a placeholder may hide what tells it.
    """
    notation = detect(plan.source) if plan.format == "auto" else plan.format
    if notation not in ("json", "yaml"):
        return replace(plan, format="auto" if notation == "text" else notation)
    documents = [load_json(plan.source)] if notation == "json" else load_yaml(plan.source)
    if any(structure(document) in ("terraform", "kubernetes") for document in documents):
        return replace(plan, format=notation)
    return parse_tasks(plan.source, notation)


def _masked_source(plan: SourcePlan) -> SourcePlan:
    notation = "text" if plan.format == "auto" else plan.format
    return replace(plan, source=mask_source(plan.source, notation).text)


def _masked_task(task: GivenTask) -> GivenTask:
    return replace(
        task,
        id=mask(task.id).text,
        description=_masked_description(task.description),
        type=mask(task.type).text,
        dependencies=tuple(mask(name).text for name in task.dependencies),
        parameters=_masked_value(task.parameters),
    )


def _masked_description(words: str) -> str:
    """Code, also code quoted in prose, keeps its syntax: `<TOKEN>` would redirect a shell."""
    code = "`" in words or looks_like_sql(words.strip()) or looks_like_shell(words.strip())
    return mask_source(words).text if code else mask(words).text


def _masked_value(value: Any) -> Any:
    """JSON with its texts masked; code among them keeps its syntax."""
    if isinstance(value, str):
        return mask_source(value).text
    if isinstance(value, dict):
        return {mask_source(name).text: _masked_value(item) for name, item in value.items()}
    return [_masked_value(item) for item in value] if isinstance(value, list | tuple) else value
