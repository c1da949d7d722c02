"""Intentions without end, no two alike, so that no cache can answer for the hive."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product

_TEMPLATES = (
    (
        "Rename the column {thing} of the table orders_{n} in staging.",
        "Renomear a coluna {thing} da tabela pedidos_{n} no ambiente de homologação.",
    ),
    (
        "Delete the customers table of shop {n} in production without a backup.",
        "Apagar a tabela de clientes da loja {n} em produção sem backup.",
    ),
    ("Read the {thing} logs of host {n} and count the errors.", "Ler os logs de {thing} da máquina {n} e contar os erros."),
    (
        "Deploy release {n} of the {thing} service to 5 % of the users, then watch the error rate.",
        "Publicar a versão {n} do serviço de {thing} para 5 % dos usuários e acompanhar a taxa de erros.",
    ),
    ("Grant the group support-{n} write access to the {thing} bucket.", "Dar ao grupo suporte-{n} acesso de escrita ao bucket de {thing}."),
    (
        "Back up the {thing} database of tenant {n}, try the restore, then drop its old index.",
        "Fazer backup do banco de {thing} do inquilino {n}, testar a restauração e depois remover o índice antigo.",
    ),
)
_THINGS = ("payment", "invoice", "search", "login", "catalog")


def intents(start: int = 0) -> Iterator[str]:
    """Texts in English and Portuguese by turns; equal starts give equal sequences.

    Args:
        start: Number that the first text carries; sequences whose ranges do not overlap share no text.
    """
    numbers = count(start)
    while True:
        for (templates, thing), language in product(product(_TEMPLATES, _THINGS), (0, 1)):
            yield templates[language].format(thing=thing, n=next(numbers))
