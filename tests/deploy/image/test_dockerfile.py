"""The Dockerfile keeps its promises on paper; `make image-check` sees whether the image keeps them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.services import deploytools
from tests.services.folders import CHECKOUT

DOCKERFILE = CHECKOUT / "Dockerfile"
STEPS = [
    line
    for line in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)).splitlines()
    if line.strip()
]
FINAL = STEPS[len(STEPS) - 1 - [line.split()[0] for line in STEPS][::-1].index("FROM") :]


def said(instruction: str) -> list[str]:
    return [line.split(maxsplit=1)[1].strip() for line in FINAL if line.split()[0] == instruction]


def test_the_image_begins_empty_and_nothing_is_run_in_it() -> None:
    assert FINAL[0] == "FROM scratch"
    assert not said("RUN")
    assert all("--from=" in line for line in said("COPY"))


def test_the_image_is_not_run_by_root() -> None:
    assert said("USER") == ["1000:1000"]


@pytest.mark.parametrize("instruction", ["ENTRYPOINT", "CMD"])
def test_what_is_started_needs_no_shell(instruction: str) -> None:
    (line,) = said(instruction)
    assert json.loads(line)


def test_only_the_base_is_given_by_name() -> None:
    bases = [line.split()[1] for line in STEPS if line.startswith("FROM")]
    assert bases == ["${BASE_IMAGE}", "packages", "scratch"]


@pytest.mark.parametrize("name", ["title", "description", "licenses", "version", "revision", "created", "source"])
def test_the_image_says_what_it_is(name: str) -> None:
    labels = dict(word.split("=", 1) for word in shlex.split(said("LABEL")[0]))
    assert labels[f"org.opencontainers.image.{name}"]


@pytest.mark.parametrize("name", ["VERSION", "REVISION", "CREATED", "SOURCE"])
def test_facts_of_a_build_do_not_spoil_its_cache(name: str) -> None:
    """They are stated after the last files, so another commit alone copies nothing again."""
    last_copy = max(index for index, line in enumerate(FINAL) if line.startswith("COPY"))
    assert next(index for index, line in enumerate(FINAL) if line.startswith(f"ARG {name}")) > last_copy


def test_code_comes_last() -> None:
    assert [line.split()[0] for line in said("COPY")][-1] == "--from=code"


def test_the_builders_own_configuration_is_mounted_and_never_copied() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert "type=secret,id=pip.conf" in text
    assert not re.search(r"^(COPY|ADD)\s.*(pip\.conf|ca\.crt|netrc)", text, re.MULTILINE)


def sources() -> list[str]:
    """What is copied from the checkout."""
    lines = [shlex.split(line)[1:-1] for line in STEPS if line.startswith("COPY") and "--from=" not in line]
    return [word for line in lines for word in line]


def let_through(path: str) -> bool:
    """Whether .dockerignore sends a path to the builder."""
    kept = False
    for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and fnmatch(path, line.removeprefix("!")):
            kept = line.startswith("!")
    return kept


@pytest.mark.parametrize("path", sources())
def test_what_is_copied_exists_and_reaches_the_builder(path: str) -> None:
    assert (CHECKOUT / path).exists()
    assert let_through(path)


@pytest.mark.parametrize("path", [".git", ".env", "data", "tests", "evals", "build", "deploy/helm", ".venv"])
def test_nothing_else_reaches_the_builder(path: str) -> None:
    assert not let_through(path)


@contextmanager
def serving(status: int) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_for_health_without_a_shell(status: int, healthy: bool) -> None:
    program, *words = json.loads(said("HEALTHCHECK")[0].partition("CMD ")[2])
    assert program == "python"
    with serving(status) as port:
        done = subprocess.run([sys.executable, *words], env={"HIVE_PORT": str(port)}, capture_output=True, check=False, timeout=30)
    assert (done.returncode == 0) is healthy


def test_the_compose_file_builds_the_same_image() -> None:
    assert re.search(r"^x-hive: &hive\n(?:  .*\n)*?  build: \.$", (CHECKOUT / "compose.yaml").read_text(encoding="utf-8"), re.MULTILINE)


def hadolint(dockerfile: Path) -> str:
    """What hadolint finds; nothing when it is content."""
    line = [str(deploytools.environment() / "bin/hadolint"), "--no-color", str(dockerfile)]
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout


@pytest.mark.real
def test_hadolint_finds_nothing() -> None:
    assert hadolint(DOCKERFILE) == ""


@pytest.mark.real
def test_hadolint_would_find_something(tmp_path: Path) -> None:
    worse = tmp_path / "Dockerfile"
    worse.write_text("FROM debian\nRUN cd /tmp && apt-get install curl\n", encoding="utf-8")
    assert "DL3008" in hadolint(worse)
