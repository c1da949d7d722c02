"""Rows of a file judged by a running hive: one by one, or through its queue."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import uuid4

from neural_hive.cli import terminal
from neural_hive.cli.caller import Caller, RefusedError
from neural_hive.cli.inputs import Asked
from neural_hive.cli.rows import Row
from neural_hive.errors import InputError, UnavailableError
from neural_hive.messages import text
from neural_hive.types import GivenPlan, Intent

_AT_ONCE = 16
_LINES, _BYTES = 500, 400_000  # of one batch
_LOOK = 0.3  # seconds between two looks at a batch
_QUIET = 20.0  # seconds without progress after which a word about workers is due
_TOO_MUCH = ("body_too_large", "batch_too_long")  # what a gateway with smaller limits says of a batch
_PATIENCE = 3600.0  # seconds that a full queue is waited for

Answer = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is sent.

    Attributes:
        row: The row.
        body: The request.
        key: Its Idempotency-Key; it follows from what is asked, so asking again finds the first decision.
        problem: Why it cannot be asked, "" when it can.
    """

    row: Row
    body: bytes = b""
    key: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A row with its decision, or with the reason why there is none."""

    row: Row
    answer: Answer | None = None
    problem: str = ""


def judged(caller: Caller, given: Iterable[Row], asked: Asked, *, queue: bool, fresh: bool) -> Iterator[Found]:
    """Each row with its decision, in their order; rows that cannot be used come with the reason.

    Args:
        caller: Speaks to the gateway.
        given: Rows of a file.
        asked: What rows leave out.
        queue: Send batches and wait for workers, instead of asking for each.
        fresh: Also judge what was judged before in the same words.

    Raises:
        InputError: The hive cannot use a batch at all.
        UnavailableError: The hive cannot be reached any more, or has lost a batch; what was judged stays judged.
    """
    lines = _lines(given, asked, uuid4().hex if fresh else "")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from _queued(caller, lines, pool) if queue else _in_order(pool, lambda line: _asked(caller, line), lines)


def request_of(intent: Intent) -> dict[str, Any]:
    """The body of `POST /api/v1/intents` that states an intention."""
    context = {name: str(getattr(intent.context, name)) for name in ("project", "domain", "priority", "environment")}
    body: dict[str, Any] = {"intent_text": intent.text, "context": context, "user_id": intent.user_id, "language": intent.language}
    if isinstance(intent.plan, GivenPlan):
        names = ("id", "description", "type", "duration", "parameters")
        body["plan"] = {
            "tasks": [{name: getattr(task, name) for name in names} | {"dependencies": [*task.dependencies]} for task in intent.plan.tasks]
        }
    elif intent.plan is not None:
        body["plan"] = {"source": intent.plan.source, "format": intent.plan.format}
    return body


def _lines(given: Iterable[Row], asked: Asked, run: str) -> Iterator[Line]:
    seen: Counter[bytes] = Counter()
    for row in given:
        try:
            body = json.dumps(request_of(row.intent(asked))).encode()
        except InputError as error:
            yield Line(row, problem=error.render(terminal.language()))
            continue
        seen[body] += 1
        yield Line(row, body, "row-" + _digest(run, str(seen[body]), body.decode()))


def _asked(caller: Caller, line: Line) -> Found:
    if line.problem:
        return Found(line.row, problem=line.problem)
    try:
        return Found(line.row, caller.ask("POST", "/api/v1/intents", line.body, {"Idempotency-Key": line.key}))
    except RefusedError as refusal:
        return Found(line.row, problem=refusal.detail)


def _queued(caller: Caller, lines: Iterable[Line], pool: ThreadPoolExecutor) -> Iterator[Found]:
    """All batches are sent before the first is waited for, so that workers never wait for this process."""
    sent = [part for batch in _batches(lines) for part in _sent(caller, batch)]
    outcomes = (pair for batch_id, batch in sent for pair in _outcomes(caller, batch_id, batch))
    yield from _in_order(pool, lambda pair: _fetched(caller, *pair), outcomes)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for line in lines:
        if batch and (len(batch) >= _LINES or size + len(line.body) >= _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.body) + 1
    if batch:
        yield batch


def _sent(caller: Caller, batch: list[Line]) -> list[tuple[str, list[Line]]]:
    """The batch's id and its lines, with the problems that the gateway found; in parts where it is too much for the gateway.

    Raises:
        InputError: The gateway cannot use it at all.
        UnavailableError: The gateway is away.
    """
    usable = [line for line in batch if not line.problem]
    if not usable:
        return [("", batch)]
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "batch-" + _digest(*(line.key for line in usable))}
    try:
        found = caller.ask("POST", "/api/v1/batches", b"\n".join(line.body for line in usable), headers, patience=_PATIENCE)
    except RefusedError as refusal:
        if refusal.code not in _TOO_MUCH:
            raise InputError("error.cli_batch_refused", reason=refusal.detail) from None
        if len(usable) == 1:
            return [("", [line if line.problem else Line(line.row, problem=refusal.detail) for line in batch])]
        middle = len(batch) // 2
        return [*_sent(caller, batch[:middle]), *_sent(caller, batch[middle:])]
    refused = {usable[each["position"]].key: terminal.line(each["detail"]) for each in found["refused"]}
    return [(found["batch_id"], [replace(line, problem=refused.get(line.key, line.problem)) for line in batch])]


def _outcomes(caller: Caller, batch_id: str, batch: list[Line]) -> Iterator[tuple[Line, Answer | None]]:
    """Each line with its outcome as the batch tells it; None for a line with a problem."""
    told = _told(caller, batch_id)
    for line in batch:
        yield line, next(told) if line.key else None


def _told(caller: Caller, batch_id: str) -> Iterator[Answer]:
    """The outcomes of a batch by position, each as soon as it and those before it are there; raises UnavailableError."""
    offset, since, warned = 0, time.monotonic(), False
    while True:
        try:
            page = caller.ask("GET", f"/api/v1/batches/{batch_id}?offset={offset}&limit={_LINES}")
        except RefusedError as refusal:
            raise UnavailableError("error.cli_batch_gone", reason=refusal.detail) from None
        for outcome in page["outcomes"]:
            if outcome["position"] != offset:
                break
            yield outcome
            offset, since = offset + 1, time.monotonic()
        if not warned and time.monotonic() - since > _QUIET:
            warned = True
            terminal.complain(text("bulk.quiet", terminal.language()))
        time.sleep(_LOOK)


def _fetched(caller: Caller, line: Line, outcome: Answer | None) -> Found:
    if line.problem or outcome is None:
        return Found(line.row, problem=line.problem)
    if "decision_id" not in outcome:
        return Found(line.row, problem=terminal.line(outcome["detail"]))
    try:
        return Found(line.row, caller.ask("GET", f"/api/v1/decisions/{outcome['decision_id']}"))
    except RefusedError as refusal:
        return Found(line.row, problem=refusal.detail)


def _in_order(pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results in the order of the items; a window of them is under way at once."""
    under_way: deque[Future[R]] = deque()
    for item in items:
        under_way.append(pool.submit(work, item))
        while under_way and (len(under_way) >= 2 * _AT_ONCE or under_way[0].done()):
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:48]
