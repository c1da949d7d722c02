from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.ledger import merkle

# The eight leaves and roots that certificate transparency logs are tested with.
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

sizes = st.integers(1, 300)


def stored(size: int) -> list[bytes]:
    tree, hashes = merkle.Tree(), []
    for number in range(size):
        hashes += tree.append(merkle.leaf_hash(str(number).encode()))
    return hashes


STORE = stored(300)


def root_by_definition(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 defines it, by recursion over all leaves."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + root_by_definition(leaves[:split]) + root_by_definition(leaves[split:])).digest()


def root(size: int) -> bytes:
    return merkle.load_tree(size, STORE.__getitem__).root()


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    tree = merkle.Tree()
    for leaf in LEAVES[:size]:
        tree.append(merkle.leaf_hash(leaf))
    assert tree.root().hex() == ROOTS[size]


@given(sizes)
def test_root_is_that_of_the_definition(size: int) -> None:
    assert root(size) == root_by_definition([str(number).encode() for number in range(size)])


@given(sizes)
def test_stored_hashes_are_numbered_densely(size: int) -> None:
    assert len(stored(size)) == merkle.stored_count(size)


@given(sizes, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = merkle.prove_inclusion(index, size, STORE.__getitem__)
    leaf = merkle.leaf_hash(str(index).encode())
    assert merkle.verify_inclusion(leaf, index, size, path, root(size))
    assert len(path) <= size.bit_length()
    for other in {*range(size), size} - {index}:
        assert not merkle.verify_inclusion(leaf, other, size, path, root(size))
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, path, root(size))
    assert not merkle.verify_inclusion(leaf, index, size, [*path, leaf], root(size))
    assert not path or not merkle.verify_inclusion(leaf, index, size, path[:-1], root(size))


@given(sizes, st.data())
def test_consistency(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    path = merkle.prove_consistency(old, new, STORE.__getitem__)
    assert merkle.verify_consistency(old, new, root(old), root(new), path)
    wrong = sha256(b"wrong").digest()
    assert not merkle.verify_consistency(old, new, wrong, root(new), path)
    assert old == 0 or not merkle.verify_consistency(old, new, root(old), wrong, path)
    assert not merkle.verify_consistency(old, new, root(old), root(new), [*path, wrong])
    for place in range(len(path)):
        assert not merkle.verify_consistency(old, new, root(old), root(new), [*path[:place], wrong, *path[place + 1 :]])


def test_a_proof_fits_one_old_size_only() -> None:
    for old in range(1, 40):
        path = merkle.prove_consistency(old, 40, STORE.__getitem__)
        fitting = [size for size in range(1, 40) if merkle.verify_consistency(size, 40, root(old), root(40), path)]
        assert fitting == [old]


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0)])
def test_no_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        merkle.prove_inclusion(index, size, STORE.__getitem__)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5)])
def test_no_proof_of_shrinking(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="grows"):
        merkle.prove_consistency(old, new, STORE.__getitem__)


@given(st.integers(1, 10**6), st.data())
def test_proofs_read_few_hashes_of_a_large_tree(size: int, data: st.DataObject) -> None:
    reads: list[int] = []

    def read(number: int) -> bytes:
        assert number < merkle.stored_count(size)
        reads.append(number)
        return bytes(32)

    merkle.prove_inclusion(data.draw(st.integers(0, size - 1)), size, read)
    merkle.prove_consistency(data.draw(st.integers(0, size)), size, read)
    assert len(reads) <= 4 * size.bit_length()
