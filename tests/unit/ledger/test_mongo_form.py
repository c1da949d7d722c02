"""What stands in a document, and what follows from it, without a server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neural_hive.errors import IntegrityError, LedgerError, SettingsError
from neural_hive.ledger import merkle
from neural_hive.ledger.leaf import seal
from neural_hive.ledger.mongo import open_mongo_ledger
from neural_hive.ledger.mongo_audit import _Unrolled, entries
from neural_hive.ledger.mongo_form import compose, empty_log, head_of, ident, pick, place_of, receipt_between, size_of
from neural_hive.ledger.mongo_log import place_of_url
from neural_hive.ledger.signing import NoteVerifier, Signer, open_signer
from neural_hive.ledger.verify import VerificationReport, audit, verify_receipt

Document = dict[str, Any]
SIZES = 40


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return open_signer(tmp_path_factory.mktemp("key") / "ledger.key", create=True)


@pytest.fixture
def documents(signer: Signer) -> list[Document]:
    """A log of 40 leaves: decisions with and without words, and feedback."""
    tree = merkle.Tree()
    records = [record(number) for number in range(SIZES)]
    return [empty_log(signer), *(compose(tree, seal(each), signer).document for each in records)]


def record(number: int) -> Document:
    content = {"content": {"text": f"ação {number}"}} if number % 4 else {}
    named = {"decision_id": "d1"} if number % 5 == 4 else {"verdict": "approve"}
    return {"schema": "decision/v1", "id": f"d{number}", "created_at": "2025", **named, **content}


def audited(documents: list[Document], signer: Signer) -> VerificationReport:
    unrolled = _Unrolled(documents)
    report = audit(unrolled.rows(), NoteVerifier(signer.public_key).open)
    return VerificationReport(report.leaves, report.checkpoints, report.erased, report.root, (*report.findings, *unrolled.findings))


def test_documents_are_numbered_by_the_leaves_so_far(documents: list[Document]) -> None:
    assert [size_of(document) for document in documents] == list(range(SIZES + 1))
    assert sorted(document["_id"] for document in documents) == [document["_id"] for document in documents]


@pytest.mark.parametrize("name", [None, 7, "7", "00000000000x", "²" * 12, "0" * 13])
def test_what_is_no_number_of_ours_is_refused(name: object) -> None:
    with pytest.raises(IntegrityError):
        size_of({"_id": name})


def test_numbers_stay_in_order_at_the_edges() -> None:
    assert ident(-1) == ident(0) == "000000000000"
    assert ident(10**15) == "9" * 12


def test_every_stored_hash_has_its_place() -> None:
    tree, number = merkle.Tree(), 0
    for size in range(1, 3000):
        for place, _ in enumerate(tree.append(bytes(32))):
            assert place_of(number) == (size, place)
            number += 1


def test_an_append_gives_a_receipt_that_needs_nothing_else(documents: list[Document], signer: Signer) -> None:
    for before, document in itertools.pairwise(documents):
        assert verify_receipt(receipt_between(before, document), signer.public_key)


def test_the_receipt_of_an_append_is_the_one_that_its_documents_give(signer: Signer, documents: list[Document]) -> None:
    tree = merkle.Tree()
    before = documents[0]
    for number in range(9):
        draft = compose(tree, seal(record(number)), signer)
        assert draft.receipt == receipt_between(before, draft.document)
        before = draft.document


def test_a_head_is_the_tree_of_all_leaves(documents: list[Document], signer: Signer) -> None:
    tree = merkle.Tree()
    for document in documents[1:]:
        tree.append(merkle.leaf_hash(document["body"]))
    head = head_of(documents[-1], SIZES, NoteVerifier(signer.public_key))
    assert (head.size, head.tree.peaks, head.tree.root()) == (SIZES, tree.peaks, tree.root())


HEADS: dict[str, Callable[[Document], Document]] = {
    "edge cut": lambda document: {"edge": document["edge"][32:]},
    "edge changed": lambda document: {"edge": bytes(32) + document["edge"][32:]},
    "edge torn": lambda document: {"edge": document["edge"][1:]},
    "edge gone": lambda _: {"edge": None},
    "note forged": lambda document: {"note": document["note"].replace("40", "41", 1)},
    "note gone": lambda _: {"note": None},
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_does_not_hold_together_is_refused(name: str, documents: list[Document], signer: Signer) -> None:
    document = documents[-1] | HEADS[name](documents[-1])
    with pytest.raises(IntegrityError):
        head_of(document, SIZES, NoteVerifier(signer.public_key))


def test_another_place_is_no_head(documents: list[Document], signer: Signer) -> None:
    with pytest.raises(IntegrityError):
        head_of(documents[-1], SIZES - 1, NoteVerifier(signer.public_key))


def test_a_missing_hash_is_noticed(documents: list[Document]) -> None:
    known = {size_of(document): document for document in documents}
    assert pick(known, [0]) == {0: merkle.leaf_hash(documents[1]["body"])}
    with pytest.raises(IntegrityError):
        pick({}, [0])


def test_an_untouched_log_is_well(documents: list[Document], signer: Signer) -> None:
    report = audited(documents, signer)
    assert (report.findings, report.leaves, report.checkpoints) == ((), SIZES, SIZES + 1)


CHANGES: dict[str, Callable[[list[Document]], object]] = {
    "body": lambda documents: documents[9].update(body=documents[9]["body"].replace(b"approve", b"reject!")),
    "body gone": lambda documents: documents[9].pop("body"),
    "verdict in the index": lambda documents: documents[9].update(verdict="reject"),
    "id in the index": lambda documents: documents[9].update(record_id="other"),
    "key": lambda documents: documents[10].update(key=bytes(32)),
    "key taken out": lambda documents: documents[10].pop("key"),
    "key added": lambda documents: documents[1].update(key=bytes(32)),
    "node": lambda documents: documents[8].update(nodes=documents[8]["nodes"][:32] + bytes(32) + documents[8]["nodes"][64:]),
    "node taken out": lambda documents: documents[8].update(nodes=documents[8]["nodes"][:-32]),
    "node added": lambda documents: documents[8].update(nodes=documents[8]["nodes"] + bytes(32)),
    "last node added": lambda documents: documents[-1].update(nodes=documents[-1]["nodes"] + bytes(32)),
    "nodes torn": lambda documents: documents[8].update(nodes=b"x"),
    "edge": lambda documents: documents[8].update(edge=bytes(32)),
    "note": lambda documents: documents[8].update(note=documents[7]["note"]),
    "note gone": lambda documents: documents[8].pop("note"),
    "number": lambda documents: documents[8].update(_id="x"),
    "taken out": lambda documents: documents.pop(8),
    "first taken out": lambda documents: documents.pop(0),
    "doubled": lambda documents: documents.insert(8, documents[8]),
    "exchanged": lambda documents: documents.insert(8, documents.pop(9)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_is_noticed(name: str, documents: list[Document], signer: Signer) -> None:
    CHANGES[name](documents)
    assert not audited(documents, signer).ok


def test_the_audit_keeps_few_documents(documents: list[Document], signer: Signer) -> None:
    unrolled, longest = _Unrolled(documents), 0
    for row in unrolled.rows().leaves:
        longest = max(longest, len(unrolled._queues["leaves"]))
        assert row
    assert longest <= 1


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("mongodb://ana:segredo@a:1,b:2/hive?authSource=x", "mongodb://a:1,b:2/hive"),
        ("mongodb+srv://ana:s%40@host", "mongodb+srv://host"),
        ("mongodb://[::1]:27017/hive-2", "mongodb://[::1]:27017/hive-2"),
        ("mongodb://ana:se/gredo@host/db?tls=true", "mongodb://host/db"),
        ("mongodb://ana:s@gredo@host", "mongodb://host"),
        ("mongodb://ana:segredo", "mongodb://..."),
        ("mongodb://ana:se?gredo@host/db", "mongodb://..."),
        ("mongodb://ana:segredo@host/db?tlsCertificateKeyFilePassword=s@gredo", "mongodb://..."),
    ],
)
def test_a_place_is_named_without_its_secrets(url: str, place: str) -> None:
    assert place_of_url(url) == place


async def test_a_server_that_is_not_there_is_named_within_the_deadline(tmp_path: Path) -> None:
    async with asyncio.timeout(3):
        with pytest.raises(LedgerError) as told:
            await opened("mongodb://ana:segredo@127.0.0.1:1/x", tmp_path)
    assert "segredo" not in str(told.value)
    assert "127.0.0.1:1/x" in told.value.render("pt")


@pytest.mark.parametrize("url", ["mongodb://", "mongodb://host:port/x", "mongodb://a:b@c:d@e/x"])
async def test_a_url_that_cannot_be_used_is_a_setting_to_mend(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        await opened(url, tmp_path)


@pytest.mark.parametrize(
    "option",
    ["tls=yes", "tsl=true", "tls=true&tlsCAFile=/missing.pem", "tls=true&tls=false", "timeoutMS=abc", "tls", "ana:segredo@host/db"],
)
async def test_an_option_that_the_driver_would_leave_out_is_a_setting_to_mend(option: str, tmp_path: Path) -> None:
    url = f"mongodb://ana:segredo@127.0.0.1:1/x?{option}"
    with pytest.raises(SettingsError) as told:
        await opened(url, tmp_path)
    assert told.value.key == "error.ledger_option"
    assert "segredo" not in told.value.render("pt")
    with pytest.raises(SettingsError):
        list(entries(url, 0.3))


async def test_options_that_can_be_used(tmp_path: Path) -> None:
    url = (
        "mongodb://ana:segredo@127.0.0.1:1/x?tls=true&authSource=admin&readPreference=nearest&readPreferenceTags=a:1&readPreferenceTags=b:2"
    )
    with pytest.raises(LedgerError):
        await opened(url, tmp_path)


async def opened(url: str, folder: Path) -> None:
    async with open_mongo_ledger(url, ledger_key_path=folder / "ledger.key", ledger_deadline=0.3):
        pass
