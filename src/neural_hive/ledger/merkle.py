"""The Merkle tree of RFC 6962 (section 2.1) and RFC 9162 (section 2.1): hashing, proofs, checks.

Pure functions over a store of node hashes that only grows. Every complete subtree's hash is kept
under a dense number, in the order in which the subtrees become complete (the layout of Go's
checksum database), so that appending writes at the end only, and a proof about 10^6 leaves reads
some forty hashes.

Why own code: the well-kept library for Python (pymerkle) is under the GPL, which this product's
licence cannot carry, commits once per entry on a connection of its own, so that neither group
commit nor one transaction with the record's indexes is possible, and recomputes subtrees from
leaf hashes instead of storing them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

Read = Callable[[int], bytes]
"""Looks up a stored hash by its number (see `stored_index`)."""

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    """Hash of one entry."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node from its children."""
    return sha256(b"\x01" + left + right).digest()


def stored_count(size: int) -> int:
    """How many hashes a tree of `size` leaves has stored."""
    return 2 * size - size.bit_count()


def stored_index(level: int, position: int) -> int:
    """Number of the complete subtree that is `position`-th (from 0) of those with 2**level leaves."""
    last_leaf = ((position + 1) << level) - 1
    return stored_count(last_leaf) + level


@dataclass(slots=True)
class Tree:
    """The growing edge of a tree: its size and the roots of its complete subtrees, largest first."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add a leaf hash; returns the hashes to store, in the order of their numbers."""
        stored = [leaf]
        remaining = self.size
        while remaining & 1:
            stored.append(node_hash(self.peaks.pop(), stored[-1]))
            remaining >>= 1
        self.peaks.append(stored[-1])
        self.size += 1
        return stored

    def root(self) -> bytes:
        """Root hash of the tree as it is."""
        return _fold(self.peaks) if self.peaks else EMPTY_ROOT

    def copy(self) -> Tree:
        """An independent tree in the same state."""
        return Tree(self.size, list(self.peaks))


def load_tree(size: int, read: Read) -> Tree:
    """The tree of the first `size` leaves, from its stored hashes; O(log n) reads."""
    return Tree(size, [read(number) for number in _complete(0, size)])


def prove_inclusion(index: int, size: int, read: Read) -> tuple[bytes, ...]:
    """Audit path, leaf to root, of leaf `index` in the tree of the first `size` leaves.

    Raises:
        ValueError: There is no such leaf in that tree.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf lies outside the tree")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_hash(middle, high, read))
            high = middle
        else:
            path.append(_range_hash(low, middle, read))
            low = middle
    return tuple(reversed(path))


def prove_consistency(old: int, new: int, read: Read) -> tuple[bytes, ...]:
    """Proof that the tree of `old` leaves is a prefix of the tree of `new` leaves.

    Empty when `old` is 0 or equals `new`.

    Raises:
        ValueError: Not 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree grows: 0 <= old <= new")
    if old in {0, new}:
        return ()
    path: list[bytes] = []
    low, high = 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range_hash(middle, high, read))
            high = middle
        else:
            path.append(_range_hash(low, middle, read))
            low = middle
    if low > 0:
        path.append(_range_hash(low, high, read))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` ties the leaf hash at `index` to the root of a tree of `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            at, last = _climb(at, last)
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if not 0 <= old < new:
        return False
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    of_old = of_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            of_old, of_new = node_hash(sibling, of_old), node_hash(sibling, of_new)
            at, last = _climb(at, last)
        else:
            of_new = node_hash(of_new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == new_root


def _climb(at: int, last: int) -> tuple[int, int]:
    # A node without a right sibling is carried up unchanged until it becomes a right child.
    while not at & 1 and at:
        at, last = at >> 1, last >> 1
    return at, last


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _complete(low: int, high: int) -> list[int]:
    """Numbers of the complete subtrees that make up leaves [low, high), left to right; `low` is aligned."""
    numbers = []
    while low < high:
        level = (high - low).bit_length() - 1
        numbers.append(stored_index(level, low >> level))
        low += 1 << level
    return numbers


def _range_hash(low: int, high: int, read: Read) -> bytes:
    return _fold([read(number) for number in _complete(low, high)])


def _fold(hashes: Sequence[bytes]) -> bytes:
    computed = hashes[-1]
    for left in reversed(hashes[:-1]):
        computed = node_hash(left, computed)
    return computed
