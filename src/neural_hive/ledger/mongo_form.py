"""How a leaf stands in MongoDB, and how hashes, heads and proofs are read from there; no driver, no network.

Document number n is the log when it had n leaves: leaf n - 1, the hashes of the subtrees that this
leaf completes, the edge of the tree that ends with it, and that tree's signed checkpoint. All of it
follows from the leaves before, so that one insert is one atomic append. Document 0 is the empty tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neural_hive.errors import IntegrityError
from neural_hive.ledger.checkpoint import parse_checkpoint
from neural_hive.ledger.leaf import Leaf
from neural_hive.ledger.merkle import Tree, leaf_hash, stored_count
from neural_hive.ledger.signing import NoteVerifier, Signer
from neural_hive.types import Receipt

_DIGITS = 12
_HASH = 32


@dataclass(frozen=True, slots=True)
class Head:
    """A state of the log: the tree's edge and its signed checkpoint."""

    tree: Tree
    note: str

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self.tree.size


@dataclass(frozen=True, slots=True)
class Draft:
    """A document to insert, and the receipt and the head that are true once it is there."""

    document: dict[str, Any]
    receipt: Receipt
    head: Head


def ident(size: int) -> str:
    """The `_id` of a document: text, in the order of the numbers (some servers look up nothing else by index)."""
    return f"{min(max(size, 0), 10**_DIGITS - 1):0{_DIGITS}d}"


def size_of(document: Mapping[str, Any]) -> int:
    """The number of a document.

    Raises:
        IntegrityError: Its `_id` is none of ours.
    """
    given = document.get("_id")
    if not isinstance(given, str) or len(given) != _DIGITS or not (given.isascii() and given.isdigit()):
        raise IntegrityError("error.ledger_tampered", finding="leaves/_id")
    return int(given)


def empty_log(signer: Signer) -> dict[str, Any]:
    """Document 0."""
    tree = Tree()
    return {"_id": ident(0), "nodes": b"", "edge": b"", "note": signer.sign(0, tree.root(), 0)}


def compose(tree: Tree, leaf: Leaf, signer: Signer) -> Draft:
    """The document that appends a leaf to a tree; the tree grows."""
    index, before = tree.size, list(tree.peaks)
    digest = leaf_hash(leaf.body)
    nodes = tree.append(digest)
    note = signer.sign(tree.size, tree.root(), tree.size)
    optional = {"decision_id": leaf.decision_id, "verdict": leaf.verdict, "key": leaf.key}
    document = {
        "_id": ident(tree.size),
        "record_id": leaf.id,
        "schema": leaf.schema,
        **{name: value for name, value in optional.items() if value is not None},
        "body": leaf.body,
        "nodes": b"".join(nodes),
        "edge": b"".join(tree.peaks),
        "note": note,
    }
    return Draft(document, _receipt(index, digest, before, note), Head(tree.copy(), note))


def receipt_between(before: Mapping[str, Any], document: Mapping[str, Any]) -> Receipt:
    """The receipt that the append of a document gave, from it and the one before it."""
    return _receipt(size_of(document) - 1, hashes(document, "nodes")[0], hashes(before, "edge"), text_of(document, "note"))


def _receipt(index: int, digest: bytes, before: list[bytes], note: str) -> Receipt:
    # The newest leaf's siblings on the way to the root are the peaks of the tree before it, smallest first.
    return Receipt(
        leaf_index=index,
        leaf_hash=digest.hex(),
        tree_size=index + 1,
        root_hash=parse_checkpoint(note).root.hex(),
        inclusion=tuple(peak.hex() for peak in reversed(before)),
        checkpoint=note,
    )


def head_of(document: Mapping[str, Any], size: int, trusted: NoteVerifier) -> Head:
    """The state that a document ends with; its edge is held against its checkpoint, and that against the key.

    Raises:
        IntegrityError: They do not belong together.
    """
    note, tree = text_of(document, "note"), Tree(size, hashes(document, "edge"))
    try:
        signed = trusted.open(note)
    except ValueError as error:
        raise IntegrityError("error.ledger_tampered", finding=f"checkpoints/{size}: {error}") from error
    if len(tree.peaks) != size.bit_count() or (signed.size, signed.number, signed.root) != (size, size, tree.root()):
        raise IntegrityError("error.ledger_tampered", finding=f"checkpoints/{size}")
    return Head(tree, note)


def place_of(number: int) -> tuple[int, int]:
    """In which document a stored hash stands, and at which place of its `nodes`."""
    leaf = number // 2
    while stored_count(leaf + 1) <= number:
        leaf += 1
    return leaf + 1, number - stored_count(leaf)


def pick(documents: Mapping[int, Mapping[str, Any]], numbers: Iterable[int]) -> dict[int, bytes]:
    """Stored hashes by number, out of the documents that hold them.

    Raises:
        IntegrityError: One is not there.
    """
    picked = {}
    for number in numbers:
        size, place = place_of(number)
        found = hashes(documents.get(size, {}), "nodes")
        if place >= len(found):
            raise IntegrityError("error.ledger_tampered", finding=f"nodes/{number}")
        picked[number] = found[place]
    return picked


def hashes(document: Mapping[str, Any], name: str) -> list[bytes]:
    """The hashes that a field of a document joins.

    Raises:
        IntegrityError: It is something else.
    """
    joined = document.get(name)
    if not isinstance(joined, bytes) or len(joined) % _HASH:
        raise IntegrityError("error.ledger_tampered", finding=f"{name}/{document.get('_id')}")
    return [joined[start : start + _HASH] for start in range(0, len(joined), _HASH)]


def text_of(document: Mapping[str, Any], name: str) -> str:
    """A field of a document that must be text.

    Raises:
        IntegrityError: It is not.
    """
    value = document.get(name)
    if not isinstance(value, str):
        raise IntegrityError("error.ledger_tampered", finding=f"{name}/{document.get('_id')}")
    return value
