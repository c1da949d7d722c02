from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import HiveError, LimitError, PlanError
from neural_hive.planning import plan
from neural_hive.types import Context, Domain, Environment, GivenPlan, GivenTask, Intent, Plan, SourcePlan, Trait
from neural_hive.understanding import understand
from tests.unit.planning.samples import SAMPLES


def planned(text: str = "", source: str | None = None, form: str = "auto", context: Context | None = None, **limits: int) -> Plan:
    given_source = None if source is None else SourcePlan(source=source, format=form)
    intent = Intent(text=text, plan=given_source, context=context or Context())
    return plan(understand(intent), intent, **limits)


def environments(found: Plan) -> set[Environment]:
    return {action.environment for action in found.actions}


MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: {}\n"


@pytest.mark.parametrize(
    "case", [case for case in SAMPLES if case["format"] in {"terraform", "kubernetes", "diff", "shell"}], ids=lambda case: case["id"]
)
def test_a_source_is_read_the_same_detected_or_declared(case: dict[str, str]) -> None:
    declared, detected = (planned(case["intent_text"], case["source"], form) for form in (case["format"], "auto"))
    assert (declared.tasks, declared.coverage) == (detected.tasks, detected.coverage)
    assert declared.format == detected.format == case["format"]
    assert declared.title == case["intent_text"]


def test_language_and_domain_come_from_the_plan_where_the_title_is_silent() -> None:
    source = json.dumps([{"id": "a", "description": "apagar a tabela de clientes do banco de dados"}])
    assert planned("", source).language == "pt"
    assert planned("", '{"resource_changes": []}').domain is Domain.INFRASTRUCTURE
    assert planned("bom dia, tudo bem?").domain is Domain.OUT_OF_SCOPE


def test_a_text_makes_its_own_plan() -> None:
    found = planned("fazer backup da tabela pedidos e depois apagar a tabela pedidos")
    assert found.format == "text"
    assert found.language == "pt"
    assert len(found.tasks) >= 2


def test_given_tasks() -> None:
    intent = Intent(
        text="",
        plan=GivenPlan(
            tasks=(GivenTask(id="b", description="drop the table", dependencies=("a",)), GivenTask(id="a", description="back up the table"))
        ),
    )
    found = plan(understand(intent), intent)
    assert [task.id for task in found.tasks] == ["a", "b"]
    assert found.format == "tasks"


@pytest.mark.parametrize("form", ["auto", "json", "yaml"])
def test_a_source_of_tasks(form: str) -> None:
    source = json.dumps({"tasks": [{"id": "a", "description": "read the report"}]})
    assert planned("", source, form).format == "tasks"


def test_json_and_yaml_may_hold_manifests_and_plans() -> None:
    assert planned("", MANIFEST.format("dev"), "yaml").format == "kubernetes"
    assert planned("", '{"resource_changes": []}', "json").format == "terraform"


def test_a_source_in_prose_is_one_task_in_words() -> None:
    found = planned("", "apagar a tabela de clientes em produção")
    assert found.format == "tasks"
    assert any(action.has(Trait.DESTRUCTIVE) for action in found.actions)


def test_the_source_speaks_for_itself_and_caution_wins() -> None:
    assert environments(planned("na minha máquina", MANIFEST.format("prod"))) == {Environment.PRODUCTION}
    assert environments(planned("subir no kind da minha máquina", MANIFEST.format("default"))) == {Environment.DEVELOPMENT}
    assert environments(planned("publicar em produção", MANIFEST.format("default"))) == {Environment.PRODUCTION}


def test_the_caller_may_only_raise_caution() -> None:
    production, staging = Context(environment=Environment.PRODUCTION), Context(environment=Environment.STAGING)
    assert environments(planned("", MANIFEST.format("dev"), context=production)) == {Environment.PRODUCTION}
    assert environments(planned("", MANIFEST.format("prod"), context=staging)) == {Environment.PRODUCTION}
    assert environments(planned("", MANIFEST.format("default"), context=staging)) == {Environment.STAGING}
    assert environments(planned("apagar a tabela pedidos em produção", context=staging)) == {Environment.PRODUCTION}
    assert environments(planned("apagar a tabela pedidos", context=staging)) == {Environment.STAGING}
    assert environments(planned("apagar a tabela pedidos", context=production)) == {Environment.PRODUCTION}


def test_limits() -> None:
    with pytest.raises(LimitError):
        planned("", "x" * 2_000_000)
    many = json.dumps([{"id": str(number), "description": "read"} for number in range(501)])
    with pytest.raises(LimitError):
        planned("", many)
    with pytest.raises(LimitError):
        planned("", json.dumps([{"id": "a", "description": "read"}, {"id": "b", "description": "read"}]), max_tasks=1)


@pytest.mark.parametrize(
    ("source", "form", "key"),
    [
        ("  \n", "auto", "error.empty_source"),
        ("x", "cobol", "error.unknown_format"),
        ("{", "json", "error.source_json"),
        ("a: [", "yaml", "error.source_yaml"),
        ("x", "diff", "error.source_diff"),
        ("{}", "terraform", "error.source_terraform"),
        ("a: 1", "kubernetes", "error.source_kubernetes"),
        ("a: 1", "yaml", "error.source_tasks"),
        ("[]", "json", "error.empty_plan"),
    ],
)
def test_errors_say_what_is_wrong_and_what_to_do(source: str, form: str, key: str) -> None:
    with pytest.raises(PlanError) as caught:
        planned("", source, form)
    assert caught.value.key == key
    assert "{" not in caught.value.render("pt").replace("{tasks", "")
    assert caught.value.render("pt") != caught.value.render("en")


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: raw.decode("latin-1"))))
def test_any_source_is_planned_or_refused(source: str) -> None:
    try:
        assert planned("", source).tasks
    except HiveError:
        return


def test_prose_that_begins_like_code_is_prose() -> None:
    intent = Intent(text="SELECT count(*) on the visits table")
    made = plan(understand(intent), intent)
    assert made.format == "text"
    assert [task.description for task in made.tasks] == [intent.text]
