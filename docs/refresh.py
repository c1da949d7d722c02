# ruff: noqa: INP001, S603 - a script, no part of a package; it runs the commands that the READMEs print
"""Fill the parts of the READMEs and of docs/ that are made: transcripts, figures, the reference, the worked decision.

    python docs/refresh.py              runs what the READMEs show, writes down what came of it, and fills the pages of docs/
    python docs/refresh.py --pages      the pages of docs/ alone, in a few seconds
    python docs/refresh.py --figures    measures evals/figures.json anew as well
    python docs/refresh.py --measure    measures the few figures of `make bench` that the summary shows anew as well
    python docs/refresh.py --check      writes nothing and says which page is stale (with --pages: of docs/ alone)

What is made, and how, stands in `docs/made/`. `tests/test_readme.py` and `tests/test_reference.py` fail when one of
these parts is no longer true, and name this script.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from docs.made import pages, sentences, summary  # noqa: E402 -- found from the root, wherever this script is called
from docs.made.figures import figures_table, keep, kept_figures, measure  # noqa: E402 -- as above
from docs.made.parts import FOLDERS, part, with_part  # noqa: E402 -- as above
from docs.made.settings import settings_rows, settings_table  # noqa: E402 -- as above

__all__ = [
    "CUT",
    "READMES",
    "ROOT",
    "SETTINGS",
    "Step",
    "blocks",
    "environment",
    "figures_table",
    "kept_figures",
    "main",
    "measure",
    "part",
    "programs",
    "refreshed",
    "run_blocks",
    "run_program",
    "settings_rows",
    "settings_table",
    "stable",
    "steps",
    "with_part",
    "wrapped",
]

READMES = {"en": ROOT / "README.md", "pt": ROOT / "README.pt-BR.md"}
SETTINGS = {language: folder / "settings.md" for language, folder in FOLDERS.items()}
CUT = "…"
"""A line of its own under a command: more follows that is not shown."""

_SHOWN_ADDRESS = "127.0.0.1:8000"
_END = "\x1e"
_WIDTH = 118
_PATIENCE = 120.0
_CONSOLE = re.compile(r"(?ms)^```console\n(.*?)^```$")
_PYTHON = re.compile(r"(?ms)^```python\n(.*?)^```\n\n```text\n(.*?)^```$")
_CHANGING = (
    (re.compile(r"\b(dec|apr|fb)_[0-9a-z]+"), r"\1_*"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "*"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "*"),
    (re.compile(r"\bint_\w+"), "int_*"),
)


_CURL = f"""#!{sys.executable}
import sys, urllib.request
_, silent, url, _, header, _, body = sys.argv
request = urllib.request.Request(url, body.encode(), dict([header.split(": ", 1)]))
sys.stdout.write(urllib.request.urlopen(request, timeout=30).read().decode())
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A command and the lines under it."""

    command: str
    output: tuple[str, ...]

    def shows(self, other: Step) -> bool:
        """Whether what is printed here is the beginning (with a last `CUT`) or the whole of what `other` gave, however it is wrapped."""
        cut = self.output[-1:] == (CUT,)
        mine, given = (stable(" ".join(lines)).split() for lines in (self.output[:-1] if cut else self.output, other.output))
        return bool(mine) and mine == given[: len(mine)] if cut else mine == given

    def renewed(self, other: Step) -> Step:
        """This step with the lines that `other` gave, wrapped, as many as are printed here."""
        if self.shows(other):
            return self
        lines = tuple(piece for line in other.output for piece in wrapped(line))
        return Step(self.command, (*lines[: len(self.output) - 1], CUT) if self.output[-1:] == (CUT,) else lines)

    def text(self) -> str:
        """As it stands in a console block."""
        return "\n".join([f"$ {self.command}", *self.output]) + "\n"


def stable(words: str) -> str:
    """A text without what changes at each run: ids, hashes, times."""
    for shape, put in _CHANGING:
        words = shape.sub(put, words)
    return words


def wrapped(line: str) -> list[str]:
    """A line in pieces that fit; further ones are indented more than the first."""
    deeper = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, _WIDTH, subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False) or [""]


def steps(block: str) -> list[Step]:
    """The commands of a console block; a command goes on after a backslash at the end of its line."""
    found: list[list[str]] = []
    open_command = False
    for line in block.splitlines():
        if open_command:
            found[-1][0] += f"\n{line}"
        elif line.startswith("$ "):
            found.append([line[2:]])
        elif found:
            found[-1].append(line)
        open_command = line.endswith("\\") and (open_command or line.startswith("$ "))
    return [Step(command, tuple(output)) for command, *output in found]


def blocks(readme: str) -> list[list[Step]]:
    """The console blocks of a README."""
    return [steps(block) for block in _CONSOLE.findall(readme)]


def run_blocks(readme: str, folder: Path) -> list[list[Step]]:
    """All console blocks of a README as they go here and now: one shell, from the first command to the last.

    Args:
        readme: The text.
        folder: An empty folder for home and temporary files.
    """
    asked = blocks(readme)
    commands = [step.command for block in asked for step in block]
    with _serving(folder) as address:
        script = "".join(f"{command}\ncode=$?; printf '{_END}'; (exit $code)\n" for command in commands)
        done = subprocess.run(
            ["/bin/sh"],
            input=script.replace(_SHOWN_ADDRESS, address),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(folder),
            cwd=folder,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=_PATIENCE,
        )
    outputs = iter(done.stdout.replace(address, _SHOWN_ADDRESS).split(_END))
    return [[Step(step.command, tuple(line.rstrip() for line in next(outputs).splitlines())) for step in block] for block in asked]


def environment(folder: Path) -> dict[str, str]:
    """A newcomer's environment: hardly anything set, this Python's `hive` on the path, home and temporary files in `folder`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), str(_with_curl(folder))])
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    own = {"HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8", "NO_PROXY": "*"}
    # On a machine that is busy with other tests a specialist may need longer than its deadline; then it would abstain.
    return {**kept, **own, "PATH": path, "HIVE_SPECIALIST_DEADLINE": "30"}


def _with_curl(folder: Path) -> Path:
    """A folder with as much of curl as the READMEs use, for machines that have none."""
    tools = folder / "tools"
    if not shutil.which("curl"):
        tools.mkdir(exist_ok=True)
        (tools / "curl").write_text(_CURL, encoding="utf-8")
        (tools / "curl").chmod(0o755)
    return tools


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """`hive serve` with a data directory of its own; gives its address."""
    from benchmarks.server import free_port, hive_command

    address = f"127.0.0.1:{free_port()}"
    command = [hive_command(), "serve", "--port", address.rpartition(":")[2], "--data-dir", str(folder / "served")]
    with subprocess.Popen(command, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(f"http://{address}/health", process)
            yield address
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - loopback
                return
        except (URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError("hive serve did not start")


def programs(readme: str) -> list[tuple[str, str]]:
    """Each Python example with the output printed below it."""
    return _PYTHON.findall(readme)


def run_program(source: str, folder: Path) -> str:
    """What a Python example prints."""
    call = [sys.executable, "-c", source]
    done = subprocess.run(call, env=environment(folder), cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=_PATIENCE)
    return done.stdout + done.stderr


def refreshed(readme: str, language: str) -> str:
    """A README with all made parts filled anew."""
    readme = with_part(readme, "figures", figures_table(kept_figures(), language))
    with TemporaryDirectory() as name:
        for block, ran in zip(blocks(readme), run_blocks(readme, Path(name)), strict=True):
            old, new = ("".join(step.text() for step in each) for each in (block, _renewed(block, ran)))
            readme = readme.replace(old, new)
    for source, shown in programs(readme):
        with TemporaryDirectory() as name:
            readme = readme.replace(f"{source}```\n\n```text\n{shown}", f"{source}```\n\n```text\n{run_program(source, Path(name))}")
    return readme


def _renewed(block: list[Step], ran: list[Step]) -> list[Step]:
    return [step.renewed(given) for step, given in zip(block, ran, strict=True)]


def renewed() -> Iterator[tuple[Path, str]]:
    """Each README with its new text, in both languages."""
    for language, path in READMES.items():
        yield path, refreshed(path.read_text(encoding="utf-8"), language)


def main(arguments: list[str]) -> int:
    """Fill what is made, or with `--check` only say what is stale; 1 when something is, or has no Portuguese words yet."""
    if missing := sentences.missing():
        sys.stderr.write("docs/made/portuguese.toml lacks:\n" + "".join(f"  {sentence}\n" for sentence in missing))
        return 1
    if "--figures" in arguments:
        keep(measure())
    if "--measure" in arguments:
        summary.measure()
    texts = {**dict(pages.filled()), **({} if "--pages" in arguments else dict(renewed()))}
    stale = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if "--check" not in arguments:
            path.write_text(texts[path], encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
