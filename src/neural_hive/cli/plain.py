"""An answer as plain text: for files, pipes and screen readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neural_hive.cli import parts

_BAR = 20


def plain(answer: parts.Answer, language: str) -> str:
    """The answer without colour or drawing."""
    return "\n".join(_lines(answer, language))


def _lines(answer: parts.Answer, language: str) -> Iterator[str]:
    yield parts.verdict_word(answer["verdict"], language).upper()
    harm, *others = parts.figures(answer, language)
    yield f"{harm[0]}: {harm[1]} [{bar(answer['harm_probability'])}]  " + "  ".join(f"{name}: {value}" for name, value in others)
    yield ""
    yield parts.explanation(answer, language)
    voices = parts.voices(answer, language)
    if voices:
        yield ""
        yield from columns([(voice.name, parts.percent(voice.risk), voice.says, voice.reason) for voice in voices])
    for section in parts.sections(answer, language):
        yield ""
        yield f"{section.title}:"
        yield from (f"  - {sentence}" for sentence in section.sentences)
    yield ""
    yield parts.receipt(answer, language)


def bar(share: float) -> str:
    """A share in [0, 1] as a bar of signs that every terminal has."""
    full = round(min(1.0, max(0.0, share)) * _BAR)
    return "#" * full + "." * (_BAR - full)


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Rows in columns as wide as their widest cell; the last one is left as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
