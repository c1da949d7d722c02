"""A record as the ledger keeps it: plain members for the auditor, a person's words under a key of their own.

The leaf is the canonical JSON of the record in which `content` (everything that a person may have
written) is replaced by its ciphertext. The key is made for this one leaf and lies outside the tree:
destroying it erases the words, while the leaf's bytes, and with them every proof, stay as they are.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from neural_hive.errors import InputError, IntegrityError
from neural_hive.ledger.canonical import canonical

CIPHER = "chacha20-poly1305"
_NONCE = bytes(12)  # a key seals exactly one text, so that a constant nonce never repeats under it
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is written: the leaf's bytes, the key of its content, and the members that are indexed."""

    body: bytes
    key: bytes | None
    id: str
    schema: str
    decision_id: str | None
    verdict: str | None


def seal(record: dict[str, Any]) -> Leaf:
    """Turn a record into a leaf.

    Args:
        record: A JSON object as described at `Ledger`; `content`, if there is one, is anything
            msgspec can encode (dataclasses too) and is encrypted as a whole.

    Raises:
        InputError: A required member is missing or the record has no canonical JSON form.
    """
    for name in ("schema", "id", "created_at"):
        if not isinstance(record.get(name), str) or not record[name]:
            raise InputError("error.ledger_record", reason=name)
    if "erased" in record:
        raise InputError("error.ledger_record", reason="erased")
    plain, key = dict(record), None
    try:
        if record.get("content") is not None:
            key = os.urandom(32)
            plain["content"] = {"cipher": CIPHER, "sealed": _encrypt(key, _encoder.encode(record["content"]), record)}
        body = canonical(plain)
    except (TypeError, ValueError) as error:
        raise InputError("error.ledger_record", reason=str(error)) from error
    return Leaf(body, key, record["id"], record["schema"], record.get("decision_id"), record.get("verdict"))


def unseal(body: bytes, key: bytes | None) -> dict[str, Any]:
    """The record again; without the key, `content` is None and `erased` is True.

    Raises:
        IntegrityError: The bytes are not a leaf, or the key does not open it.
    """
    try:
        record: dict[str, Any] = _decoder.decode(body)
        content = record.get("content")
        if content is None:
            return record
        if key is None:
            return record | {"content": None, "erased": True}
        return record | {"content": _decoder.decode(_decrypt(key, content["sealed"], record))}
    except (ValueError, TypeError, KeyError, AttributeError, InvalidTag) as error:
        raise IntegrityError("error.ledger_tampered", finding="content") from error


def _encrypt(key: bytes, text: bytes, record: dict[str, Any]) -> str:
    return b64encode(ChaCha20Poly1305(key).encrypt(_NONCE, text, _bound_to(record))).decode()


def _decrypt(key: bytes, sealed: str, record: dict[str, Any]) -> bytes:
    return ChaCha20Poly1305(key).decrypt(_NONCE, b64decode(sealed, validate=True), _bound_to(record))


def _bound_to(record: dict[str, Any]) -> bytes:
    # Binds a ciphertext to its record, so that it cannot be passed off as another one's.
    return f"{record['schema']}\n{record['id']}".encode()
