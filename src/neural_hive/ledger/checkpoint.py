"""The checkpoint: what a tree was, in the text of C2SP tlog-checkpoint inside a C2SP signed note.

One extension line, "checkpoint <number>", counts the log's checkpoints from 0, so that none can be
taken out of the middle unseen.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

SIGNATURE_MARK = "\u2014 "
_COUNT = "checkpoint "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its name, how many leaves it has, the root hash over them, the checkpoint's number."""

    origin: str
    size: int
    root: bytes
    number: int

    def text(self) -> str:
        """The body that is signed: four lines, each ended by a newline."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n{_COUNT}{self.number}\n"


def parse_checkpoint(note: str) -> Checkpoint:
    """Read the body of a checkpoint, signed or not; the signature is not looked at.

    Raises:
        ValueError: It is no checkpoint.
    """
    body, _ = split_note(note) if "\n\n" in note else (note, "")
    lines = body.split("\n")
    if len(lines) != 5 or not lines[0] or not lines[3].startswith(_COUNT) or lines[4]:
        raise ValueError("not a checkpoint")
    origin, size, root, number, _ = lines
    return Checkpoint(origin, _natural(size), decode_base64(root, 32), _natural(number.removeprefix(_COUNT)))


def _natural(digits: str) -> int:
    if not digits.isascii() or not digits.isdigit() or str(int(digits)) != digits:
        raise ValueError("not a checkpoint")
    return int(digits)


def split_note(note: str) -> tuple[str, str]:
    """A signed note's body (with its last newline) and its signature lines.

    Raises:
        ValueError: There is no blank line between body and signatures.
    """
    body, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise ValueError("not a signed note")
    return f"{body}\n", signatures


def decode_base64(text: str, length: int) -> bytes:
    """Decode canonical base64 of exactly `length` bytes.

    Raises:
        ValueError: It is not that.
    """
    try:
        raw = b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    # Unused trailing bits may hide a change of the text, so the encoding must be the canonical one.
    if len(raw) != length or b64encode(raw).decode() != text:
        raise ValueError("not canonical base64 of the expected length")
    return raw
