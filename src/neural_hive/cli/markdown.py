"""An answer as Markdown: for a pull request, a ticket, a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterator

from neural_hive.cli import parts
from neural_hive.messages import text

_SIGNS = {"approve": "✅", "conditional": "🔷", "review_required": "⚠️", "reject": "⛔"}
_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>#|~@])")


def markdown(answer: parts.Answer, language: str) -> str:
    """The answer as GitHub-flavoured Markdown; words of other people are escaped."""
    return "\n".join(_lines(answer, language))


def _lines(answer: parts.Answer, language: str) -> Iterator[str]:
    yield f"## {_SIGNS[answer['verdict']]} {parts.verdict_word(answer['verdict'], language)}"
    yield ""
    if asked := parts.asked(answer):
        yield f"> {escaped(asked)}"
        yield ""
    yield " · ".join(f"{name}: **{value}**" for name, value in parts.figures(answer, language))
    yield ""
    yield escaped(parts.explanation(answer, language))
    yield from _table(answer, language)
    for section in parts.sections(answer, language):
        yield ""
        yield f"### {section.title}"
        yield ""
        yield from (f"- {escaped(sentence)}" for sentence in section.sentences)
    yield ""
    yield f"<sub>{escaped(parts.receipt(answer, language))}</sub>"


def _table(answer: parts.Answer, language: str) -> Iterator[str]:
    voices = parts.voices(answer, language)
    if not voices:
        return
    yield ""
    yield "| " + " | ".join(text(f"cli.column.{name}", language) for name in ("specialist", "risk", "says", "reason")) + " |"
    yield "|---|---:|---|---|"
    for voice in voices:
        yield f"| {escaped(voice.name)} | {parts.percent(voice.risk)} | {voice.says} | {escaped(voice.reason)} |"


def escaped(words: str) -> str:
    """Words that mean nothing to Markdown or HTML and mention nobody."""
    return _MEANS_SOMETHING.sub(r"\\\1", words).replace("&", "&amp;").replace("://", ":\u200b//")
