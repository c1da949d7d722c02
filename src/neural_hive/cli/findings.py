"""What `hive doctor` finds, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass

from neural_hive.cli import terminal
from neural_hive.messages import text


@dataclass(frozen=True, slots=True)
class Finding:
    """One examination: "ok", "note" (worth knowing) or "bad", with what was seen and what to do."""

    state: str
    name: str
    seen: str
    advice: str = ""

    def line(self, language: str) -> str:
        """The finding on a line, its advice on the next."""
        word = text(f"cli.doctor_state.{self.state}", language)
        words = f"{word:<8}{self.name}: {terminal.line(self.seen)}"
        return f"{words}\n        {self.advice}" if self.advice else words


def found(state: str, name: str, seen: str, language: str) -> Finding:
    """A finding worded by the catalogue; advice only where something is to be done."""
    advice = text(f"cli.doctor.{name}.advice", language, path=seen) if state != "ok" else ""
    return Finding(state, text(f"cli.doctor.{name}.name", language), seen, advice)
