"""The pages: a form that works without JavaScript, everything escaped, both languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from neural_hive.gateway.pages import EXAMPLES
from neural_hive.messages import text
from neural_hive.telemetry import REGISTRY

HOSTILE = 'Delete the customers table <script>alert("x")</script> & call joe@example.com'
FORM = {"intent_text": "Apagar todos os registros da tabela clientes em produção, sem backup", "lang": "pt", "format": "auto", "source": ""}


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("input", "link", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += f"{data} "


def checked(response: httpx.Response, status: int = 200) -> Page:
    """A page that closes what it opens, runs no script and loads nothing from elsewhere."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    page = Page(response.text)
    assert page.open == []
    assert "script" not in page.tags
    assert "style" not in page.tags
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]
    assert not [value for name, value in page.attributes if name in ("src", "href") and re.match(r"(?:\w+:)?//", value or "")]
    labels = {value for name, value in page.attributes if name == "for"}
    assert labels <= {value for name, value in page.attributes if name == "id"}
    return page


@pytest.mark.parametrize(("language", "title"), [("pt", "Pergunte antes de fazer"), ("en", "Ask before it is done")])
async def test_the_home_page_speaks_the_readers_language(api: httpx.AsyncClient, language: str, title: str) -> None:
    assert title in checked(await api.get("/", headers={"accept-language": f"{language};q=0.9"})).words
    assert title in checked(await api.get(f"/?lang={language}", headers={"accept-language": "fr"})).words


async def test_the_form_gives_a_decision(api: httpx.AsyncClient) -> None:
    page = checked(await api.post("/", data=FORM))
    for words in ("Probabilidade de dano", "Técnico", "Comportamento", "Evolução", "Arquitetura", "O que mudaria a resposta", "Recibo"):
        assert words in page.words
    assert "Rejeitado" in page.words or "Revisão necessária" in page.words
    assert "tabela clientes" in page.words
    identity = re.search(r"dec_[0-9a-f]{32}", page.words)
    assert identity
    again = checked(await api.get(f"/decisions/{identity.group()}?lang=en"))
    assert "Probability of harm" in again.words
    listed = checked(await api.get("/decisions?lang=en"))
    assert FORM["intent_text"] in listed.words


async def test_a_plan_in_the_form_is_read(api: httpx.AsyncClient) -> None:
    page = checked(await api.post("/", data={"intent_text": "", "source": "DELETE\r\nFROM users;", "format": "sql", "lang": "en"}))
    assert "sql" in page.words
    assert "Rejected" in page.words or "Review required" in page.words


async def test_what_a_person_typed_stays_text(api: httpx.AsyncClient) -> None:
    page = checked(await api.post("/", data={"intent_text": HOSTILE, "lang": "en"}))
    assert "<script>" in page.words
    assert "joe@example.com" not in page.words
    checked(await api.get("/decisions"))


async def test_a_form_that_cannot_be_used_comes_back_with_the_reason(api: httpx.AsyncClient) -> None:
    page = checked(await api.post("/", data={"intent_text": "  ", "lang": "pt"}), 422)
    assert "Não há nada a decidir" in page.words
    page = checked(await api.post("/", data={"intent_text": f"{HOSTILE}", "source": "{", "format": "json", "lang": "en"}), 422)
    assert "<script>" in page.words
    assert "joe@example.com" not in page.words
    checked(await api.post("/", data={"intent_text": "x" * 30_000}), 413)
    checked(await api.post("/", content=b"intent_text=%ff", headers={"content-type": "application/x-www-form-urlencoded"}), 422)


@pytest.mark.parametrize("example", EXAMPLES)
async def test_the_examples_fill_the_form(api: httpx.AsyncClient, example: str) -> None:
    words = text(f"page.example.{example}", "pt")
    offered, filled = checked(await api.get("/?lang=pt")), checked(await api.get(f"/?example={example}&lang=pt"))
    assert filled.words.count(words) == offered.words.count(words) + 1
    assert "dec_" in checked(await api.post("/", data={"intent_text": words, "lang": "pt"})).words


async def test_an_unknown_page_is_a_page_for_a_browser(api: httpx.AsyncClient) -> None:
    assert "Não há nada neste endereço" in checked(await api.get("/nada?lang=pt", headers={"accept": "text/html"}), 404).words
    page = checked(await api.get("/decisions/nothing?lang=pt", headers={"accept": "text/html"}), 404)
    assert "Não há decisão" in page.words


async def test_static_files(api: httpx.AsyncClient) -> None:
    assert (await api.get("/static/hive.css")).headers["content-type"].startswith("text/css")
    assert (await api.get("/static/hive.svg")).headers["content-type"] == "image/svg+xml"
    for name in ("examples.json", "..%2fapp.py", "nothing"):
        assert (await api.get(f"/static/{name}")).status_code == 404


async def test_the_reference_shows_every_path(api: httpx.AsyncClient) -> None:
    page = checked(await api.get("/docs?lang=pt"))
    for path in (await api.get("/openapi.json")).json()["paths"]:
        assert path in page.words


async def test_what_a_page_refuses_is_counted_too(api: httpx.AsyncClient) -> None:
    def counted(error: str) -> float:
        return REGISTRY.get_sample_value("hive_refusals_total", {"error": error}) or 0.0

    before = counted("empty_intent"), counted("no_page")
    assert (await api.post("/", data={"intent_text": ""})).status_code == 422
    assert (await api.get("/nothing", headers={"Accept": "text/html"})).status_code == 404
    assert (counted("empty_intent"), counted("no_page")) == (before[0] + 1, before[1] + 1)
