from __future__ import annotations

import os
import stat
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from neural_hive.errors import IntegrityError, LedgerError
from neural_hive.ledger.checkpoint import Checkpoint, parse_checkpoint
from neural_hive.ledger.signing import NoteVerifier, Signer, open_signer, public_key_path
from neural_hive.ledger.sqlite import published_key

ROOT = sha256(b"root").digest()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return open_signer(tmp_path / "ledger.key", create=True)


def test_key_file_is_its_owners_only_and_stays(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "ledger.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_signer(path, create=False).public_key == signer.public_key
    assert public_key_path(path).read_text() == f"{signer.public_key}\n"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["ledger.key", "ledger.key.pub"]


def test_missing_key_of_an_existing_ledger_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError) as caught:
        open_signer(tmp_path / "ledger.key", create=False)
    assert caught.value.key == "error.ledger_key_missing"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_unreadable_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.key").write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        open_signer(tmp_path / "ledger.key", create=True)
    assert caught.value.key == "error.ledger_key_unreadable"


def test_a_key_alone_in_a_folder_that_cannot_be_written(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "ledger.key"
    public_key_path(path).unlink()
    (tmp_path / f".{public_key_path(path).name}.{os.getpid()}").mkdir()  # a draft that cannot be made, whoever runs this
    assert open_signer(path, create=False).public_key == published_key(path) == signer.public_key
    assert not public_key_path(path).exists()


def test_a_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.key").mkdir()
    with pytest.raises(LedgerError) as caught:
        open_signer(tmp_path / "ledger.key", create=False)
    assert caught.value.key == "error.ledger_key_closed"
    assert str(tmp_path / "ledger.key") in caught.value.render("pt")


def test_a_secret_is_the_keys_and_the_purposes(signer: Signer) -> None:
    assert len(signer.secret("a")) == 32
    assert signer.secret("a") == signer.secret("a")
    assert len({signer.secret("a"), signer.secret("b"), Signer(Ed25519PrivateKey.generate()).secret("a")}) == 3


def test_note_has_the_published_format(signer: Signer) -> None:
    """Checked from the format's description, without this package's reader."""
    note = signer.sign(7, ROOT, 3)
    origin, size, root, count, blank, signature, end = note.split("\n")
    name, key_id, key = signer.public_key.split("+", 2)
    raw_key, raw_signature = b64decode(key), b64decode(signature.removeprefix(f"\u2014 {name} "))
    assert (origin, size, count, blank, end, b64decode(root)) == (name, "7", "checkpoint 3", "", "", ROOT)
    assert raw_key[0] == 1
    assert sha256(name.encode() + b"\n" + raw_key).digest()[:4].hex() == key_id == raw_signature[:4].hex()
    Ed25519PublicKey.from_public_bytes(raw_key[1:]).verify(raw_signature[4:], f"{origin}\n{size}\n{root}\n{count}\n".encode())


def test_genuine_note_opens(signer: Signer) -> None:
    assert NoteVerifier(signer.public_key).open(signer.sign(7, ROOT, 3)) == Checkpoint(signer.origin, 7, ROOT, 3)


def test_every_changed_character_is_noticed(signer: Signer) -> None:
    note, verifier = signer.sign(10, ROOT, 30), NoteVerifier(signer.public_key)
    for place in range(len(note)):
        for other in ("", "A" if note[place] != "A" else "B", note[place] * 2):
            with pytest.raises(ValueError, match=r"."):
                verifier.open(note[:place] + other + note[place + 1 :])


def test_another_keys_note_is_refused(signer: Signer) -> None:
    stranger = Signer(Ed25519PrivateKey.generate())
    with pytest.raises(ValueError, match="not signed by this key"):
        NoteVerifier(signer.public_key).open(stranger.sign(7, ROOT, 3))


def test_signature_cannot_be_moved_to_another_body(signer: Signer) -> None:
    one, other = signer.sign(7, ROOT, 3), signer.sign(8, ROOT, 4)
    with pytest.raises(ValueError, match="wrong"):
        NoteVerifier(signer.public_key).open(one.partition("\n\n")[0] + "\n\n" + other.partition("\n\n")[2])


@pytest.mark.parametrize("key", ["", "name", "name+00000000+AAAA", "a+b+c"])
def test_what_is_no_verifier_key(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        NoteVerifier(key)


@pytest.mark.parametrize("text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n", "a\n1\nx\n\nb"])
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_checkpoint(text)
