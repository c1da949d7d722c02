"""The ledger's key: an Ed25519 key file, and signatures in the C2SP signed-note format.

The private key is a PEM file (PKCS 8) that only its owner can read. The public key is published as
a verifier key, "<name>+<key id>+<base64>", which is also what an offline verifier needs.
"""

from __future__ import annotations

import os
from base64 import b64encode
from contextlib import suppress
from hashlib import blake2b, sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from neural_hive.errors import IntegrityError, LedgerError
from neural_hive.ledger.checkpoint import SIGNATURE_MARK, Checkpoint, decode_base64, parse_checkpoint, split_note

_ED25519 = b"\x01"


class Signer:
    """Signs checkpoints; its name, the log's origin, is derived from the key, so each log has its own."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        public = key.public_key().public_bytes_raw()
        self._key = key
        self.origin = f"neural-hive-mind/ledger/{sha256(public).hexdigest()[:16]}"
        self._key_id = _key_id(self.origin, public)
        self.public_key = f"{self.origin}+{self._key_id.hex()}+{b64encode(_ED25519 + public).decode()}"

    def sign(self, size: int, root: bytes, number: int) -> str:
        """The signed checkpoint of a tree; `number` counts the log's checkpoints from 0."""
        body = Checkpoint(self.origin, size, root, number).text()
        signature = b64encode(self._key_id + self._key.sign(body.encode())).decode()
        return f"{body}\n{SIGNATURE_MARK}{self.origin} {signature}\n"

    def secret(self, purpose: str) -> bytes:
        """32 bytes that only holders of the key can know, others for each purpose (at most 16 bytes of it)."""
        return blake2b(key=self._key.private_bytes_raw(), person=purpose.encode(), digest_size=32).digest()


class NoteVerifier:
    """Checks signed checkpoints against one public key.

    Args:
        public_key: A verifier key, as `Signer.public_key`.

    Raises:
        ValueError: It is not an Ed25519 verifier key.
    """

    def __init__(self, public_key: str) -> None:
        self.name, key_id, encoded = public_key.strip().split("+", 2)
        raw = decode_base64(encoded, 33)
        if raw[:1] != _ED25519 or _key_id(self.name, raw[1:]).hex() != key_id:
            raise ValueError("not an Ed25519 verifier key")
        self._key_id = bytes.fromhex(key_id)
        self._key = Ed25519PublicKey.from_public_bytes(raw[1:])

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a note whose one signature line is this key's.

        Raises:
            ValueError: It is no checkpoint of this log, or the signature is not this key's.
        """
        body, signature = split_note(note)
        prefix = f"{SIGNATURE_MARK}{self.name} "
        if not signature.startswith(prefix) or signature.count("\n") != 1:
            raise ValueError("not signed by this key")
        raw = decode_base64(signature[len(prefix) : -1], 68)
        if raw[:4] != self._key_id:
            raise ValueError("not signed by this key")
        try:
            self._key.verify(raw[4:], body.encode())
        except InvalidSignature as error:
            raise ValueError("the signature is wrong") from error
        checkpoint = parse_checkpoint(note)
        if checkpoint.origin != self.name:
            raise ValueError("the checkpoint is another log's")
        return checkpoint


def open_signer(path: Path, *, create: bool) -> Signer:
    """Load the key file, or create it together with `<path>.pub`.

    Creation is atomic and safe between processes: whoever comes second loads the first one's key. A key that was
    put into a folder without its public half, and where nothing can be written, is used without it.

    Args:
        path: The private key's file.
        create: Whether a missing key may be created; not when a ledger exists that it has signed.

    Raises:
        IntegrityError: The file is missing and may not be created, or holds no Ed25519 key.
        LedgerError: It cannot be read.
        OSError: It cannot be created.
    """
    if not path.exists():
        if not create:
            raise IntegrityError("error.ledger_key_missing", path=str(path))
        _create(path)
    signer = Signer(_read(path))
    public = public_key_path(path)
    if not public.exists():
        with suppress(OSError):
            _write_new(public, f"{signer.public_key}\n".encode(), 0o644)
    return signer


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise LedgerError("error.ledger_key_closed", reason=error.strerror or type(error).__name__, path=str(path)) from error
    except ValueError as error:
        raise IntegrityError("error.ledger_key_unreadable", path=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError("error.ledger_key_unreadable", path=str(path))
    return key


def public_key_path(path: Path) -> Path:
    """Where the public half of a key file is kept."""
    return path.with_name(f"{path.name}.pub")


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that appears whole or not at all, and never replaces another."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]
