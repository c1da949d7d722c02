from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import HiveError, LimitError, PlanError
from neural_hive.planning.framing import spoken_in
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.tasks import given_tasks, parse_tasks, read_given
from neural_hive.types import Action, Environment, GivenPlan, GivenTask, Intent, Trait
from neural_hive.understanding import understand
from tests.unit.planning.samples import spans_hold


def given_plan(*tasks: tuple[str, str] | tuple[str, str, tuple[str, ...]] | GivenTask) -> GivenPlan:
    made = [
        item if isinstance(item, GivenTask) else GivenTask(id=item[0], description=item[1], dependencies=item[2] if len(item) > 2 else ())
        for item in tasks
    ]
    return GivenPlan(tasks=tuple(made))


def reading(title: str, *tasks: Any) -> Reading:
    plan, understood = given_plan(*tasks), understand(Intent(text=title))
    return read_given(plan, replace(understood, language=spoken_in(understood, plan)), Circumstances())


def found(title: str, *tasks: Any) -> list[Action]:
    return [action for task in reading(title, *tasks).tasks for action in task.actions if action.carried_out]


TASKS = [
    {"id": "a", "type": "x", "description": "fazer backup", "dependencies": []},
    {"id": "b", "description": "apagar", "dependencies": ["a"]},
]


@pytest.mark.parametrize(
    ("source", "form"),
    [
        (json.dumps({"tasks": TASKS}), "json"),
        (json.dumps(TASKS), "json"),
        (json.dumps({"plan": {"tasks": TASKS}}), "json"),
        (yaml.safe_dump({"tasks": TASKS}), "yaml"),
        (yaml.safe_dump(TASKS), "yaml"),
    ],
)
def test_all_shapes_of_a_task_list(source: str, form: str) -> None:
    plan = parse_tasks(source, form)
    assert [(task.id, task.dependencies) for task in plan.tasks] == [("a", ()), ("b", ("a",))]


@pytest.mark.parametrize("alias", ["depends_on", "dependsOn", "needs"])
def test_other_spellings(alias: str) -> None:
    plan = given_tasks([{"id": 1, "title": "x"}, {"id": 2, "description": "y", alias: [1], "duration": 3, "params": {"a": 1}}])
    assert plan.tasks[1] == GivenTask(id="2", description="y", dependencies=("1",), duration=3.0, parameters={"a": 1})


@pytest.mark.parametrize("value", [None, 1, {}, {"tasks": 1}, [1], [{"id": "a"}], [{"description": "a"}], [{"id": "a", "description": 3}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(PlanError):
        given_tasks(value)


def test_a_description_that_is_sql_or_shell_is_read_by_its_structure() -> None:
    (action,) = found("", ("a", "rm -rf /srv/clientes/anexos"))
    assert action.has(Trait.DESTRUCTIVE)
    assert not any(action.has(Trait.DESTRUCTIVE) for action in found("", ("a", "echo rm -rf /srv/clientes/anexos")))


@pytest.mark.parametrize("name", ["command", "script", "run"])
def test_parameters_run_too(name: str) -> None:
    task = GivenTask(id="a", description="arrumar a pasta", parameters={name: "rm -rf /srv/clientes/anexos"})
    result = reading("", task)
    assert any(action.has(Trait.DESTRUCTIVE) and action.carried_out for action in result.tasks[0].actions)
    assert spans_hold(result)


def test_quoted_code_runs_unless_the_words_say_it_does_not() -> None:
    assert any(action.has(Trait.DESTRUCTIVE) for action in found("", ("a", "Run `rm -rf /srv/clientes/anexos` on the server")))
    assert not any(action.has(Trait.DESTRUCTIVE) for action in found("", ("a", "Never run `rm -rf /srv/clientes/anexos` on the server")))


def test_personal_data_is_masked_in_descriptions_and_ids() -> None:
    result = reading("", ("maria.souza@example.com", "avisar maria.souza@example.com sobre a janela"))
    assert "maria.souza" not in repr(result.tasks)


def test_the_title_lends_production_but_an_earlier_staging_lends_nothing_when_disputed() -> None:
    deleted = [
        action for action in found("Limpeza do banco em produção", ("a", "apagar a tabela de clientes")) if action.has(Trait.DESTRUCTIVE)
    ]
    assert {action.environment for action in deleted} == {Environment.PRODUCTION}
    tasks = (("a", "testar em staging"), ("b", "publicar em produção", ("a",)), ("c", "apagar a tabela de pedidos", ("b",)))
    last = [action for action in found("", *tasks) if action.task_id == "c"]
    assert {action.environment for action in last} == {Environment.PRODUCTION}


def test_safeguards_before_and_after() -> None:
    before = found("", ("a", "fazer backup da tabela pedidos"), ("b", "apagar a tabela pedidos", ("a",)))
    after = found("", ("b", "apagar a tabela pedidos"), ("a", "fazer backup da tabela pedidos", ("b",)))
    assert [item.kind for action in before if action.has(Trait.DESTRUCTIVE) for item in action.safeguards] == ["backup"]
    (dangerous,) = [action for action in after if action.has(Trait.DESTRUCTIVE)]
    assert dangerous.safeguards == ()
    assert [item.kind for item in dangerous.late_safeguards] == ["backup"]


def test_what_only_the_title_threatens_becomes_the_last_task() -> None:
    result = reading("Apagar todos os backups", ("a", "atualizar o texto da tela inicial"))
    assert [task.id for task in result.tasks] == ["a", "intent"]
    assert result.tasks[-1].dependencies == ("a",)
    assert any(action.has(Trait.DESTRUCTIVE) for action in result.tasks[-1].actions)
    assert spans_hold(result)


def test_what_a_task_does_is_not_said_twice() -> None:
    result = reading("Apagar os backups antigos", ("a", "remover backups de 2019"))
    assert [task.id for task in result.tasks] == ["a"]


def test_a_description_that_is_too_long() -> None:
    with pytest.raises(LimitError):
        reading("", ("a", "x" * 10_001))


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "description", "dependencies", "parameters", "tasks"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_any_value_is_understood_or_refused(value: Any) -> None:
    try:
        spans_hold(read_given(given_tasks(value), understand(Intent(text="")), Circumstances()))
    except HiveError:
        return


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["json", "yaml"]))
def test_any_text_is_parsed_or_refused(source: str, form: str) -> None:
    try:
        parse_tasks(source, form)
    except HiveError:
        return
