"""Shell scripts are told apart by what they would do, not by their words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import PlanError
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.shell import read_shell
from neural_hive.types import Action, Environment, Polarity, Scope, Trait
from tests.pace import pace
from tests.unit.planning.gravity import gravest_of, is_grave, is_tame
from tests.unit.planning.scripts import DANGEROUS, HARMLESS

NOWHERE = Circumstances()


def read(source: str, circumstances: Circumstances = NOWHERE) -> Reading:
    return read_shell(source, circumstances)


def actions(source: str, circumstances: Circumstances = NOWHERE) -> list[Action]:
    return [action for task in read(source, circumstances).tasks for action in task.actions]


def gravest(source: str) -> Action:
    return gravest_of(actions(source))


@pytest.mark.parametrize("source", DANGEROUS)
def test_dangerous_commands_are_grave_and_unguarded(source: str) -> None:
    assert any(is_grave(action) for action in actions(source))


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless_neighbours_are_tame(source: str) -> None:
    assert all(is_tame(action) for action in actions(source)), [
        (a.operation, a.target, a.traits, a.sensitivity, a.disposable, a.polarity) for a in actions(source)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "rm -rf /srv/shop/releases/2023-11-04",
        'R=/srv/shop/releases/2023-11-04\nrm -rf "$R/"*',
        "pg_dump -Fc -f /backup/crm.dump crm && pg_restore --list /backup/crm.dump > /dev/null && dropdb crm",
        "set -e\npg_dump -Fc -f /backup/crm.dump crm\npg_restore --list /backup/crm.dump\ndropdb crm",
        "pg_dump crm > /backup/crm.sql || exit 1\ndropdb crm",
        "if ! pg_dump crm > /backup/crm.sql; then exit 1; fi\ndropdb crm",
        "helm upgrade checkout ./chart --atomic",
        "git push --force-with-lease origin feature/login",
        "git push --force origin feature/login",
        "kubectl rollout restart deploy/checkout",
        "psql -c 'DELETE FROM customers WHERE id = 7'",
        "systemctl reload nginx",
        "./deploy.sh",
        "xargs rm -rf < /tmp/list",
        "frobnicate --hard",
        "cd /srv/app/releases/old && rm -rf *",
        "read -p 'sure? ' ok\n[ \"$ok\" = yes ] || exit 1\ndropdb crm",
    ],
)
def test_governable_changes_lie_between(source: str) -> None:
    assert not any(is_grave(action) for action in actions(source)), [
        (a.operation, a.target, a.traits, a.sensitivity, a.safeguards) for a in actions(source)
    ]
    assert not all(is_tame(action) for action in actions(source))


def test_an_empty_variable_makes_the_target_everything() -> None:
    action = gravest('DIR=\nrm -rf "$DIR/"*')
    assert action.scope is Scope.WILDCARD
    assert action.target == "/*"


def test_the_operator_decides_whether_a_backup_guards() -> None:
    joined = gravest("pg_dump crm -f b.dump && dropdb crm")
    separate = gravest("pg_dump crm -f b.dump ; dropdb crm")
    assert [guard.kind for guard in joined.safeguards] == ["backup"]
    assert not separate.safeguards
    assert [guard.kind for guard in separate.late_safeguards] == ["backup"]


def test_a_pipe_hides_the_failure_of_its_first_command() -> None:
    hidden = gravest("pg_dump crm | gzip > b.gz && dropdb crm")
    seen = gravest("set -o pipefail\npg_dump crm | gzip > b.gz && dropdb crm")
    assert [guard.verified for guard in hidden.safeguards] == [False]
    assert [guard.verified for guard in seen.safeguards] == [True]


@pytest.mark.parametrize(
    ("source", "environment"),
    [
        ("# prod-web-02\nrm x", Environment.PRODUCTION),
        ("ssh app.hml.example.com 'rm x'", Environment.STAGING),
        ("kubectl --context prod-sp delete deploy/x", Environment.PRODUCTION),
        ("kubectl config use-context gke-prod\nkubectl delete deploy/x", Environment.PRODUCTION),
        ("# my laptop\nrm x", Environment.DEVELOPMENT),
        ("dd if=/dev/sda of=/dev/sdb", Environment.UNKNOWN),
        ("ls /usr/local/bin", Environment.UNKNOWN),
    ],
)
def test_environment_comes_from_comments_hosts_and_contexts(source: str, environment: Environment) -> None:
    assert actions(source)[-1].environment is environment


def test_production_of_the_caller_is_not_talked_away() -> None:
    found = actions("# just dev\nrm x", Circumstances(environment=Environment.PRODUCTION))
    assert found[0].environment is Environment.PRODUCTION


def test_the_comment_about_the_only_copy_counts() -> None:
    swapped = gravest("# /dev/sda photos, the only copy\n# /dev/sdb new disk, empty\ndd if=/dev/sdb of=/dev/sda")
    right = gravest("# /dev/sda photos, the only copy\n# /dev/sdb new disk, empty\ndd if=/dev/sda of=/dev/sdb")
    assert "only_copy" in swapped.qualifiers
    assert right.disposable


def test_a_dry_run_switch_is_followed_statically() -> None:
    script = 'DRY_RUN={}\nrun() {{ if [[ "$DRY_RUN" == 1 ]]; then echo "[dry] $*"; else "$@"; fi; }}\nrun dropdb crm\n{}'
    assert gravest(script.format(1, "")).polarity is Polarity.HYPOTHETICAL
    assert gravest(script.format(0, "")).polarity is Polarity.AFFIRMED
    assert gravest(script.format(1, "dropdb crm")).polarity is Polarity.AFFIRMED


def test_unknown_commands_are_not_called_safe() -> None:
    action = actions("frobnicate --all")[0]
    assert action.certainty <= 0.4
    assert not action.has(Trait.READ_ONLY)
    assert read("frobnicate --all").coverage < 1


def test_spans_lie_inside_the_descriptions() -> None:
    reading = read("# ação\nrm -rf /srv/ação && ls; echo é | cat")
    for task in reading.tasks:
        for action in task.actions:
            assert task.description[action.start : action.end] == action.text
            assert action.task_id == task.id


def test_tasks_follow_each_other() -> None:
    tasks = read("a\nb && c").tasks
    assert [task.id for task in tasks] == ["s1", "s2", "s3"]
    assert [task.dependencies for task in tasks] == [(), ("s1",), ("s2",)]


@pytest.mark.parametrize("source", ["", "   \n", "# only a comment"])
def test_nothing_to_read_is_an_error(source: str) -> None:
    with pytest.raises(PlanError):
        read(source)


SNIPPETS = st.sampled_from(
    [
        "rm -rf",
        "$X",
        '"$(',
        ")",
        "<<EOF",
        "\nEOF\n",
        "&&",
        "||",
        "|",
        ";",
        "{",
        "}",
        "if",
        "then",
        "fi",
        "for x in",
        "do",
        "done",
        "case",
        "esac",
        "`",
        "'",
        '"',
        "${A:-",
        "}",
        "sudo",
        "xargs",
        "find . -exec",
        "eval",
        "bash -c",
        "psql -c",
        "ssh h",
        "f() {",
        "f",
        "!",
        "> /dev/sda",
        "é",
        "\x00",
        "\\",
        "A=1",
        "[[",
        "]]",
        "trap",
    ]
)


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300), st.lists(SNIPPETS, max_size=25).map(" ".join), st.binary(max_size=200).map(lambda raw: raw.decode("latin-1"))
    )
)
def test_no_text_breaks_the_reader(source: str) -> None:
    try:
        reading = read(source)
    except PlanError:
        return
    assert 0 <= reading.coverage <= 1
    for task in reading.tasks:
        assert all(
            0 <= a.sensitivity <= 1 and 0 <= a.blast <= 1 and 0 <= a.certainty <= 1 and a.traits == tuple(sorted(a.traits))
            for a in task.actions
        )


@settings(max_examples=20, deadline=None)
@given(st.lists(SNIPPETS, max_size=12).map(" ".join))
def test_reading_is_deterministic(source: str) -> None:
    def outcome() -> object:
        try:
            return read(source)
        except PlanError as error:
            return error.key

    assert outcome() == outcome()


@pytest.mark.parametrize(
    "source",
    [
        "rm -rf /srv/x && " * 1100 + "true",
        "(" * 3000,
        "$(" * 3000,
        "if true; then " * 800,
        "f() { f; f; }\nf",
        "a(){ b; b; };b(){ c; c; };c(){ a; a; }; a",
        "for a in 1 2 3 4 5 6; do " * 8 + "rm x" + "; done" * 8,
        "x" * 20000,
        'bash -c "' * 500,
        "eval " * 3000,
        "sudo " * 3000,
    ],
)
def test_hostile_scripts_stay_within_the_time_bound(source: str) -> None:
    read("ls")

    def parse() -> None:
        with contextlib.suppress(PlanError):
            read(source[:20000])

    assert pace(parse) < 200
