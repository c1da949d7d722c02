"""Whatever is changed in a ledger's rows is noticed, by both verifiers."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from neural_hive.ledger import independent
from neural_hive.ledger.checkpoint import Checkpoint
from neural_hive.ledger.signing import NoteVerifier
from neural_hive.ledger.sqlite import open_sqlite_ledger, public_key_of
from neural_hive.ledger.verify import Rows, audit

Table = list[tuple[Any, ...]]
Ledger = dict[str, Table]


@dataclass
class Specimen:
    """A ledger's rows, the checkpoint that an auditor kept, and both verifiers."""

    rows: Ledger
    anchor: str
    public_key: str

    def __post_init__(self) -> None:
        # The notes are the same in nearly every mutation: each signature is checked once.
        verifier = NoteVerifier(self.public_key)
        self._open: Callable[[str], Checkpoint] = cache(verifier.open)
        self._key = independent.public_key(self.public_key)

    def noticed(self, rows: Ledger) -> bool:
        return not audit(Rows(**rows), self._open, self.anchor).ok

    def noticed_by_the_second(self, rows: Ledger) -> bool:
        return any(True for _ in independent.problems({**rows}, self._key, self.anchor))


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    path = tmp_path_factory.mktemp("tamper") / "ledger.db"
    anchor = asyncio.run(write(path))
    with sqlite3.connect(path) as database:
        rows = {table: database.execute(query).fetchall() for table, query in independent.QUERIES.items()}
    database.close()
    return Specimen(rows, anchor, public_key_of(path))


async def write(path: Path) -> str:
    """A small ledger with every kind of row; returns its head."""
    async with open_sqlite_ledger(path) as ledger:
        for number in range(9):
            content = {"content": {"text": f"texto {number}"}} if number % 3 else {}
            decision = {"decision_id": f"d{number - 1}"} if number % 4 == 3 else {"verdict": "approve"}
            await ledger.append({"schema": "x/v1", "id": f"d{number}", "created_at": "2025", **decision, **content})
        await ledger.erase("d4")
        return await ledger.head()


def flip(value: Any, dice: random.Random) -> Any:
    """The value with one bit, character or unit changed."""
    if isinstance(value, bytes) and value:
        place = dice.randrange(len(value))
        return value[:place] + bytes([value[place] ^ (1 << dice.randrange(8))]) + value[place + 1 :]
    if isinstance(value, str) and value:
        place = dice.randrange(len(value))
        return value[:place] + chr((ord(value[place]) ^ (1 << dice.randrange(7))) or 1) + value[place + 1 :]
    return value + dice.choice((-1, 1)) if isinstance(value, int) else dice.choice(("x", b"x", 0))


def flip_a_value(rows: Ledger, dice: random.Random) -> None:
    table = dice.choice(list(rows))
    at = dice.randrange(len(rows[table]))
    row = list(rows[table][at])
    column = dice.randrange(len(row))
    row[column] = flip(row[column], dice)
    rows[table][at] = tuple(row)


def delete_a_row(rows: Ledger, dice: random.Random) -> None:
    table = rows[dice.choice(list(rows))]
    del table[dice.randrange(len(table))]


def double_a_row(rows: Ledger, dice: random.Random) -> None:
    table = rows[dice.choice(list(rows))]
    table.insert(dice.randrange(len(table) + 1), dice.choice(table))


def swap_values(rows: Ledger, dice: random.Random) -> None:
    """Exchange one column, or all but the row's number, between two rows."""
    table = rows[dice.choice(list(rows))]
    one, other = dice.sample(range(len(table)), 2)
    column = dice.randrange(len(table[0]))
    first, second = list(table[one]), list(table[other])
    columns = [column] if dice.random() < 0.5 else range(1, len(first))
    for each in columns:
        first[each], second[each] = second[each], first[each]
    table[one], table[other] = tuple(first), tuple(second)


def reorder(rows: Ledger, dice: random.Random) -> None:
    """Shuffle the leaves and number them anew."""
    table = rows[dice.choice(("leaves", "checkpoints", "nodes"))]
    shuffled = dice.sample(table, len(table))
    table[:] = [(number, *row[1:]) for number, row in enumerate(shuffled)]


def truncate(rows: Ledger, dice: random.Random) -> None:
    table = rows[dice.choice(list(rows))]
    del table[dice.randrange(len(table)) :]


def set_back(rows: Ledger, dice: random.Random) -> None:
    """Cut all tables back to an earlier state that was really signed."""
    size = dice.randrange(len(rows["leaves"]))
    rows["leaves"][:] = rows["leaves"][:size]
    rows["nodes"][:] = rows["nodes"][: 2 * size - size.bit_count()]
    rows["checkpoints"][:] = [row for row in rows["checkpoints"] if row[1] <= size]
    rows["keys"][:] = [row for row in rows["keys"] if row[0] < size]


def replace_checkpoint(rows: Ledger, dice: random.Random) -> None:
    table = rows["checkpoints"]
    at = dice.randrange(len(table))
    note = dice.choice(table)[2]
    table[at] = (at, dice.choice((table[at][1], dice.randrange(len(table)))), note)


MUTATIONS = (
    flip_a_value,
    flip_a_value,
    flip_a_value,
    delete_a_row,
    double_a_row,
    swap_values,
    reorder,
    truncate,
    set_back,
    replace_checkpoint,
)


def mutants(rows: Ledger, count: int, seed: int) -> Iterator[tuple[str, Ledger]]:
    """Ledgers that differ from the original, by one to three mutations each."""
    dice = random.Random(seed)  # noqa: S311 -- repeatable on purpose
    while count:
        mutant = {table: list(content) for table, content in rows.items()}
        chosen = [dice.choice(MUTATIONS) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
        for mutation in chosen:
            if all(len(table) > 1 for table in mutant.values()):
                mutation(mutant, dice)
        if mutant != rows:
            count -= 1
            yield "+".join(mutation.__name__ for mutation in chosen), mutant


def test_the_original_is_well(specimen: Specimen) -> None:
    assert not specimen.noticed(specimen.rows)
    assert not specimen.noticed_by_the_second(specimen.rows)


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_every_mutation_is_noticed(specimen: Specimen, count: int) -> None:
    unseen = [name for name, mutant in mutants(specimen.rows, count, seed=count) if not specimen.noticed(mutant)]
    assert unseen == []


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.soak)])
def test_every_mutation_is_noticed_by_the_second_verifier(specimen: Specimen, count: int) -> None:
    unseen = [name for name, mutant in mutants(specimen.rows, count, seed=count) if not specimen.noticed_by_the_second(mutant)]
    assert unseen == []
