"""`hive review --input FILE`: many intentions, one line of result each, and a summary."""

from __future__ import annotations

import asyncio
import csv
import gc
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import msgspec

from neural_hive.bootstrap import open_hive
from neural_hive.cli import parts, rows, terminal
from neural_hive.cli.inputs import Asked, writing
from neural_hive.cli.plain import columns
from neural_hive.cli.review import EXIT_CODES
from neural_hive.errors import InputError
from neural_hive.hive import Hive
from neural_hive.messages import text
from neural_hive.records import answer
from neural_hive.settings import Settings

_AT_ONCE = 16  # they share the ledger's commits
_COLUMNS = (
    "line",
    "id",
    "decision_id",
    "verdict",
    "harm_probability",
    "confidence",
    "divergence",
    "domain",
    "language",
    "explanation",
    "error",
)
_UNREAD, _USAGE = 20, 64

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Distant:
    """A running hive that judges instead of this process: its URL, by its queue or one by one, again or not."""

    url: str
    queue: bool = False
    fresh: bool = False


def review_all(  # noqa: PLR0913 -- one argument for each thing that the command line may say
    settings: Settings, path: Path, asked: Asked, results: Path | None, *, whole: bool, distant: Distant | None = None
) -> int:
    """Judge every row of a file; a row that cannot be used is reported and does not stop the others.

    Args:
        settings: Of the hive.
        path: JSON lines, or CSV with a head.
        asked: What rows leave out.
        results: Where results go: CSV by its name, else JSON lines; None for standard output.
        whole: Give each decision whole instead of in a few columns (JSON lines only).
        distant: Who judges; None for this process.

    Returns:
        The exit code of the worst verdict; an unread row counts as a review, and none read at all as wrong use.
    """
    given = rows.read(path)
    counts: Counter[str] = Counter()
    gc.set_threshold(10_000)
    with ExitStack() as stack:
        out = stack.enter_context(writing(results)) if results else None
        write = _writer(out, csv_wanted=results is not None and results.suffix.lower() == ".csv")
        advance = stack.enter_context(_progress(len(given)))
        note = _noting(write, advance, counts)
        if distant is None:
            asyncio.run(_judge(settings, given, asked, note, whole=whole))
        else:
            _judge_there(settings, distant, given, asked, note, whole=whole)
    _summary(counts, len(given))
    read = [EXIT_CODES[verdict] for verdict in counts if verdict in EXIT_CODES]
    if not read:
        return _USAGE if counts else 0
    return max([*read, _UNREAD] if counts["error"] else read)


def _noting(write: Callable[[Result], None], advance: Callable[[], None], counts: Counter[str]) -> Callable[[Result], None]:
    def note(result: Result) -> None:
        counts["error" if "error" in result else result["verdict"]] += 1
        if "error" in result:
            terminal.complain(text("cli.row_failed", terminal.language(), line=result["line"], reason=result["error"]))
        write(result)
        advance()

    return note


async def _judge(settings: Settings, given: list[rows.Row], asked: Asked, note: Callable[[Result], None], *, whole: bool) -> None:
    async with open_hive(settings) as hive:
        async for result in _results(hive, given, asked, whole=whole):
            note(result)


async def _results(hive: Hive, given: list[rows.Row], asked: Asked, *, whole: bool) -> AsyncIterator[Result]:
    """Results in the order of the rows; a window of them is under way at once."""
    for start in range(0, len(given), _AT_ONCE):
        window = given[start : start + _AT_ONCE]
        for result in await asyncio.gather(*(_result(hive, row, asked, whole=whole) for row in window)):
            yield result


async def _result(hive: Hive, row: rows.Row, asked: Asked, *, whole: bool) -> Result:
    head = _head(row)
    try:
        decision = await hive.review(row.intent(asked))
    except InputError as error:
        return head | {"error": error.render(terminal.language())}
    return head | _shown(msgspec.to_builtins(answer(decision)), whole=whole)


def _judge_there(  # noqa: PLR0913 -- as `review_all`
    settings: Settings, distant: Distant, given: list[rows.Row], asked: Asked, note: Callable[[Result], None], *, whole: bool
) -> None:
    from neural_hive.cli.caller import Caller
    from neural_hive.cli.distant import judged
    from neural_hive.tokens.own import own_token

    caller = Caller(distant.url, terminal.language(), token=own_token(settings.auth))
    for found in judged(caller, given, asked, queue=distant.queue, fresh=distant.fresh):
        note(_head(found.row) | ({"error": found.problem} if found.answer is None else _shown(found.answer, whole=whole)))


def _head(row: rows.Row) -> Result:
    return {"line": row.line} | ({"id": row.id} if row.id else {})


def _shown(found: Result, *, whole: bool) -> Result:
    """A decision in a few columns, or whole; one whose words were erased has no domain and no language."""
    if whole:
        return found
    plan = found.get("plan") or {}
    shown = {name: found[name] for name in _COLUMNS if name in found}
    return shown | {"domain": plan.get("domain"), "language": plan.get("language")}


def _writer(out: TextIO | None, *, csv_wanted: bool) -> Callable[[Result], None]:
    if out is not None and csv_wanted:
        table = csv.DictWriter(out, _COLUMNS, extrasaction="ignore")
        table.writeheader()
        return lambda result: table.writerow({name: _cell(value) for name, value in result.items()})
    if out is not None:
        return lambda result: _put(out, json.dumps(result, ensure_ascii=False))
    return lambda result: terminal.say(json.dumps(result, ensure_ascii=False))


def _put(out: TextIO, words: str) -> None:
    out.write(words + "\n")


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error when that is a terminal, nothing otherwise."""
    if not terminal.is_rich(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    shown = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _summary(counts: Counter[str], total: int) -> None:
    language = terminal.language()
    listed = [(parts.verdict_word(name, language), str(counts[name]), _share(counts[name], total)) for name in EXIT_CODES]
    if counts["error"]:
        listed.append((text("cli.unread", language), str(counts["error"]), _share(counts["error"], total)))
    listed.append((text("cli.total", language), str(total), ""))
    terminal.say("\n".join(columns(listed)), sys.stderr)


def _share(count: int, total: int) -> str:
    return parts.percent(count / total) if total else ""
