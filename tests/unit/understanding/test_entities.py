"""Entities: each kind once, ordinary words never, spans that hold."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.understanding.entities import find
from tests.pace import pace


@pytest.mark.parametrize(
    ("text", "kind", "quote"),
    [
        ("apagar a tabela fato_vendas", "table", "fato_vendas"),
        ("update billing.invoices now", "table", "billing.invoices"),
        ("reiniciar orders-api-2", "system", "orders-api-2"),
        ("call PaymentGateway", "system", "PaymentGateway"),
        ("entrar em prd-db.acme.internal", "host", "prd-db.acme.internal"),
        ("kubectl apply -f deploy.yaml", "file", "deploy.yaml"),
        ("rm /var/lib/mysql", "path", "/var/lib/mysql"),
        ("rm /var/log/app.log", "file", "/var/log/app.log"),
        ("merge da branch fix-menu", "branch", "fix-menu"),
        ("restart the 'billing api'", "quoted", "'billing api'"),
        ("até sexta", "date", "sexta"),
        ("na terça-feira cedo", "date", "terça-feira"),
        ("on Friday", "date", "Friday"),
        ("em 2024-05-06", "date", "2024-05-06"),
        ("em 12/08", "date", "12/08"),
        ("às 18h30", "time", "18h30"),
        ("at 6pm", "time", "6pm"),
        ("at 10:30", "time", "10:30"),
        ("20% dos usuários", "percentage", "20%"),
        ("disco de 3 TB", "quantity", "3 TB"),
        ("por 90 dias", "quantity", "90 dias"),
        ("custa R$ 1.200,00", "money", "R$ 1.200,00"),
        ("costs 300 dollars", "money", "300 dollars"),
        ("subir a v2.14.1", "version", "v2.14.1"),
        ("see https://x.y/z?a=1", "url", "https://x.y/z?a=1"),
    ],
)
def test_finds(text: str, kind: str, quote: str) -> None:
    assert (kind, quote) in [(entity.kind, entity.text) for entity in find(text)]


@pytest.mark.parametrize("text", ["apaga tudo menos os logs", "please restart the server", "A API do CRM caiu", ""])
def test_ordinary_words_are_none(text: str) -> None:
    assert find(text) == ()


@given(st.text())
def test_spans_hold(text: str) -> None:
    end = 0
    for entity in find(text):
        assert end <= entity.start < entity.end
        assert text[entity.start : entity.end] == entity.text
        end = entity.end


def test_time_is_bounded() -> None:
    for text in ("a." * 20_000, "/a" * 20_000, "1." * 20_000, "a-b_" * 10_000, "'a " * 15_000, "~/" * 20_000, "é" * 40_000):
        assert pace(partial(find, text)) < 80
