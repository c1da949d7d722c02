"""The stand-in for curl does what curl does, in the forms that pages use, against a real server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.documents import pages
from tests.documents.words import calls

CURL = Path(__file__).with_name("curl.py")


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        self.send_response(404 if self.path == "/none" else 200)
        self.end_headers()
        self.wfile.write(f"{self.command} {self.path} {self.headers.get('X-Own', '-')} ".encode() + body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def curl(*words: str, cwd: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(CURL), *words], capture_output=True, text=True, check=False, timeout=30, cwd=cwd)
    return done.returncode, done.stdout


def test_it_gets_and_posts(address: str, tmp_path: Path) -> None:
    (tmp_path / "body").write_text("from a file")
    assert curl("-s", f"{address}/a?b=1", "-H", "X-Own: yes", cwd=tmp_path) == (0, "GET /a?b=1 yes ")
    assert curl("-sN", f"{address}/a", "-d", "words", cwd=tmp_path) == (0, "POST /a - words")
    assert curl(f"{address}/a", "--data-binary", "@body", "-o", "out", cwd=tmp_path) == (0, "")
    assert (tmp_path / "out").read_text() == "POST /a - from a file"


def test_it_tells_what_went_wrong(address: str, tmp_path: Path) -> None:
    assert curl("-s", f"{address}/none", "-w", "%{http_code}\\n", cwd=tmp_path) == (0, "GET /none - 404\n")
    assert curl("-f", f"{address}/none", cwd=tmp_path)[0] == 22
    assert curl("-s", "http://127.0.0.1:1/", cwd=tmp_path)[0] == 7


def test_it_knows_every_option_that_pages_use() -> None:
    used = {
        word
        for page in pages.names()
        for block in pages.blocks(page, "en")
        for step in block.steps
        for words in calls(step.command)
        if words[0] == "curl"
        for word in words
        if word.startswith("-")
    }
    assert used <= {"-s", "-sN", "-H", "-d", "--data-binary"}
