from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from neural_hive.errors import InputError, PlanError
from neural_hive.evaluation import Answer, run, tables
from neural_hive.evaluation.__main__ import main
from neural_hive.evaluation.baselines import always_review, keyword_list
from neural_hive.evaluation.figures import leaks
from neural_hive.types import Intent, SourcePlan, Verdict


def case(name: str, lang: str, gold: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{name}-{lang}",
        "group": name,
        "lang": lang,
        "intent_text": f"{gold} {name}",
        "plan": None,
        "gold": gold,
        "tags": ["t"],
    } | more


CASES = [
    case("a", "pt", "dangerous", pair="p", riskier=True, domain="SECURITY"),
    case("a", "en", "dangerous", pair="p", riskier=True, domain="SECURITY"),
    case("b", "pt", "harmless", pair="p", riskier=False),
    case("b", "en", "harmless", pair="p", riskier=False),
    case("c", "en", "cautious", plan={"format": "sql", "source": "SELECT 1"}),
]
VERDICTS = {"dangerous": Verdict.REJECT, "harmless": Verdict.APPROVE, "cautious": Verdict.CONDITIONAL}


async def oracle(intent: Intent) -> Answer:
    gold = intent.text.split()[0]
    probability = {"dangerous": 0.9, "cautious": 0.4, "harmless": 0.1}[gold]
    risks = {"one": probability, "other": 0.2}
    return Answer(verdict=VERDICTS[gold], harm_probability=probability, language="en", domain="SECURITY", risks=risks)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    evals = tmp_path / "project" / "evals"
    for part in ("dev", "test"):
        (evals / part).mkdir(parents=True)
        (evals / part / "cases.json").write_text(json.dumps(CASES))
    mail = {"kind": "email", "value": "a@b.example"}
    pii = [{"id": "x", "lang": "en", "intent_text": f"harmless {mail['value']}", "plan": None, "pii": [mail]}]
    (evals / "dev" / "pii.json").write_text(json.dumps(pii))
    data = tmp_path / "shared" / "data" / "technical"
    data.mkdir(parents=True)
    rows = [{"text": f"harmless {page}", "label": "read_only", "page": page} for page in map(str, range(20))]
    (data / "commands_en_train.jsonl").write_text(
        "\n".join(json.dumps(row | {"label": "destructive"} if row["page"] == "3" else row) for row in rows)
    )
    return evals


def test_a_perfect_reviewer_gets_perfect_figures(checkout: Path) -> None:
    panel = run(checkout, sets=["dev"], reviewer=oracle).sets["dev"]["panel"]
    assert (panel["accuracy"], panel["macro_f1"], panel["kappa"], panel["auc"]) == (1, 1, 1, 1)
    assert (panel["let_go"], panel["blocked"], panel["twins_agree"], panel["pairs_ordered"]) == (0, 0, 1, 1)
    assert panel["language"] == 0.6
    assert panel["domain"] == 1


def test_the_constant_lets_nothing_go_and_blocks_everything(checkout: Path) -> None:
    panel = run(checkout, sets=["dev"], reviewer=always_review).sets["dev"]["panel"]
    assert (panel["let_go"], panel["blocked_share"], panel["auc"], panel["pairs_ordered"]) == (0, 1, 0.5, 0)


def test_approving_a_danger_is_counted_and_told(checkout: Path, tmp_path: Path) -> None:
    async def careless(_intent: Intent) -> Answer:
        return Answer(verdict=Verdict.APPROVE, harm_probability=0.0)

    file = tmp_path / "misses.jsonl"
    evaluation = run(checkout, reviewer=careless, misses=file)
    assert evaluation.sets["dev"]["panel"]["let_go"] == 2
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert {miss["id"] for miss in told} == {"a-pt", "a-en", "c-en"}
    assert {miss["set"] for miss in told} == {"dev"}, "misses of the test set must not be told"


def test_a_test_file_by_its_own_path_tells_no_misses(checkout: Path) -> None:
    assert run(checkout / "test" / "cases.json", reviewer=always_review).misses == []


def test_a_refused_plan_counts_as_review(checkout: Path) -> None:
    async def refuses(_intent: Intent) -> Answer:
        raise PlanError("error.no_cases", path="p")

    panel = run(checkout, sets=["dev"], reviewer=refuses).sets["dev"]["panel"]
    assert (panel["refused"], panel["let_go"], panel["blocked"]) == (5, 0, 2)


def test_a_leak_is_found_even_when_json_escapes_it(checkout: Path) -> None:
    async def repeats(intent: Intent) -> Answer:
        return Answer(verdict=Verdict.APPROVE, harm_probability=0.0, document=json.dumps({"text": intent.text}))

    assert run(checkout, sets=["dev"], reviewer=repeats).sets["dev-pii"]["panel"]["pii_leaks"] == 1
    assert leaks('pass"word', json.dumps('my pass"word'))
    assert leaks("(11) 95555-0123", '{"target": "11955550123"}')
    assert not leaks("a@b.example", json.dumps("mail <email>"))


def test_only_the_unseen_half_of_the_commands_is_asked(checkout: Path) -> None:
    asked: list[str] = []

    async def notes(intent: Intent) -> Answer:
        asked.append(intent.text.split()[1])
        return Answer(verdict=Verdict.APPROVE, harm_probability=0.0)

    figures = run(checkout, sets=["commands"], reviewer=notes).sets["commands"]["panel"]
    assert asked == [page for page in map(str, range(20)) if int(sha256(page.encode()).hexdigest(), 16) % 2]
    assert figures["read_only_not_approved"] == 0


def test_specialists_are_measured_alone_and_against_each_other(checkout: Path) -> None:
    figures = run(checkout, sets=["dev"], reviewer=oracle).sets["dev"]
    assert figures["specialists"]["one"]["auc"] == 1
    assert figures["specialists"]["other"]["auc"] == 0.5
    assert figures["specialists"]["one"]["highest"] == pytest.approx(0.6)
    assert figures["correlations"] == {"one/other": None}
    assert figures["kinds"]["sql"]["cases"] == 1


@pytest.mark.parametrize("language", ["pt", "en"])
def test_the_table_is_worded_in_both_languages(checkout: Path, language: str) -> None:
    table = tables(run(checkout, reviewer=oracle), language)
    assert "== dev: 5" in table
    assert "== test: 5" in table
    assert "{" not in table
    assert ("painel" in table) == (language == "pt")


def test_unknown_paths_and_sets_say_what_to_do(checkout: Path) -> None:
    with pytest.raises(InputError, match="no cases at"):
        run(checkout / "nowhere", reviewer=oracle)
    with pytest.raises(InputError, match="Known sets: dev, test"):
        run(checkout, sets=["nonsense"], reviewer=oracle)


def test_the_command_line_prints_json_and_fails_with_usage(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(checkout), "--set", "dev", "--reviewer", "constant", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dev"]["panel"]["cases"] == 5
    assert main([str(checkout / "nowhere")]) == 64


async def test_the_keyword_list_reads_text_tasks_and_source() -> None:
    assert (await keyword_list(Intent(text="apagar tudo"))).verdict is Verdict.REJECT
    assert (await keyword_list(Intent(text="", plan=SourcePlan(source="DROP TABLE t", format="sql")))).verdict is Verdict.REJECT
    assert (await keyword_list(Intent(text="deploy to production"))).verdict is Verdict.CONDITIONAL
    assert (await keyword_list(Intent(text="good morning"))).verdict is Verdict.APPROVE
