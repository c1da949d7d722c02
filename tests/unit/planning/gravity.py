"""How grave the actions of a reading are, as a careful reader would say; shared by the tests of SQL and shell."""

from __future__ import annotations

from collections.abc import Sequence

from neural_hive.types import Action, Trait

GRAVE = (
    Trait.IRREVERSIBLE,
    Trait.UNBOUNDED,
    Trait.EXPOSING,
    Trait.WEAKENS_CONTROL,
    Trait.UNTRUSTED,
    Trait.RAISES_PRIVILEGE,
    Trait.INTERRUPTING,
    Trait.DECEPTIVE,
)
MATTERS = 0.55  # sensitivity from which a loss matters


def gravest_of(actions: Sequence[Action]) -> Action:
    """The action a careful reader would point at."""
    return max(
        actions,
        key=lambda a: (a.carried_out, not a.disposable, not a.has(Trait.READ_ONLY), a.has(*GRAVE), a.has(Trait.DESTRUCTIVE), a.sensitivity),
    )


def is_grave(action: Action) -> bool:
    """Whether it would really harm something that matters, with nothing verified to prevent it."""
    return (
        action.carried_out
        and not action.disposable
        and action.has(*GRAVE)
        and action.sensitivity >= MATTERS
        and not any(guard.verified for guard in action.safeguards)
    )


def is_tame(action: Action) -> bool:
    """Whether it only looks, adds or touches what is thrown away, and does nothing grave."""
    quiet = action.has(Trait.READ_ONLY, Trait.ADDITIVE) or action.disposable or not action.carried_out
    return quiet and not (action.carried_out and not action.disposable and action.has(Trait.DESTRUCTIVE, *GRAVE))
