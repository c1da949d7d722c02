"""The site is built without a warning, in both languages, and asks no other host for anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.documents import pages, site

pytestmark = pytest.mark.real  # needs the packages of docs/requirements.lock, which `make services` does not get


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = site.build("--site-dir", str(folder))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_stands_in_both_languages(built: Path) -> None:
    for page in pages.names():
        english, portuguese = (built / prefix / f"{page}.html" for prefix in ("", "pt-BR"))
        assert '<html lang="en"' in english.read_text(encoding="utf-8")[:400]
        assert '<html lang="pt"' in portuguese.read_text(encoding="utf-8")[:400]
        assert f'href="pt-BR/{page}.html"' in english.read_text(encoding="utf-8").replace("./pt-BR/", "pt-BR/")


def test_nothing_is_asked_of_another_host(built: Path) -> None:
    for path in built.rglob("*.html"):
        asked = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"' >]+)", path.read_text(encoding="utf-8")
        )
        assert [each for each in asked if "example.com" not in each] == [], path.name
    for path in built.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize(("folder", "word"), [("", "ledger"), ("", "registro")])
def test_both_languages_can_be_searched(built: Path, folder: str, word: str) -> None:
    index = json.loads((built / folder / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert any(word in entry["text"].lower() for entry in index["docs"])
    assert {"en", "pt"} <= set(index["config"]["lang"])
