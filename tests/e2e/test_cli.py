"""The installed `hive` in processes of its own: streams, signals, locales, and a served hive."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

HIVE = str(Path(sys.executable).with_name("hive"))
DANGEROUS = "apagar todos os registros da tabela clientes em produção, sem backup"


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([HIVE, *words], capture_output=True, check=False, timeout=60, env=variables(folder, **environment))


def variables(folder: Path, **environment: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_MESSAGES", "NO_COLOR", "TERM")}
    return kept | {"HIVE_DATA_DIR": str(folder / "data"), "TERM": "xterm-256color"} | environment


def on_a_terminal(folder: Path, *words: str, **environment: str) -> str:
    """What a person sees who types the command."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([HIVE, *words], stdout=theirs, stderr=theirs, stdin=theirs, env=variables(folder, **environment)):
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # Linux reports the other end's closing as an error
            while part := os.read(ours, 65536):
                seen += part
    os.close(ours)
    return seen.decode()


def test_no_colour_without_a_terminal(tmp_path: Path) -> None:
    done = run(tmp_path, "review", DANGEROUS, LANG="pt_BR.UTF-8")
    assert done.returncode in (20, 30)
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


def test_colour_on_a_terminal_unless_it_is_not_wanted(tmp_path: Path) -> None:
    assert "\x1b[" in on_a_terminal(tmp_path, "review", DANGEROUS)
    assert "\x1b[" not in on_a_terminal(tmp_path, "review", DANGEROUS, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(tmp_path, "review", DANGEROUS, TERM="dumb")


@pytest.mark.parametrize("locale", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_any_locale_reads_and_writes_utf8(tmp_path: Path, locale: dict[str, str]) -> None:
    done = run(tmp_path, "review", DANGEROUS, "-o", "json", **locale)
    assert json.loads(done.stdout.decode())["plan"]["title"] == DANGEROUS


def test_standard_input(tmp_path: Path) -> None:
    command = [HIVE, "review", "-", "-o", "json"]
    done = subprocess.run(command, input=b"DELETE FROM users;\n", capture_output=True, check=False, timeout=60, env=variables(tmp_path))
    assert json.loads(done.stdout)["plan"]["format"] == "sql"
    assert done.returncode in (20, 30)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        [HIVE, "review", DANGEROUS, "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables(tmp_path)
    ) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode in (20, 30)


def test_a_batch_can_be_interrupted(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('"apagar a tabela de clientes"\n' * 5000, encoding="utf-8")
    command = [HIVE, "review", "--input", str(tmp_path / "in.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables(tmp_path)) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert json.loads(first)["line"] == 1
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert run(tmp_path, "ledger", "verify").returncode == 0


@contextmanager
def served(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`hive serve` on a free port that it chose itself, after it said where it answers."""
    command = [HIVE, "serve", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables(folder)) as process:
        try:
            assert process.stdout
            told = process.stdout.readline().decode()
            found = re.search(r"http://127\.0\.0\.1:(\d+)", told)
            assert found, told
            yield process, int(found[1])
        finally:
            process.kill()


def asked(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()


def _seconds_to_answer(port: int, source: str) -> float:
    start = time.perf_counter()
    assert asked(port, "POST", "/api/v1/intents", {"intent_text": "", "plan": {"source": source}})[0] == 200
    return time.perf_counter() - start


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 30
    while asked(port, "GET", "/ready")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_serving_from_start_to_end(tmp_path: Path) -> None:
    with served(tmp_path) as (process, port):
        assert asked(port, "POST", "/api/v1/intents", {"intent_text": DANGEROUS})[0] == 200
        wait_until_ready(port)
        assert run(tmp_path, "status", "--url", f"127.0.0.1:{port}").returncode == 0
        taken = run(tmp_path, "serve", "--port", str(port))
        assert taken.returncode == 64
        assert b"taken" in taken.stderr
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"Traceback" not in rest
    assert run(tmp_path, "ledger", "verify").returncode == 0


def test_every_notation_is_loaded_before_it_is_ready(tmp_path: Path) -> None:
    with served(tmp_path) as (_, port):
        wait_until_ready(port)
        for source in ("DELETE FROM users;", "rm -rf /srv/data", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n"):
            first, *later = [_seconds_to_answer(port, f"{source} ") for _ in range(6)]
            assert first < max(0.25, 10 * min(later))


def test_the_command_line_and_a_served_hive_share_one_ledger(tmp_path: Path) -> None:
    with served(tmp_path) as (_, port):
        decision = json.loads(run(tmp_path, "review", DANGEROUS, "-o", "json").stdout)["decision_id"]
        assert asked(port, "GET", f"/api/v1/decisions/{decision}")[0] == 200


def test_help_speaks_the_locales_language(tmp_path: Path) -> None:
    done = run(tmp_path, "--help", LANG="pt_BR.UTF-8")
    assert "hive review migracao.sql" in done.stdout.decode()
    assert b"\x1b" not in done.stdout
