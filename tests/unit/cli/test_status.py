"""`hive status`: every part with its health, latency, version and model, of this machine or of a gateway elsewhere."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from neural_hive.cli.status import part, table
from tests.unit.cli.conftest import Command

MODEL = {"name": "technical-rules", "version": "7", "source": "learned", "fallback": "the registry is away"}
DEPENDENCIES = [
    {"name": "ledger", "ok": True, "latency_ms": 1.25, "detail": "MongoDB 7.0"},
    {"name": "specialist-technical", "ok": True, "latency_ms": 2.0, "detail": "technical-rules 7 (learned)"},
    {"name": "specialist-behavior", "ok": False, "latency_ms": 1000.0, "detail": "is \x1b[31mgone"},
]
PAGES: dict[str, Any] = {
    "/health": {"status": "ok", "version": "9.9.9"},
    "/ready": {"ready": True, "dependencies": DEPENDENCIES},
    "/api/v1/specialists": {"specialists": [{"name": "technical", "model": MODEL}, {"name": "behavior", "model": None}]},
}


@contextmanager
def gateway(pages: dict[str, Any]) -> Iterator[str]:
    """Something that answers with these pages."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(json.dumps(pages.get(self.path, [])).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def test_a_gateway_elsewhere(hive: Command) -> None:
    with gateway(PAGES) as url:
        told = json.loads(hive("status", "--url", url, "--json").out)
        lines = hive("status", "--url", url).out.splitlines()
    assert [item["name"] for item in told["dependencies"]] == ["gateway", "ledger", "specialist-technical", "specialist-behavior"]
    assert told["version"] == told["dependencies"][0]["version"] == "9.9.9"
    technical = told["dependencies"][2]
    assert (technical["version"], technical["model"], technical["detail"]) == ("7", "technical-rules (learned)", "the registry is away")
    assert lines[0].split() == ["Part", "Health", "Latency", "Version", "Model", "Detail"]
    assert "MongoDB 7.0" in lines[2]
    assert "FAILED" in lines[4] or "failed" in lines[4]
    assert "\x1b" not in lines[4]


def test_the_table_speaks_portuguese(hive: Command) -> None:
    with gateway(PAGES) as url:
        assert hive("status", "--url", url, "--lang", "pt").out.splitlines()[0].split()[:4] == ["Parte", "Saúde", "Latência", "Versão"]


@pytest.mark.parametrize("pages", [{}, {"/health": {}}, PAGES | {"/ready": {"ready": True}}, PAGES | {"/ready": {"dependencies": [1]}}])
def test_what_is_no_hive_is_told(hive: Command, pages: dict[str, Any]) -> None:
    with gateway(pages) as url:
        done = hive("status", "--url", url)
    assert (done.code, done.out) == (1, "")
    assert url in done.err


def test_here_every_specialist_has_a_model(hive: Command) -> None:
    told = json.loads(hive("status", "--json").out)
    voices = [item for item in told["dependencies"] if item["name"].startswith("specialist-")]
    assert len(voices) == 4
    assert all(item["version"] and item["model"] and item["ok"] for item in voices)


def test_a_hive_that_cannot_be_opened_is_a_row_too(hive: Command, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    done = hive("status", "--json")
    told = json.loads(done.out)
    assert done.code == 1
    assert (told["ready"], told["dependencies"][0]["name"]) == (False, "ledger")


def test_a_failed_part_keeps_its_reason() -> None:
    assert part(DEPENDENCIES[2], {"behavior": MODEL})["detail"] == DEPENDENCIES[2]["detail"]


def test_an_empty_latency_is_a_dash() -> None:
    row = part(DEPENDENCIES[0], {}) | {"latency_ms": None}
    assert table([row], "en").splitlines()[1].split()[2] == "-"
