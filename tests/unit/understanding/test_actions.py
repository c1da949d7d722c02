"""Actions of a text: which acts are read, on what, and whether they are done at all."""

from __future__ import annotations

import pytest

from neural_hive.types import Action, Intent, Polarity
from neural_hive.understanding import understand


def acts(text: str) -> tuple[Action, ...]:
    return understand(Intent(text=text)).actions


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("Back up the table, then drop it", ["backup", "drop"]),
        ("Fazer backup da tabela e depois dropar", ["backup", "drop"]),
        ("Test the restore, then I need to drop the table", ["test", "drop"]),
        ("Testar a restauração, depois preciso apagar a tabela", ["test", "delete"]),
        ("TRUNCATE na tabela de auditoria", ["truncate"]),
        ("rodar um ALTER TABLE em clientes", ["update"]),
    ],
)
def test_every_act_of_a_sentence_is_read(text: str, operations: list[str]) -> None:
    assert [action.operation for action in acts(text)] == operations


@pytest.mark.parametrize(
    "text",
    ["Do not delete the table", "não apagar a tabela", "make sure nobody can drop the table", "instead of deleting the table, archive it"],
)
def test_what_is_not_to_be_done_is_not_affirmed(text: str) -> None:
    destructive = [action for action in acts(text) if action.operation in {"delete", "drop"}]
    assert all(action.polarity is not Polarity.AFFIRMED for action in destructive)


@pytest.mark.parametrize("text", ["Delete the users table in production", "apagar a tabela de usuários em produção"])
def test_spans_quote_the_text(text: str) -> None:
    (action,) = acts(text)
    assert text[action.start : action.end] == action.text
