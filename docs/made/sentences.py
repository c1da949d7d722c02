"""The English sentences of the code that pages show: those without a Portuguese one, and Portuguese ones that nothing needs."""

from __future__ import annotations

from collections.abc import Iterator

from docs.made import api, models, wire
from docs.made.parts import portuguese, titles


def needed() -> set[str]:
    """Every sentence that a page shows."""
    return {" ".join(sentence.split()) for sentence in _all() if sentence.strip()} - titles().keys()


def _all() -> Iterator[str]:
    yield from api.sentences()
    yield from wire.sentences()
    yield from models.sentences()


def missing() -> list[str]:
    """Sentences that nobody has written in Portuguese yet."""
    return sorted(needed() - portuguese().keys())


def left_over() -> list[str]:
    """Sentences that stand in `portuguese.toml` and are shown nowhere."""
    return sorted(portuguese().keys() - needed())
