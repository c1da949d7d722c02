"""Pages, their fenced blocks, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs.refresh import Step, steps

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"en": ROOT / "docs" / "en", "pt": ROOT / "docs" / "pt-BR"}
LANGUAGES = tuple(FOLDERS)
RUN = ""
CLUSTER = "cluster"
STORES = "cluster, MongoDB, Neo4j, Redis, MLflow"
SERVERS = ("MongoDB", "Redis", "MLflow")
DOCKER = "Docker"
CHECKOUT = "checkout"
KINDS = (RUN, CLUSTER, STORES, *SERVERS, DOCKER, CHECKOUT)
"""Titles of console blocks: what their commands need. They are shown above the block, so both languages use the same words."""

SPOKEN = ("text", "json", "yaml", "toml", "sql", "python", "sh", "promql", "ini", "protobuf")
"""Languages of blocks that show something and are no commands at a prompt."""

_FENCE = re.compile(r"(?ms)^(?P<marks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=marks)$")
_INFO = re.compile(r'^(?P<form>\w*)(?: title="(?P<title>[^"]+)")?$')


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: Name of the page, without folder and ending.
        language: "en" or "pt".
        line: Line of the page on which the block begins, from 1.
        info: What stands behind the back quotes.
        body: What stands between the fences.
    """

    page: str
    language: str
    line: int
    info: str
    body: str

    @property
    def form(self) -> str:
        """The language of the block, such as "console" or "yaml"; empty when the info cannot be read."""
        found = _INFO.match(self.info)
        return found["form"] if found else ""

    @property
    def title(self) -> str:
        """What is shown above the block, if anything."""
        found = _INFO.match(self.info)
        return (found["title"] or "") if found else ""

    @property
    def file(self) -> str:
        """Name of the file that this block is; empty when it is none."""
        return self.title if "." in self.title and self.form != "console" else ""

    @property
    def steps(self) -> list[Step]:
        """The commands of a console block, each with the lines shown under it."""
        return steps(self.body) if self.form == "console" else []

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        return f"docs/{FOLDERS[self.language].name}/{self.page}.md:{self.line}"


def names() -> list[str]:
    """Names of the pages, sorted."""
    return sorted(path.stem for path in FOLDERS["en"].glob("*.md"))


def read(page: str, language: str) -> str:
    """The text of a page."""
    return (FOLDERS[language] / f"{page}.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return blocks_of(read(page, language), page, language)


def blocks_of(words: str, page: str, language: str) -> list[Block]:
    """All fenced blocks of a text."""
    return [
        Block(page, language, words.count("\n", 0, found.start()) + 1, found["info"].strip(), found["body"])
        for found in _FENCE.finditer(words)
    ]


def without_blocks(words: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", words)


def cluster_blocks(language: str = "en", kinds: Sequence[str] = (CLUSTER,)) -> Iterator[tuple[str, list[Block]]]:
    """What `make e2e-k8s` runs: each page that has blocks for a cluster, with these blocks and the page's files, in order.

    `kubernetes` comes first: it installs what the blocks of the other pages speak to, and removes it at its end.

    Args:
        language: Of the pages; their cluster blocks are equal.
        kinds: Titles of the blocks that are wanted.

    Yields:
        The page, and its blocks for `tests.documents.session.Session`, which writes the files and runs the commands in one shell.
    """
    for page in sorted(names(), key=lambda name: (name != "kubernetes", name)):
        found = [block for block in blocks(page, language) if block.file or (block.form == "console" and block.title in kinds)]
        if any(block.title in kinds for block in found):
            yield page, found
