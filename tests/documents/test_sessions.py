"""The commands of every page do what the page says: run in one shell for each page, as a reader would."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.refresh import Step
from tests.documents import pages
from tests.documents.given import commands, places, prepare
from tests.documents.pages import LANGUAGES, RUN, SERVERS, blocks, blocks_of
from tests.documents.session import Session, agrees

RUNNABLE = [page for page in pages.names() if any(block.steps and block.title == RUN for block in blocks(page, "en"))]
SERVED = [page for page in pages.names() if any(block.title in SERVERS for block in blocks(page, "en"))]
HINT = "python -m tests.documents run"


def differing(session: Session, page: str, kinds: tuple[str, ...]) -> list[str]:
    """Commands of a page that do not go as the page shows, each with what came of it."""
    ran = session.run(blocks(page, session.language), kinds)
    assert ran
    return [f"{block.place} ({HINT} {page} {session.language})\n{given.text()}" for block, shown, given in ran if not agrees(shown, given)]


@pytest.mark.real  # without servers, but a minute in all, which `make test` has not
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", RUNNABLE)
def test_a_page_goes_as_it_says(page: str, language: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    assert differing(Session(tmp_path, language), page, (RUN,)) == []


@pytest.mark.real
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", SERVED)
def test_a_page_goes_as_it_says_with_the_servers(page: str, language: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    kinds = SERVERS if page == "services" else (RUN, *SERVERS)
    assert differing(Session(tmp_path, language, places(), commands=commands()), page, kinds) == []


def test_the_guides_are_run() -> None:
    assert {"getting-started", "gateway", "operations", "status", "troubleshooting", "services"} <= set(RUNNABLE)
    assert {"services", "operations"} <= set(SERVED)


def run(folder: Path, words: str) -> list[Step]:
    return [given for _, _, given in Session(folder, "en").run(blocks_of(words, "made", "en"))]


def test_files_variables_and_exit_codes_reach_the_next_command(tmp_path: Path) -> None:
    made = (
        '```text title="a.txt"\n8000 $x\n```\n```console\n$ x=1; false\n$ echo $? $x\n```\n```console\n$ cat a.txt\n$ touch b; ls ~\n```\n'
    )
    assert [step.output for step in run(tmp_path, made)] == [(), ("1 1",), ("8000 $x",), ()]


def test_a_command_that_serves_is_run_aside_and_stopped(tmp_path: Path) -> None:
    made = "```console\n$ hive serve\n$ curl -s http://127.0.0.1:8000/health\n$ hive serve --port 8000 --lang pt\n```\n"
    first, asked, second = run(tmp_path, made)
    assert "http://127.0.0.1:8000" in first.output[0]
    assert '"status":"ok"' in asked.output[0]
    assert "A colmeia" in second.output[0], "the second takes the place of the first"
    assert not list((tmp_path / "aside").glob("*.pid"))


def test_a_shell_that_ends_early_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit 3"):
        run(tmp_path, "```console\n$ exit 3\n$ echo never\n```\n")


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        (("REJECTED", "Receipt: dec_0123456789abcdef,", "leaf 7"), True),
        (("REJECTED", "…"), True),
        (("…", "leaf", "…"), True),
        (("REJ…", "…", "leaf …"), True),
        (("REJECTED",), False),
        (("…",), False),
        ((), False),
        (("…", "leaf 8"), False),
        (("REJECTED", "…", "Receipt: dec_f, leaf 7 of"), False),
    ],
)
def test_what_is_shown_is_compared(shown: tuple[str, ...], same: bool) -> None:
    given = Step("hive", ("REJECTED", "Receipt: dec_fedcba9876543210, leaf 7"))
    assert agrees(Step("hive", shown), given) is same


def test_a_silent_command_shows_nothing() -> None:
    assert agrees(Step("true", ()), Step("true", ()))
    assert not agrees(Step("true", ("…",)), Step("true", ()))
