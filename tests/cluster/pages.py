"""The commands of the documents that need a cluster, run as they stand in one shell; what they print is compared with the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.refresh import CUT, Step
from tests.cluster import node, programs
from tests.cluster.node import ClusterError
from tests.cluster.places import HOME, KUBECONFIG
from tests.cluster.scene import Scene
from tests.documents import Block, aside, cluster_blocks
from tests.documents.given import prepare
from tests.documents.session import agrees
from tests.services.folders import CHECKOUT
from tests.services.go import HELM
from tests.services.ports import free_ports

_END, _CODE = "\x1e", "\x1f"
_SHOWN = 12  # lines of a command that did otherwise than the page says
_PATIENCE = 1500.0  # seconds for all commands
_LAST = "helm uninstall"
"""The block with this command ends what the others speak to."""


def run(scene: Scene) -> None:
    """Run every block for a cluster, those of the page that installs first and its last ones last."""
    blocks = ordered([block for _, found in cluster_blocks() for block in found])
    wrong = []
    for block, shown, given, code in commands(blocks):
        if code or not (_is_open(shown) or agrees(shown, given)):
            wrong.append(block.place)
            scene.tell(f"{block.place}: exit code {code}\n" + "\n".join(given.text().splitlines()[:_SHOWN]))
    steps = sum(len(block.steps) for block in blocks)
    scene.tell(f"{steps} commands of {len({block.page for block in blocks})} pages, {len(wrong)} not as the page says")
    if wrong:
        raise ClusterError(", ".join(sorted(set(wrong))))


def ordered(blocks: Sequence[Block]) -> list[Block]:
    """The blocks in the order in which they can be run: the end of the first page behind all others."""
    first = blocks[0].page
    own, others = [block for block in blocks if block.page == first], [block for block in blocks if block.page != first]
    place = next((number for number, block in enumerate(own) if _LAST in block.body), len(own))
    return [*own[:place], *others, *own[place:]]


def _is_open(shown: Step) -> bool:
    """Whether the page leaves open what a command prints: then it has to succeed, and that is all."""
    return {line.strip() for line in shown.output} == {CUT}


def commands(blocks: Sequence[Block]) -> list[tuple[Block, Step, Step, int]]:
    """Run console blocks, and write the files among them, in one shell; block, step as shown, step as it went, its exit code.

    Args:
        blocks: In order; the address 127.0.0.1:8000 in them becomes a free port.

    Raises:
        ClusterError: The shell ended early or took too long.
    """
    shown = [(block, step) for block in blocks for step in block.steps]
    with TemporaryDirectory(prefix="pages-", dir=HOME) as name:
        folder, port = Path(name), str(free_ports(1)[0])
        prepare(folder)
        try:
            told = _shell("".join(_script(blocks, port)), folder, port)
        finally:
            for mark in (folder / "aside").glob("*.pid"):
                aside.stop(mark)
    said = told.replace(str(folder / "work"), ".").replace(port, "8000").split(_END)
    if len(said) != len(shown) + 1:
        raise ClusterError(f"the shell ended early:\n{told[-2000:]}")
    return [(block, step, *_went(step, words)) for (block, step), words in zip(shown, said, strict=False)]


def _went(step: Step, words: str) -> tuple[Step, int]:
    output, _, code = words.rpartition(_CODE)
    return Step(step.command, tuple(output.splitlines())), int(code)


def _script(blocks: Sequence[Block], port: str) -> Iterator[str]:
    for block in blocks:
        if block.file:
            yield f"cat > '{block.file}' <<'{_END}'\n{block.body}{_END}\n"
        for step in block.steps:
            command = step.command.replace("8000:8000", f"{port}:8000").replace("127.0.0.1:8000", f"127.0.0.1:{port}")
            words = f"aside {command}" if command.startswith("kubectl port-forward") else command
            yield f"{words}\nprintf '{_CODE}%s{_END}' $?\n"


def _shell(script: str, folder: Path, port: str) -> str:
    try:
        done = subprocess.run(
            ["/bin/sh"],
            input=script,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(folder, port),
            cwd=folder / "work",
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired as late:
        raise ClusterError(f"the pages' commands took more than {_PATIENCE:.0f} s") from late
    return done.stdout


def environment(folder: Path, port: str = "8000") -> dict[str, str]:
    """What an operator's shell has: kubectl, helm, hive and make on the PATH, the cluster's kubeconfig, and containerd's address."""
    tools = folder / "tools"
    (folder / "aside").mkdir(exist_ok=True)
    libraries = " ".join(f"'{name}={value}'" for name, value in programs.environment(programs.system(), programs.system()).items())
    make = f'exec "{shutil.which("make")}" -s --no-print-directory -C "{CHECKOUT}" -o setup VENV="{sys.prefix}" "$@"'
    for name, line in {
        "aside": f'exec "{sys.executable}" "{aside.__file__}" "{folder / "aside"}" "$@"',
        "make": make,
        "ctr": f'env {libraries} "{programs.system() / "links" / "ctr"}" "$@"',
    }.items():
        tools.mkdir(exist_ok=True)
        (tools / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    folders = [tools, Path(sys.executable).parent, programs.kubernetes(), Path(HELM.obtain().argv[0]).parent]
    own = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}  # what `make e2e-k8s ARGS=...` hands on
    return {
        **own,
        "PATH": os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder),
        "LANG": "en_US.UTF-8",
        "KUBECONFIG": str(KUBECONFIG),
        "CONTAINERD_ADDRESS": f"/proc/{node.first()}/root/run/containerd/containerd.sock",
        "HIVE_PORT": port,
    }
