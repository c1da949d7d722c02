"""What the READMEs and the pages under docs/ promise is true: transcripts, examples, settings, figures, names, links."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs import refresh
from docs.refresh import CUT, READMES, ROOT, SETTINGS, Step
from neural_hive.consensus import RULES

LANGUAGES = tuple(READMES)
PAGES = {language: ROOT / "docs" / folder for language, folder in (("en", "en"), ("pt", "pt-BR"))}
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
TEXTS = [*READMES.values(), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
RULE_NAMES = [rule.__name__.removeprefix("_") for rule in RULES]
REFRESH = "run: python docs/refresh.py"
FENCE = re.compile(r"(?ms)^(```+).*?^\1$")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_transcript_is_true(language: str, tmp_path: Path) -> None:
    readme = read(READMES[language])
    printed = [step for block in refresh.blocks(readme) for step in block]
    ran = [step for block in refresh.run_blocks(readme, tmp_path) for step in block]
    assert [step.command for step in printed if step.output == ("30",)] == ["echo $?"] * 2, "a sentence and a script are rejected"
    for shown, given in zip(printed, ran, strict=True):
        assert shown.shows(given), f"{REFRESH}\n$ {shown.command}\n" + "\n".join(given.output)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_python_example_prints_what_is_shown(language: str, tmp_path: Path) -> None:
    found = refresh.programs(read(READMES[language]))
    assert found
    for source, shown in found:
        assert refresh.run_program(source, tmp_path) == shown, REFRESH


def ci_example(language: str) -> str:
    (example,) = re.findall(r"(?ms)^```sh\n(.*?)^```$", read(READMES[language]))
    return str(example)


@pytest.mark.parametrize(
    ("flag", "migration", "passes"),
    [("-ec", "SELECT 1;\n", True), ("-ec", "DELETE FROM users;\n", False), ("-c", "DELETE FROM users;\n", False), ("-c", "", False)],
)
def test_the_ci_example_stops_what_it_should(flag: str, migration: str, passes: bool, tmp_path: Path) -> None:
    """With and without `set -e`; a file that is missing stops the job too."""
    if migration:
        (tmp_path / "migration.sql").write_text(migration, encoding="utf-8")
    call = ["/bin/sh", flag, ci_example("en")]
    done = subprocess.run(call, env=refresh.environment(tmp_path), cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert (done.returncode == 0) is passes, done.stderr
    if migration:
        assert json.loads(read(tmp_path / "hive.sarif"))["version"] == "2.1.0"


def test_the_ci_example_is_the_same_in_both_languages() -> None:
    assert len({re.sub(r" *#.*", "", ci_example(language)) for language in LANGUAGES}) == 1


def test_settings_are_listed_as_they_are() -> None:
    assert refresh.part(read(SETTINGS["en"]), "settings") == refresh.settings_table(), REFRESH


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_readme_repeats_some_settings(language: str) -> None:
    listed = re.findall(r"(?m)^\| `HIVE_.*$", read(READMES[language]))
    assert listed
    assert set(listed) <= set(read(SETTINGS[language]).splitlines())


def test_settings_are_listed_in_portuguese_too() -> None:
    table = refresh.part(read(SETTINGS["pt"]), "settings")
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]]
    real = refresh.settings_rows()
    assert [row[:2] for row in rows] == [(f"`{variable}`", default) for variable, default, _ in real]
    assert [row for row, setting in zip(rows, real, strict=True) if not row[2] or row[2] == setting[2]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_are_those_that_are_kept(language: str) -> None:
    shown = refresh.part(read(READMES[language]), "figures")
    assert shown == refresh.figures_table(refresh.kept_figures(), language), REFRESH
    assert refresh.kept_figures() or not re.search(r"\d", shown)


def test_kept_figures_are_what_is_measured() -> None:
    kept = refresh.kept_figures()
    if kept is None:
        pytest.skip("no figures are kept, and the READMEs show none")
    assert refresh.measure(tuple(kept)) == kept, f"{REFRESH} --figures"


def test_a_figure_is_written_as_its_reader_writes_it() -> None:
    row = {"cases": 8, "accuracy": 0.875, "let_go": 1, "let_go_share": 0.25, "blocked": 0, "blocked_share": 0.0, "auc": 0.91, "ece": None}
    figures = {"dev": {"panel": row | {"twins_agree": 1.0, "language": 1.0, "domain": 0.5}, "keywords": row}}
    assert "| dev | the hive | 87.5% | 1 (25.0%) | 0 (0.0%) | 0.910 | - |" in refresh.figures_table(figures, "en")
    assert "| dev | lista de palavras | 87,5% | 1 (25,0%) | 0 (0,0%) | 0,910 | - |" in refresh.figures_table(figures, "pt")
    assert "- dev (8 cases): the same verdict in both languages 100.0%" in refresh.figures_table(figures, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_exit_codes_are_those_of_the_command(language: str) -> None:
    from neural_hive.cli.review import EXIT_CODES

    listed = re.findall(r"(?m)^\| `(\w+)` \|.*\| (\d+) \|$", read(READMES[language]))
    assert {verdict: int(code) for verdict, code in listed} == EXIT_CODES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_is_told_in_its_order(language: str) -> None:
    told = re.findall(r"(?s)\(`(\w+)`\)", read(READMES[language]))
    assert told == RULE_NAMES
    explained = re.findall(r"(?m)^\| `(\w+)` \|", read(PAGES[language] / "architecture.md"))
    assert explained == RULE_NAMES


@pytest.mark.parametrize("language", LANGUAGES)
def test_ports_are_told_with_their_verbs(language: str) -> None:
    told = re.findall(r"(?m)^\| (Specialist|Ledger|Graph|Cache|Models) \|[^|]*\| (.*?) \|$", read(PAGES[language] / "architecture.md"))
    packages = {"Specialist": "specialists"}
    for port, verbs in told:
        protocol = getattr(importlib.import_module(f"neural_hive.{packages.get(port, port.lower())}.base"), port)
        real = [name for name, member in vars(protocol).items() if inspect.isfunction(member) and not name.startswith("_")]
        assert verbs.split(", ") == real
    assert len(told) == 5


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_what_a_page_names_exists(path: Path) -> None:
    words = read(path)
    targets = set(re.findall(r"(?m)^([a-z][a-z0-9-]*):.*## ", read(ROOT / "Makefile")))
    assert set(re.findall(r"(?m)(?:`|^    )make ([a-z][a-z0-9-]*)", words)) <= targets
    settings = {variable for variable, _, _ in refresh.settings_rows()}
    known = settings | {variable.partition("__")[0] for variable in settings} | {"HIVE_CONFIG", "HIVE_TOKEN"}
    named_here = {name.replace("HIVE_SPECIALISTS__TECHNICAL", "HIVE_SPECIALISTS") for name in re.findall(r"HIVE_[A-Z_]*[A-Z]", words)}
    assert {name for name in named_here if not name.startswith("HIVE_TEST_")} <= known
    missing = [file for file in re.findall(r"`((?:[a-z_]+/)+[a-z_]*(?:\.\w+)?|[a-z_]+\.(?:py|toml))`", words) if not is_here(file)]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tree_that_is_told_exists(language: str) -> None:
    lines = re.findall(r"(?m)^ {8}(?=\w+[/.])(.+)$", read(PAGES[language] / "architecture.md"))
    told = [name for line in lines for name in re.findall(r"\b(?:[a-z_]+/)*[a-z_]+(?:\.py|/)", line)]
    assert [name for name in told if not is_here(name)] == []
    assert len(told) > 12


def is_here(file: str) -> bool:
    """A path from the root or from the package; a bare name anywhere in the package. `config.toml` is the user's own."""
    package = ROOT / "src" / "neural_hive"
    return (ROOT / file).exists() or (package / file).exists() or ("/" not in file and any(package.rglob(file))) or file == "config.toml"


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_commands_that_a_page_names_exist(path: Path) -> None:
    from typer.main import get_command

    from neural_hive.cli.app import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    words = read(path)
    assert set(re.findall(r"(?m)(?:`|^\$ |^    |bin/)hive ([a-z]+)", words)) <= set(commands)
    assert set(re.findall(r"\bhive ledger ([a-z]+)", words)) <= set(commands["ledger"].commands)


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_links_resolve(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", read(path))):
        if link.startswith("https://"):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def headings(path: Path) -> list[tuple[int, str]]:
    """Level and words of each heading outside code."""
    return [(len(marks), words) for marks, words in re.findall(r"(?m)^(#+) (.+)$", FENCE.sub("", read(path)))]


def anchors(path: Path) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in headings(path)}


def shape(path: Path) -> dict[str, object]:
    words = read(path)
    without_code = FENCE.sub("", words)
    return {
        "headings": [level for level, _ in headings(path)],
        "code": [fence.partition("\n")[0] for fence in re.findall(r"(?ms)^```\w+\n.*?^```$", words)],
        "rows": len(re.findall(r"(?m)^\|", without_code)),
        "items": len(re.findall(r"(?m)^(?:-|\d+\.) ", without_code)),
    }


def test_pages_stand_in_both_languages() -> None:
    names = [sorted(page.name for page in folder.glob("*")) for folder in PAGES.values()]
    assert names[0] == names[1]
    assert {"architecture.md", "limits.md"} <= set(names[0])


@pytest.mark.parametrize("name", ["README", *(page.name for page in sorted(PAGES["en"].glob("*.md")))])
def test_both_languages_say_as_much(name: str) -> None:
    """The same headings, code, tables and lists; the words are each language's own."""
    english, portuguese = READMES.values() if name == "README" else (PAGES[language] / name for language in LANGUAGES)
    assert shape(english) == shape(portuguese)


@pytest.mark.parametrize("path", ADRS, ids=named)
def test_a_choice_has_one_page(path: Path) -> None:
    words = read(path)
    parts = re.findall(r"(?m)^\*\*(.+?)\.\*\*", words)
    assert parts == ["Status", "Question", "Choice", "Instead of", "Reasons", "Price", "Would change it"]
    assert words.startswith(f"# {ADRS.index(path) + 1}. ")
    assert path.name.startswith(f"{ADRS.index(path) + 1:04}-")
    assert len(words.splitlines()) <= 60
    assert all(path.name in read(folder / "architecture.md") for folder in PAGES.values())


def test_a_shown_beginning_can_fail() -> None:
    given = Step("hive review x", ("REJECTED", "Receipt: dec_0123456789abcdef, root 0123456789abcdef…"))
    assert Step("", ("REJECTED", CUT)).shows(given)
    assert Step("", ("REJECTED", "    Receipt: dec_ffff,", "root fedcba9876543210…")).shows(given), "wrapping and ids do not count"
    assert not Step("", ("APPROVED", CUT)).shows(given)
    assert not Step("", ("REJECTED",)).shows(given), "what is left out is marked"
    assert not Step("", (CUT,)).shows(given), "something is shown"


def test_a_command_may_go_on_in_the_next_line() -> None:
    assert refresh.steps("$ a \\\n    b \\\n  c\nout\n$ d\n") == [Step("a \\\n    b \\\n  c", ("out",)), Step("d", ())]


def test_a_machine_without_curl_can_run_the_transcript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    substitute = shutil.which("curl", path=refresh.environment(tmp_path)["PATH"].rpartition(":")[2])
    assert substitute
    compile(read(Path(substitute)), "curl", "exec")
