"""A second verifier of the ledger that shares no code with the writer; it can be copied and run alone.

    python -m neural_hive.ledger.independent LEDGER.db|EXPORT.jsonl --public-key KEY_OR_FILE [--anchor FILE]

Written from the formats only: RFC 6962 tree hashes, C2SP tlog-checkpoint and signed-note,
Ed25519, ChaCha20-Poly1305. Needs Python and `cryptography`. Prints one JSON object; exit code 0 when
nothing is wrong, 1 when something is, 64 when it was called wrongly.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

Tables = dict[str, list[tuple[Any, ...]] | None]
QUERIES = {
    "leaves": "SELECT leaf_index, record_id, schema, decision_id, verdict, body FROM leaves ORDER BY 1",
    "nodes": "SELECT number, hash FROM nodes ORDER BY 1",
    "checkpoints": "SELECT number, tree_size, note FROM checkpoints ORDER BY 1",
    "keys": "SELECT leaf_index, key FROM keys ORDER BY 1",
}


def public_key(text: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """Name, key id and key of a C2SP verifier key."""
    name, key_id, encoded = text.strip().split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[0] != 1 or hashlib.sha256(f"{name}\n".encode() + raw).hexdigest()[:8] != key_id:
        raise ValueError("not an Ed25519 verifier key")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(raw[1:])


def signed_state(note: Any, trusted: tuple[str, bytes, Ed25519PublicKey]) -> tuple[int, int, bytes] | None:
    """Number, size and root that a checkpoint attests, or None when it is not genuine."""
    name, key_id, key = trusted
    try:
        origin, size, root, count, gap, signature, end = note.split("\n")
        extension, number = count.split(" ")
        dash, signer, blob = signature.split(" ")
        raw = base64.b64decode(blob, validate=True)
        key.verify(raw[4:], f"{origin}\n{size}\n{root}\n{count}\n".encode())
        genuine = (origin, signer, dash, extension, gap, end, raw[:4]) == (name, name, "\N{EM DASH}", "checkpoint", "", "", key_id)
        digest = base64.b64decode(root, validate=True)
        exact = base64.b64encode(raw).decode() == blob and len(raw) == 68 and len(digest) == 32
        return (int(number), int(size), digest) if genuine and exact else None
    except (ValueError, AttributeError, TypeError, InvalidSignature):
        return None


class Tower:
    """The tree as a stack of (leaves, hash), each entry at least twice as large as the next."""

    def __init__(self) -> None:
        self.stack: list[tuple[int, bytes]] = []

    def push(self, body: bytes) -> Iterator[bytes]:
        """Add an entry; gives each hash of a subtree that is thereby complete."""
        width, digest = 1, hashlib.sha256(b"\0" + body).digest()
        yield digest
        while self.stack and self.stack[-1][0] == width:
            digest = hashlib.sha256(b"\1" + self.stack.pop()[1] + digest).digest()
            width *= 2
            yield digest
        self.stack.append((width, digest))

    def root(self) -> bytes:
        """Root over all entries."""
        if not self.stack:
            return hashlib.sha256().digest()
        digest = self.stack[-1][1]
        for _, left in self.stack[-2::-1]:
            digest = hashlib.sha256(b"\1" + left + digest).digest()
        return digest


def content_opens(record: dict[str, Any], key: Any) -> bool:
    """Whether the key opens the record's sealed content."""
    try:
        sealed = base64.b64decode(record["content"]["sealed"], validate=True)
        json.loads(ChaCha20Poly1305(key).decrypt(bytes(12), sealed, f"{record['schema']}\n{record['id']}".encode()))
    except (InvalidTag, ValueError, KeyError, TypeError):
        return False
    return True


def check_record(position: int, row: tuple[Any, ...], keys: dict[Any, Any] | None, sealed_off: dict[str, int]) -> Iterator[str]:
    """Problems of one leaf beside its hash: place, indexes, content key."""
    try:
        record = json.loads(row[5])
        stated = (position, record["id"], record["schema"], record.get("decision_id"), record.get("verdict"))
    except (ValueError, TypeError, KeyError, AttributeError):
        yield f"leaf {position} is unreadable"
        return
    if stated != tuple(row[:5]):
        yield f"leaf {position} is out of place or indexed wrongly"
    if keys is None:
        return
    key = keys.pop(position, None)
    if record.get("content") is None and key is not None:
        yield f"key {position} has no content"
    if record.get("content") is not None and key is None:
        sealed_off[record["id"]] = position
    elif record.get("content") is not None and not content_opens(record, key):
        yield f"key {position} does not open its content"
    if record["schema"] == "erasure/v1" and sealed_off.pop(str(record.get("decision_id")), None) is None:
        yield f"leaf {position} erases what is not erased"


def problems(tables: Tables, trusted: tuple[str, bytes, Ed25519PublicKey], anchor: str | None) -> Iterator[str]:
    """Everything that is wrong with a ledger; `nodes` and `keys` are None in an export."""
    nodes, checkpoints = tables["nodes"], tables["checkpoints"] or []
    keys = None if tables["keys"] is None else {row[0]: row[1] for row in tables["keys"]}
    numbers = [row[0] for row in tables["keys"] or ()]
    if numbers != sorted(set(numbers)):
        yield "keys are doubled or out of order"
    tower, roots = Tower(), [Tower().root()]
    hashes: list[bytes] = []
    sealed_off: dict[str, int] = {}
    for position, row in enumerate(tables["leaves"] or []):
        hashes += tower.push(row[5] if isinstance(row[5], bytes) else b"")
        roots.append(tower.root())
        yield from check_record(position, row, keys, sealed_off)
    if nodes is not None and nodes != list(enumerate(hashes)):
        yield "the stored tree is not that of the leaves"
    sizes = [row[1] for row in checkpoints]
    numbered = [row[0] for row in checkpoints] == list(range(len(sizes)))
    if not numbered or sizes != sorted(set(sizes)) or [*sizes[:1], *sizes[-1:]] != [0, len(roots) - 1]:
        yield "checkpoints are missing or out of order"
    for number, size, note in checkpoints:
        if signed_state(note, trusted) != (number, size, roots[size] if 0 <= size < len(roots) else b""):
            yield f"checkpoint {number} does not attest these leaves"
    yield from (f"the key of leaf {index} is gone without an erasure" for index in sealed_off.values())
    yield from (f"key {index} belongs to no leaf" for index in keys or ())
    if anchor is not None:
        state = signed_state(anchor, trusted)
        if state is None or state[1] >= len(roots) or roots[state[1]] != state[2]:
            yield "the ledger does not contain the anchor's state"


def from_database(path: Path) -> Tables:
    """The rows of a ledger file."""
    with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) as database:
        database.execute("BEGIN")
        return {table: database.execute(query).fetchall() for table, query in QUERIES.items()}


def from_export(lines: Iterable[str]) -> Tables:
    """The rows of an export: one JSON object a line, leaves and checkpoints."""
    leaves, checkpoints = [], []
    for entry in map(json.loads, lines):
        if entry["type"] == "leaf":
            record = json.loads(entry["body"])
            names = (record["id"], record["schema"], record.get("decision_id"), record.get("verdict"))
            leaves.append((entry["index"], *names, entry["body"].encode()))
        else:
            checkpoints.append((entry["number"], entry["tree_size"], entry["note"]))
    return {"leaves": leaves, "nodes": None, "checkpoints": checkpoints, "keys": None}


def main(arguments: list[str] | None = None) -> int:
    """Verify the file named on the command line."""
    parser = argparse.ArgumentParser(prog="independent", description="Verify a ledger without the code that wrote it.")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--public-key", required=True)
    parser.add_argument("--anchor", type=Path)
    try:
        given = parser.parse_args(arguments)
        trusted = public_key(Path(given.public_key).read_text("utf-8") if Path(given.public_key).is_file() else given.public_key)
        anchor = given.anchor.read_text("utf-8") if given.anchor else None
    except (SystemExit, ValueError, OSError) as error:
        sys.stderr.write("" if isinstance(error, SystemExit) else f"{error}\n")
        return 0 if isinstance(error, SystemExit) and not error.code else 64
    try:
        with given.ledger.open("rb") as file:
            sqlite = file.read(16) == b"SQLite format 3\0"
        tables = from_database(given.ledger) if sqlite else from_export(given.ledger.read_text("utf-8").splitlines())
        found = list(problems(tables, trusted, anchor))
    except (OSError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
        tables, found = {}, [f"the file is unreadable: {error}"]
    sys.stdout.write(json.dumps({"ok": not found, "leaves": len(tables.get("leaves") or ()), "problems": found[:50]}) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
