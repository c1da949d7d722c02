"""The last head that is known of a log, kept beside its key: a log that lost what it had is not written on.

A database that was dropped, mistyped or set back looks like a log that has just begun, or is shorter. The
key's own folder knows better. What it knows is a lower bound: it is noted now and then, and at the end.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

from neural_hive.errors import IntegrityError
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.signing import NoteVerifier, Signer

_EVERY = 30.0  # seconds between two notes while records come


class Bookmark:
    """Remembers one log's head.

    Args:
        key: The file of the log's key.
        signer: The key; what it did not sign is no head of this log.
        place: Where the log is, for messages.
    """

    def __init__(self, key: Path, signer: Signer, place: str) -> None:
        self._path = key.with_name(f"{key.name}.head")
        self._trusted = NoteVerifier(signer.public_key)
        self._place = place
        self._kept = monotonic()

    def recall(self) -> str:
        """The signed checkpoint that is remembered; "" if there is none, or that of an empty log."""
        try:
            note = self._path.read_text(encoding="utf-8")
            return note if self._trusted.open(note).size else ""
        except (OSError, ValueError):
            return ""

    def keep(self, note: str, *, at_once: bool = False) -> None:
        """Remember a signed checkpoint, now and then or at once, as far as anything can be written there."""
        if not at_once and monotonic() - self._kept < _EVERY:
            return
        self._kept = monotonic()
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with suppress(OSError):  # a key may be mounted to be read only
            draft.write_text(note, encoding="utf-8")
            draft.replace(self._path)

    def lost(self, note: str) -> IntegrityError:
        """The error that a log deserves in which this checkpoint is not to be found."""
        return IntegrityError("error.ledger_gone", place=self._place, size=parse_checkpoint(note).size, path=str(self._path))
