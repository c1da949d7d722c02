"""What a reader of machine text is told, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass

from neural_hive.types import Environment, Signal, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known about a source before it is read.

    Attributes:
        environment: What the intention's text or the caller's context says; the source's own
            words win when they are more specific, and production is never talked away.
        disposable: The intention states that all of it concerns something temporary.
        text: The intention's own text, "" if there was none.
    """

    environment: Environment = Environment.UNKNOWN
    disposable: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The steps read from a source.

    Attributes:
        tasks: In order, each depending on the one before.
        coverage: Share of the source's statements that were read, in [0, 1].
        signals: What is true of the source as a whole.
    """

    tasks: tuple[Task, ...]
    coverage: float
    signals: tuple[Signal, ...] = ()
