"""The made parts of docs/ are current, whole, and say as much in both languages; the worked decision adds up."""

from __future__ import annotations

import re
import tomllib
from math import exp
from pathlib import Path

import pytest

from docs import refresh
from docs.made import api, commands, decision, models, pages, problems, sentences, summary, types, wire
from docs.made.parts import FOLDERS, LANGUAGES, ROOT, cell, names_of, part, table, with_part, words
from neural_hive.calibration import calibration
from neural_hive.consensus import RULES, panel_risk
from neural_hive.gateway.app import create_app
from neural_hive.settings import Settings
from neural_hive.specialists.hazard import load
from neural_hive.specialists.registry import OWN
from neural_hive.types import Verdict

STALE = "run: python docs/refresh.py --pages"
FULL = 500
"""Words that one page may have."""


def read(name: str, language: str) -> str:
    return (FOLDERS[language] / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", pages.PARTS)
def test_a_page_is_current(name: str, language: str) -> None:
    page = read(name, language)
    for key, make in pages.PARTS[name].items():
        assert part(page, key) == make(language), f"{STALE} ({name}: {key})"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", pages.PARTS)
def test_no_part_of_a_page_is_forgotten(name: str, language: str) -> None:
    assert sorted(names_of(read(name, language))) == sorted(pages.PARTS[name])


def test_what_the_code_says_is_said_in_portuguese_and_nothing_more() -> None:
    assert sentences.missing() == []
    assert sentences.left_over() == []


def test_words_of_the_made_parts_are_there_in_both_languages() -> None:
    assert [key for key, entry in words().items() if set(entry) != set(LANGUAGES) or not all(entry.values())] == []


def test_every_member_without_words_in_the_code_has_some_here() -> None:
    """And no other: `fields.toml` holds what no class says."""
    needed = {
        f"{name}.{field}"
        for name, schema in api.document()["components"]["schemas"].items()
        for field in schema.get("properties", {})
        if field not in types.attributes_of(schema)
    }
    told = tomllib.loads((ROOT / "docs" / "made" / "fields.toml").read_text(encoding="utf-8"))
    assert {f"{name}.{field}" for name, fields in told.items() for field in fields} == needed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_route_stands_in_the_reference_with_its_scope(language: str, tmp_path: Path) -> None:
    routes = create_app(Settings(data_dir=tmp_path)).openapi()["paths"]
    page = read("api.md", language)
    for path, methods in routes.items():
        for method, described in methods.items():
            (row,) = re.findall(rf"(?m)^\| `{method.upper()} {re.escape(path)}` \| .* \| (.*) \|$", page)
            assert re.findall(r"`([a-z:]+)`", row) == list(api.scopes_of(described))


def test_most_routes_need_a_scope_and_probes_need_none() -> None:
    needed = {path: api.scopes_of(described) for _, path, described in api.operations()}
    assert [path for path, scopes in needed.items() if not scopes] == ["/health", "/ready", "/metrics"]
    assert needed["/api/v1/decisions/{decision_id}/approval"] == ("decisions:approve",)


def test_every_status_that_a_route_may_answer_has_a_title() -> None:
    told = {str(problems.status(key)) for key in problems.raised()}
    stated = {status for _, _, described in api.operations() for status in described["responses"] if status[0] in "45"}
    assert stated <= told


def test_problems_are_those_that_callers_meet() -> None:
    found = {key.removeprefix("error."): problems.status(key) for key in problems.raised()}
    some = {"empty_intent": 422, "no_decision": 404, "ledger_unwritable": 503, "rate_limited": 429, "idempotency_conflict": 409}
    assert some.items() <= found.items()
    assert {code for code, status in found.items() if status == 401} >= {"token_missing", "token_expired", "token_audience"}
    assert not any(code.startswith(("cli_", "train_", "setting")) for code in found)


def test_the_contract_is_told_to_its_last_field() -> None:
    told = wire.messages("en") + wire.fields("en")
    for name in re.findall(r"(?m)^message (\w+) \{$", wire.CONTRACT.read_text(encoding="utf-8")):
        assert f"`{name}`" in told
    assert all(comment for comment in wire.comments().values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_is_told(language: str) -> None:
    from typer.main import get_command

    from neural_hive.cli.app import app

    group = get_command(app)
    named = ["hive", *(f"hive {name}" for name in group.commands)]  # type: ignore[attr-defined]
    assert set(named) <= set(commands.helps(language))
    assert "hive ledger verify" in commands.helps(language)
    assert commands.helps("en")["hive review"] != commands.helps("pt")["hive review"]


def test_every_packaged_model_has_a_card() -> None:
    page = read("models.md", "en")
    files = sorted(path.stem for path in (ROOT / "src/neural_hive/models/files").glob("*.json"))
    assert files == sorted((*OWN, "reader"))
    for name in files:
        assert f"`src/neural_hive/models/files/{name}.json`" in page
    _, share = models.reader_on_dev()
    assert 0.9 < share < 1.0, "the reader of texts tells dangerous from harmless, and not perfectly"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terms_of_the_worked_hazard_add_up(language: str) -> None:
    reading = decision.judged(decision.EXAMPLE[language]).found[0]
    name = max(reading.inherent, key=lambda each: reading.inherent[each])
    dimension = next(each for each in load().dimensions if each.name == name)
    total = sum(points for _, points in decision.terms(dimension, reading.action))
    assert 1.0 / (1.0 + exp(-total)) == pytest.approx(reading.inherent[name])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_worked_decision_is_the_one_that_is_given(language: str, tmp_path: Path) -> None:
    """The page's numbers are those of a hive that is asked as a caller asks it."""
    import asyncio

    from neural_hive.bootstrap import open_hive
    from neural_hive.settings import load_settings
    from neural_hive.types import Intent

    async def asked() -> tuple[Verdict, float, list[str]]:
        async with open_hive(load_settings(data_dir=tmp_path)) as hive:
            given = await hive.review(Intent(text=decision.EXAMPLE[language]))
        return given.verdict, given.harm_probability, [rule.name for rule in given.rules]

    shown = decision.judged(decision.EXAMPLE[language]).conclusion
    assert asyncio.run(asked()) == (shown.verdict, shown.harm_probability, [rule.name for rule in shown.rules])
    assert calibration().probability(panel_risk(shown.votes)) == pytest.approx(shown.harm_probability, abs=1e-6)
    assert f"| {len(RULES)} | `clear` |" in decision.rules(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_variants_show_every_verdict_in_the_order_of_severity(language: str) -> None:
    verdicts = [decision.judged(text).conclusion.verdict for text in decision.VARIANTS[language]]
    assert set(verdicts) == set(Verdict)
    assert [verdict.severity for verdict in verdicts] == sorted(verdict.severity for verdict in verdicts)


def test_what_the_page_of_decisions_counts_is_so() -> None:
    assert len(load().dimensions) == 12, "en: twelve ways; pt: doze maneiras"
    assert load().least_left == 0.15, "all protections together never take more than 85 %"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_fits_on_a_page(language: str) -> None:
    page = re.sub(r"<!--.*?-->|\]\([^)]*\)|[|*#\[\]-]+", " ", read("summary.md", language))
    assert len(page.split()) <= FULL


def test_the_summary_tells_figures_that_are_kept() -> None:
    kept = refresh.kept_figures()
    assert kept is not None
    assert f"{kept['test']['panel']['let_go']} (" in summary.proof("en")
    assert summary.errs("pt") in read("security.md", "pt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_threat_names_what_stops_it_and_what_is_left(language: str) -> None:
    page = read("security.md", language)
    rows = [
        [column.strip() for column in row.strip("|").split("|")] for row in re.findall(r"(?m)^\|.*\| [stride](?:, [stride])* \|.*$", page)
    ]
    assert len(rows) > 35
    for attack, _, stops, shown, left in rows:
        assert stops, attack
        assert left, attack
        assert "`" in shown or stops.startswith(("nothing", "nada")), f"{attack}: no test and no file is named"


def test_security_tells_every_scope() -> None:
    from neural_hive.tokens.base import SCOPES

    for language in LANGUAGES:
        assert tuple(re.findall(r"(?m)^\| `([a-z]+:[a-z]+)` \|", read("security.md", language))) == SCOPES


def test_check_says_what_is_stale_and_writes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stale = FOLDERS["en"] / "models.md"
    before = stale.read_text(encoding="utf-8")
    monkeypatch.setitem(pages.PARTS, "models.md", {"models": lambda _: "something else\n"})
    assert refresh.main(["--pages", "--check"]) == 1
    assert capsys.readouterr().out.split() == ["docs/en/models.md", "docs/pt-BR/models.md"]
    assert stale.read_text(encoding="utf-8") == before


def test_marks_and_tables() -> None:
    page = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert part(page, "x") == "old\n"
    assert with_part(page, "x", "new\n") == "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"
    with pytest.raises(ValueError, match="no part"):
        part(page, "y")
    assert cell("a | b\nc") == r"a \| b c"
    assert table(["h"], [["1"]]) == "| h |\n|---|\n| 1 |\n"
