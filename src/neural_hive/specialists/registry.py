"""Which specialists there are: the packages installed under the entry point group, by name.

A fifth specialist is one package whose distribution declares, under `neural_hive.specialists`,
`name = "package:function"`; the function takes nothing and returns a `Specialist`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from neural_hive import models as packaged
from neural_hive.errors import NotFoundError
from neural_hive.models.base import Models
from neural_hive.specialists.base import Specialist

GROUP = "neural_hive.specialists"
OWN = ("architecture", "behavior", "evolution", "technical")


def names() -> tuple[str, ...]:
    """The names of all specialists, sorted: the hive's own and those that plug in."""
    return tuple(sorted({*OWN, *_plugged()}))


def open_local(name: str, models: Models | None = None) -> Specialist:
    """Open a specialist in this process.

    Args:
        name: Which one.
        models: Where a specialist made of rules takes its artefact from; the package when None.

    Raises:
        NotFoundError: No specialist has this name.
        IntegrityError: Its artefact was altered, or is of other factors.
    """
    opened = _opened(name)
    follow = getattr(opened, "follow", None)
    if follow is not None:
        follow(models or packaged)
    return opened


def _opened(name: str) -> Specialist:
    if name in OWN:
        opened: Specialist = import_module(f"neural_hive.specialists.{name}").specialist()
        return opened
    if name not in _plugged():
        raise NotFoundError("error.unknown_specialist", name=name, known=", ".join(names()))
    return _entry(name)()


def refresh() -> None:
    """Look again for specialists that plug in: after a package was installed while the process runs."""
    _plugged.cache_clear()


@cache
def _plugged() -> tuple[str, ...]:
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)} - set(OWN)))


def _entry(name: str) -> Callable[[], Specialist]:
    loaded: Callable[[], Specialist] = next(iter(entry_points(group=GROUP, name=name))).load()
    return loaded
