"""Machine-readable samples with their class, and what a reading of them comes to."""

from __future__ import annotations

import json
from pathlib import Path

from neural_hive.planning.machine import read_machine
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.types import Action, Environment, Trait

SAMPLES: list[dict[str, str]] = json.loads((Path(__file__).parent / "data" / "machine_samples.json").read_text(encoding="utf-8"))
HARM = (
    Trait.EXPOSING,
    Trait.RAISES_PRIVILEGE,
    Trait.WEAKENS_CONTROL,
    Trait.LOCKS_OUT,
    Trait.DESTRUCTIVE,
    Trait.INTERRUPTING,
    Trait.UNTRUSTED,
)


def read(source: str, form: str, **circumstances: object) -> Reading:
    """Read a source under the given circumstances."""
    return read_machine(source, form, Circumstances(**circumstances))  # type: ignore[arg-type]


def actions(reading: Reading) -> list[Action]:
    """All actions that would be carried out."""
    return [action for task in reading.tasks for action in task.actions if action.carried_out]


def spans_hold(reading: Reading) -> bool:
    """Whether every action quotes its own task's text."""
    return all(action.text.strip() in task.description[action.start : action.end] for task in reading.tasks for action in task.actions)


def grave(action: Action) -> bool:
    """Something that matters is lost, exposed, stopped or left without its guard."""
    harmful = action.has(*HARM) and not action.has(Trait.PROTECTIVE)
    return harmful and not action.disposable and action.sensitivity >= 0.6 and action.environment is not Environment.DEVELOPMENT


def governed(action: Action) -> bool:
    """A change that wants conditions: in production, of rights, of money, or of what guards production."""
    weighty = action.environment is Environment.PRODUCTION and action.sensitivity >= 0.45
    return weighty or action.has(Trait.RAISES_PRIVILEGE, Trait.MONEY)


def standing(reading: Reading) -> str:
    """A coarse class from traits alone, to see that the readers separate what differs."""
    found = actions(reading)
    worst = [action for action in found if grave(action) and not action.safeguards]
    if worst:
        return "dangerous"
    return "cautious" if any(governed(action) for action in found) else "harmless"
