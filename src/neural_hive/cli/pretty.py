"""An answer drawn for a terminal; every colour goes with a word that says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from neural_hive.cli import parts

COLOURS = {"approve": "green", "conditional": "cyan", "review_required": "yellow", "reject": "red"}
SIGNS = {"approve": "✔", "conditional": "◆", "review_required": "?", "reject": "✖"}
_WIDEST = 110
_BAR, _SMALL_BAR = 24, 8


def pretty(answer: parts.Answer, language: str) -> str:
    """The answer with colour, as wide as the terminal up to what is still easy to read."""
    return drawn([_head(answer, language), _panel_of_voices(answer, language), *_sections(answer, language), _foot(answer, language)])


def drawn(items: Iterable[RenderableType]) -> str:
    """What `rich` makes of the items on this terminal, as text with its codes."""
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    with console.capture() as captured:
        for item in items:
            console.print(item)
    return captured.get().rstrip() + "\n"


def bar(share: float, colour: str, width: int = _BAR) -> Text:
    """A share in [0, 1] as a bar."""
    full = round(min(1.0, max(0.0, share)) * width)
    return Text.assemble(("█" * full, colour), ("░" * (width - full), "bright_black"))


def table(heads: Sequence[str], rows: Iterable[Sequence[RenderableType]]) -> Table:
    """A light table."""
    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bright_black")
    for number, head in enumerate(heads):
        found.add_column(head, overflow="fold", no_wrap=number < len(heads) - 1)
    for row in rows:
        found.add_row(*row)
    return found


def _head(answer: parts.Answer, language: str) -> RenderableType:
    colour = COLOURS[answer["verdict"]]
    word = f"{SIGNS[answer['verdict']]} {parts.verdict_word(answer['verdict'], language).upper()}"
    harm, *others = parts.figures(answer, language)
    meter = Text.assemble(f"{harm[0]}  ", bar(answer["harm_probability"], colour), (f" {harm[1]}", f"bold {colour}"))
    rest = Text("   ".join(f"{name} {value}" for name, value in others), style="bright_black")
    asked = Text(f"“{parts.asked(answer)}”", style="italic")
    body = Group(asked, Text(), meter, rest, Text(), Text(parts.explanation(answer, language)))
    return Panel(body, title=Text(word, style=f"bold {colour}"), title_align="left", border_style=colour, padding=(1, 2))


def _panel_of_voices(answer: parts.Answer, language: str) -> RenderableType:
    from neural_hive.messages import text

    heads = [text(f"cli.column.{name}", language) for name in ("specialist", "risk", "says", "reason")]
    rows = []
    for voice in parts.voices(answer, language):
        colour = COLOURS[voice.recommendation]
        risk = Text.assemble(bar(voice.risk, colour, _SMALL_BAR), f" {parts.percent(voice.risk):>4}")
        rows.append((Text(voice.name, style="bold"), risk, Text(voice.says, style=colour), Text(voice.reason)))
    return Padding(table(heads, rows), (1, 0, 0, 1)) if rows else Text()


def _sections(answer: parts.Answer, language: str) -> Iterable[RenderableType]:
    for section in parts.sections(answer, language):
        yield Padding(Text(section.title, style="bold"), (1, 0, 0, 1))
        listed = Table.grid(padding=(0, 1))
        for sentence in section.sentences:
            listed.add_row(Text("•", style="bright_black"), Text(sentence))
        yield Padding(listed, (0, 0, 0, 1))


def _foot(answer: parts.Answer, language: str) -> RenderableType:
    return Padding(Text(parts.receipt(answer, language), style="bright_black"), (1, 0, 0, 1))
