"""Runs the commands of a page in one shell, as a reader would who types them one after the other."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.server import free_port
from docs.refresh import CUT, Step, stable
from tests.documents import aside
from tests.documents.pages import ROOT, RUN, Block

_PORTS = ("8000", "8001", "50051", "9100")
_END = "\x1e"
_PATIENCE = 600.0  # seconds for all of a page
_LOCALES = {"en": "en_US.UTF-8", "pt": "pt_BR.UTF-8"}
_ENDLESS = re.compile(
    r"^((?:\w+=\S+ )*)(?=(?:hive (?:serve|gateway|worker|specialist \w+(?!.*--describe))|make run|kubectl port-forward)\b)"
)
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Session:
    """Where a page is run.

    Attributes:
        folder: An empty folder: home, working folder and temporary files of the shell.
        language: Of the page; the shell's locale.
        places: Text in a page's commands -> what is really meant here, such as the address of a server.
        environment: Variables beside those of a newcomer, such as KUBECONFIG.
        commands: Commands that this machine may lack, by name, each with the line of shell that stands for it.
        ports: Whether ports that pages name are replaced by free ones, so that several pages can be run at once.
    """

    folder: Path
    language: str
    places: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    ports: bool = True

    def run(self, blocks: Sequence[Block], kinds: Sequence[str] = (RUN,)) -> list[tuple[Block, Step, Step]]:
        """Run the console blocks of these kinds, writing the page's files on the way; block, step as shown, step as it went."""
        shown = [(block, step) for block in blocks if block.form == "console" and block.title in kinds for step in block.steps]
        with self._ports() as ports:
            said = self._told(self._shell("".join(self._script(blocks, kinds, ports)), ports), ports).split(_END)
        if len(said) <= len(shown):
            raise RuntimeError(f"{shown[len(said) - 1][0].place}: `{shown[len(said) - 1][1].command}` did not end:\n{said[-1][-2000:]}")
        return [(block, step, Step(step.command, tuple(said[place].splitlines()))) for place, (block, step) in enumerate(shown)]

    def _shell(self, script: str, ports: Mapping[str, str]) -> str:
        """What a shell says that is given these lines; cut off when it takes too long."""
        output = self._home("tmp") / "output"
        with (
            output.open("wb") as file,
            subprocess.Popen(
                ["/bin/sh"],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                env=self._environment(ports),
                cwd=self._home("work"),
                start_new_session=True,
            ) as shell,
        ):
            try:
                shell.communicate(script.encode(), timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
        return output.read_text(encoding="utf-8", errors="replace")

    def _script(self, blocks: Sequence[Block], kinds: Sequence[str], ports: Mapping[str, str]) -> Iterator[str]:
        for block in blocks:
            if block.file:
                yield f"cat > '{block.file}' <<'{_END}'\n{self._meant(block.body, ports)}{_END}\n"
            for step in block.steps if block.title in kinds else []:
                command = _ENDLESS.sub(r"\1aside ", self._meant(step.command, ports))
                yield f"{command}\ncode=$?; printf '{_END}'; (exit $code)\n"

    def _meant(self, words: str, ports: Mapping[str, str]) -> str:
        for shown, real in self.places.items():
            words = words.replace(shown, real)
        return re.sub(rf"(?<![\d.])({'|'.join(_PORTS)})(?!\d)", lambda found: ports[found[1]], words)

    def _told(self, words: str, ports: Mapping[str, str]) -> str:
        for shown, real in {**self.places, **ports}.items():
            words = words.replace(real, shown)
        return words.replace(str(self.folder / "home"), "~").replace(str(self.folder / "work"), ".")

    @contextmanager
    def _ports(self) -> Iterator[dict[str, str]]:
        """A free port for each port that pages name; what still serves at the end is stopped."""
        try:
            yield {shown: str(free_port()) if self.ports else shown for shown in _PORTS}
        finally:
            for mark in self._home("aside").glob("*.pid"):
                aside.stop(mark)

    def _home(self, name: str) -> Path:
        found = self.folder / name
        found.mkdir(exist_ok=True)
        return found

    def _environment(self, ports: Mapping[str, str]) -> dict[str, str]:
        tools = self._tools(ports)
        path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        own = {"HOME": str(self._home("home")), "TMPDIR": str(self._home("tmp")), "LANG": _LOCALES[self.language], "PYTHONUTF8": "1"}
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        # On a machine that is busy with other tests a specialist may need longer than its deadline; then it would abstain.
        settings = {"HIVE_PORT": ports["8000"], "HIVE_GRPC_PORT": ports["50051"], "HIVE_SPECIALIST_DEADLINE": "30"}
        return {**kept, **own, **settings, "PATH": path, "NO_PROXY": "*", **self.environment}

    def _tools(self, ports: Mapping[str, str]) -> Path:
        """Commands that stand before those of the machine."""
        tools = self._home("tools")
        make = shutil.which("make") or "make"
        checkout = f'-s --no-print-directory -C "{ROOT}" -o setup VENV="{sys.prefix}" PORT={ports["8000"]}'
        self._tool("aside", f'exec "{sys.executable}" "{_HERE / "aside.py"}" "{self._home("aside")}" "$@"')
        self._tool("make", f'exec "{make}" {checkout} "$@"')
        for name, line in self.commands.items():
            self._tool(name, line)
        if not shutil.which("curl"):
            self._tool("curl", f'exec "{sys.executable}" "{_HERE / "curl.py"}" "$@"')
        return tools

    def _tool(self, name: str, line: str) -> None:
        script = self._home("tools") / name
        script.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        script.chmod(0o755)


def agrees(shown: Step, given: Step) -> bool:
    """Whether what is shown under a command is what it printed.

    Line breaks and ids do not count. A `…` that stands alone is any number of words, one within a word any letters of it.
    """
    words = [stable(" ".join(lines)).split() for lines in (shown.output, given.output)]
    if words[0] and set(words[0]) == {CUT}:
        return False
    pattern = "".join(r"(?:\S+ )*?" if word == CUT else r"\S*".join(map(re.escape, word.split(CUT))) + " " for word in words[0])
    return re.fullmatch(pattern, "".join(f"{word} " for word in words[1])) is not None
