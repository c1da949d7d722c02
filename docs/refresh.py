# ruff: noqa: INP001, S603 - a script, no part of a package; it runs the commands that the READMEs print
"""Fill the parts of the READMEs and of docs/ that are made: transcripts, the figures, the settings.

    python docs/refresh.py              runs what the READMEs show, writes down what came of it, and lists the settings
    python docs/refresh.py --figures    measures evals/figures.json anew as well

`tests/test_readme.py` fails when one of these parts is no longer true, and names this script.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
READMES = {"en": ROOT / "README.md", "pt": ROOT / "README.pt-BR.md"}
SETTINGS = {"en": ROOT / "docs" / "en" / "settings.md", "pt": ROOT / "docs" / "pt-BR" / "settings.md"}
FIGURES = ROOT / "evals" / "figures.json"
SETS = ("dev", "test")
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
        lines = tuple(part for line in other.output for part in wrapped(line))
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


def part(readme: str, name: str) -> str:
    """What stands between the marks of a made part.

    Raises:
        ValueError: The page has no such marks.
    """
    found = re.search(rf"(?s)<!-- {name} -->\n(.*?)<!-- /{name} -->", readme)
    if found is None:
        raise ValueError(f"no part {name!r}")
    return found[1]


def with_part(readme: str, name: str, content: str) -> str:
    """The README with a made part filled anew."""
    return readme.replace(f"<!-- {name} -->\n{part(readme, name)}<!-- /{name} -->", f"<!-- {name} -->\n{content}<!-- /{name} -->")


def settings_rows() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of each setting, in the order of `settings.py`."""
    from pydantic import BaseModel

    from neural_hive.settings import Limits, Settings, Tls

    tables: dict[str, type[BaseModel]] = {"tls": Tls, "limits": Limits}
    own = [(f"HIVE_{name.upper()}", field) for name, field in Settings.model_fields.items() if name not in tables]
    nested = [
        (f"HIVE_{table.upper()}__{name.upper()}", field) for table, model in tables.items() for name, field in model.model_fields.items()
    ]
    return [(variable, _default(field), field.description or "") for variable, field in own + nested]


def _default(field: Any) -> str:
    if field.default_factory is not None:
        value = field.default_factory()
        return "`{}`" if value == {} else "-"
    return "-" if field.default is None else f"`{field.default}`"


def settings_table() -> str:
    """The English table of settings."""
    rows = [f"| `{variable}` | {default} | {meaning} |" for variable, default, meaning in settings_rows()]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


def measure(names: tuple[str, ...] = SETS) -> dict[str, Any]:
    """The figures of the repository's own sets, panel and baselines, rounded as they are kept."""
    from neural_hive.evaluation.runner import run

    kept = ("cases", "accuracy", "let_go", "let_go_share", "blocked", "blocked_share", "auc", "ece")
    figures: dict[str, Any] = {}
    for name, found in run(ROOT / "evals", sets=names).sets.items():
        if name in names:
            reviewers = {"panel": found["panel"], **found["baselines"]}
            figures[name] = {who: {key: _rounded(row[key]) for key in kept} for who, row in reviewers.items()}
            extra = ("twins_agree", "language", "domain")
            figures[name]["panel"] |= {key: _rounded(found["panel"][key]) for key in extra}
    return figures


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)


_WORDS = {
    "en": {
        "head": ("set", "who answers", "accepted", "dangerous let go", "harmless blocked", "AUC", "ECE"),
        "panel": "the hive",
        "keywords": "keyword list",
        "constant": "always review",
        "more": "{name} ({cases} cases): the same verdict in both languages {twins}; language {language}; domain {domain}.",
        "none": "No figures are kept yet: `make eval` prints them.",
    },
    "pt": {
        "head": ("conjunto", "quem responde", "aceito", "perigosos liberados", "inofensivos bloqueados", "AUC", "ECE"),
        "panel": "a colmeia",
        "keywords": "lista de palavras",
        "constant": "sempre revisar",
        "more": "{name} ({cases} casos): mesmo veredito nos dois idiomas {twins}; idioma {language}; domínio {domain}.",
        "none": "Ainda não há números guardados: o `make eval` os mostra.",
    },
}


def figures_table(figures: Mapping[str, Any] | None, language: str) -> str:
    """The figures in a README's language; a sentence when there are none."""
    words = _WORDS[language]
    if not figures:
        return f"{words['none']}\n"
    head = words["head"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, reviewers in figures.items():
        for who, row in reviewers.items():
            lines.append(f"| {' | '.join((name, str(words[who]), *_cells(row, language)))} |")
    more = [_more(name, reviewers["panel"], language) for name, reviewers in figures.items()]
    return "\n".join([*lines, "", *more]) + "\n"


def _cells(row: Mapping[str, Any], language: str) -> tuple[str, ...]:
    let_go, blocked = (f"{row[name]} ({percent(row[f'{name}_share'], language)})" for name in ("let_go", "blocked"))
    return percent(row["accuracy"], language), let_go, blocked, number(row["auc"], language), number(row["ece"], language)


def _more(name: str, panel: Mapping[str, Any], language: str) -> str:
    fields = {"twins": "twins_agree", "language": "language", "domain": "domain"}
    shares = {key: percent(panel[field], language) for key, field in fields.items()}
    return "- " + str(_WORDS[language]["more"]).format(name=name, cases=panel["cases"], **shares)


def percent(share: float | None, language: str) -> str:
    """A share with one decimal, as a reader of the language writes it."""
    return "-" if share is None else _local(f"{100 * share:.1f}%", language)


def number(value: float | None, language: str) -> str:
    """A figure with three decimals, as a reader of the language writes it."""
    return "-" if value is None else _local(f"{value:.3f}", language)


def _local(figure: str, language: str) -> str:
    return figure.replace(".", ",") if language == "pt" else figure


def kept_figures() -> dict[str, Any] | None:
    """The figures that were measured last; None when none are kept."""
    if not FIGURES.exists():
        return None
    figures: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


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


def main(arguments: list[str]) -> int:
    """Refresh both READMEs and the English list of settings."""
    if "--figures" in arguments:
        FIGURES.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    for language, path in READMES.items():
        path.write_text(refreshed(path.read_text(encoding="utf-8"), language), encoding="utf-8")
    page = SETTINGS["en"]
    page.write_text(with_part(page.read_text(encoding="utf-8"), "settings", settings_table()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
