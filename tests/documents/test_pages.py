"""Every block of every page follows the convention, and both languages have the same commands."""

from __future__ import annotations

import re

import pytest

from neural_hive.messages import catalogue
from tests.documents import pages
from tests.documents.pages import (
    CHECKOUT,
    CLUSTER,
    FOLDERS,
    KINDS,
    LANGUAGES,
    RUN,
    SPOKEN,
    STORES,
    Block,
    blocks,
    blocks_of,
    cluster_blocks,
)
from tests.documents.words import complaints, targets

PAGES = pages.names()
BOTH = [(page, language) for page in PAGES for language in LANGUAGES]
OWN = ("index", "getting-started", "gateway", "kubernetes", "operations", "status", "troubleshooting", "services")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_PROMPT = re.compile(r"^ {4}(?:\$ |(?:\w+=\S+ )*(?:hive|make|curl|docker|helm|kubectl|python3?|export) )")


def wrong_block(block: Block) -> str:
    """What is wrong with a block; nothing when it follows the convention."""
    if not block.form:
        return f"`{block.info}` is no language with, at most, a title"
    if block.form == "console":
        return "" if block.title in KINDS and block.steps else f"{block.title!r} is no kind of block, or it has no command"
    if block.form not in SPOKEN:
        return f"{block.form} is not known"
    if block.title and not block.file:
        return f"{block.title!r} is no file name"
    return "commands stand in console blocks" if re.search(r"(?m)^\$ ", block.body) else ""


@pytest.mark.parametrize(("page", "language"), BOTH)
def test_blocks_follow_the_convention(page: str, language: str) -> None:
    assert [f"{block.place}: {wrong}" for block in blocks(page, language) if (wrong := wrong_block(block))] == []


@pytest.mark.parametrize(("page", "language"), BOTH)
def test_no_command_hides_outside_the_fences(page: str, language: str) -> None:
    words = pages.read(page, language)
    assert re.findall(r"(?m)^[ >]+```", words) == [], "blocks stand at the margin"
    assert [line for line in pages.without_blocks(words).splitlines() if _PROMPT.match(line)] == []


def test_a_block_outside_the_convention_is_found() -> None:
    infos = ('console title="elsewhere"', "bash", "", "text", 'yaml title="values"')
    made = "".join(f"```{info}\n$ hive status\n```\n" for info in infos) + "```console\nno command\n```\n"
    assert len(blocks_of(made, "made", "en")) == 6
    assert all(wrong_block(block) for block in blocks_of(made, "made", "en"))
    assert _PROMPT.match("    HIVE_PORT=1 hive serve")
    assert not _PROMPT.match("    intent -> understand -> plan")


def skeleton(block: Block) -> tuple[str, str, list[str]]:
    """What is equal in both languages: where it runs and its commands, without the words in quotes."""
    exact = block.title in (CLUSTER, STORES)
    return block.form, block.title, [step.command if exact else _QUOTED.sub(_blank, step.command) for step in block.steps]


def _blank(quoted: re.Match[str]) -> str:
    """Nothing for a sentence in quotes; an address or a variable stays."""
    return quoted[0] if re.match(r".(?:http|\$)", quoted[0]) else '""'


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_commands(page: str) -> None:
    english, portuguese = ([skeleton(block) for block in blocks(page, language)] for language in LANGUAGES)
    assert english == portuguese


@pytest.mark.parametrize("page", OWN)
def test_the_guides_have_the_same_headings(page: str) -> None:
    english, portuguese = (
        [len(marks) for marks in re.findall(r"(?m)^(#+) ", pages.without_blocks(pages.read(page, each)))] for each in LANGUAGES
    )
    assert english == portuguese
    assert english[0] == 1


@pytest.mark.parametrize(("page", "language"), BOTH)
def test_commands_are_spelled_as_the_programs_take_them(page: str, language: str) -> None:
    found = [
        f"{block.place}: {wrong}: {step.command}"
        for block in blocks(page, language)
        for step in block.steps
        for wrong in complaints(step.command)
    ]
    assert found == []


@pytest.mark.parametrize(
    "command",
    [
        "hive reviw x",
        "hive review --outputs x",
        "hive ledger verfy",
        "make imag",
        "helm instal x y",
        "helm upgrade hive deploy/helm/neural-hive --valuesfile x",
        "helm upgrade hive deploy/helm/neural-hive --set gateway.replica=2",
        "helm upgrade hive deploy/helm/neural-hive --values deploy/helm/neural-hive/values-moon.yaml",
        "kubectl get pods --name-space hive",
        "kubectl gett pods",
        "kubectl exec deploy/gateway -- hive ledger verfy",
        "for x in 1 2; do hive reviw $x; done",
        "X=1 hive statu",
        "hive status | hive statu",
    ],
)
def test_a_misspelled_command_is_found(command: str) -> None:
    assert list(complaints(command))


def test_a_title_says_what_a_command_needs() -> None:
    for page, language in BOTH:
        for block in blocks(page, language):
            heads = {step.command.split()[0] for step in block.steps}
            if heads & {"kubectl", "helm"}:
                assert block.title in (CLUSTER, STORES), block.place
            if block.title == RUN:
                assert not heads & {"docker", "redis-cli"}, block.place
            if block.title == CHECKOUT:
                assert {step.command.split()[1] for step in block.steps} <= targets(), block.place


def test_the_operators_commands_are_handed_over() -> None:
    found = dict(cluster_blocks())
    assert next(iter(found)) == "kubernetes"
    assert {"operations", "troubleshooting"} <= set(found)
    assert found["kubernetes"] == [block for block in blocks("kubernetes", "en") if block.file or block.title == CLUSTER]
    commands = [step.command for page in found.values() for block in page for step in block.steps]
    assert len(commands) > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_its_line(language: str) -> None:
    told = re.findall(r"`([a-z_]+)`", "".join(re.findall(r"(?m)^\| (`[a-z_`, ]+`) \|", pages.read("troubleshooting", language))))
    assert {key.removeprefix("error.") for key in catalogue() if key.startswith("error.")} - set(told) == set()
    assert len(told) == len(set(told)), "each code stands in one line"


def test_folders_hold_the_same_pages() -> None:
    english, portuguese = ({path.name for path in folder.iterdir()} for folder in FOLDERS.values())
    assert english == portuguese
