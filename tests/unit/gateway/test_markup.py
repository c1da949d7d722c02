"""Nothing that a person typed becomes HTML."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from neural_hive.gateway.markup import Markup, el, join


class Reader(HTMLParser):
    """Collects tags and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text().filter(lambda words: "\r" not in words and "\0" not in words))
def test_text_and_attributes_stay_text(words: str) -> None:
    reader = Reader()
    reader.feed(el("p", words, title=words))
    reader.close()
    assert [tag for tag, _ in reader.tags] == ["p"]
    assert reader.words == words
    assert reader.tags[0][1] == [("title", words)]


def test_what_was_made_here_is_kept() -> None:
    assert el("p", el("b", "x & y"), None, ["<", 1]) == "<p><b>x &amp; y</b>&lt;1</p>"
    assert join("<i>") == "&lt;i&gt;"
    assert join(Markup("<i>")) == "<i>"


def test_attributes() -> None:
    assert el("input", for_="a", aria_label="b", checked=True, hidden=False, title=None) == '<input for="a" aria-label="b" checked>'
