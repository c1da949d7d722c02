from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import HiveError, PlanError
from neural_hive.types import Action, Environment, Polarity, Trait
from tests.pace import pace
from tests.unit.planning.samples import SAMPLES, actions, read, spans_hold, standing


def patch(path: str, *lines: str, head: str = "") -> str:
    body = [line if line[:1] in "+- " else f" {line}" for line in lines]
    old, new = sum(line[0] != "+" for line in body), sum(line[0] != "-" for line in body)
    return f"diff --git a/{path} b/{path}\n{head}--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n" + "\n".join(body) + "\n"


def added(path: str, *lines: str) -> str:
    body = "\n".join(f"+{line}" for line in lines)
    return f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{body}\n"


def deleted(path: str, *lines: str) -> str:
    body = "\n".join(f"-{line}" for line in lines)
    return f"diff --git a/{path} b/{path}\ndeleted file mode 100644\n--- a/{path}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n{body}\n"


def only(source: str) -> list[Action]:
    return actions(read(source, "diff"))


def traits(source: str) -> set[Trait]:
    return {trait for action in only(source) for trait in action.traits}


@pytest.mark.parametrize("case", [case for case in SAMPLES if case["format"] == "diff"], ids=lambda case: case["id"])
def test_samples_fall_into_their_class(case: dict[str, str]) -> None:
    reading = read(case["source"], "diff", text=case["intent_text"])
    assert standing(reading) == case["gold"]
    assert spans_hold(reading)


@pytest.mark.parametrize(
    ("guard", "trait"),
    [
        ("@login_required", Trait.EXPOSING),
        ("@PreAuthorize(\"hasRole('ADMIN')\")", Trait.EXPOSING),
        ("    if not user.is_staff: raise PermissionDenied()", Trait.EXPOSING),
        ("    validate_amount(form)", Trait.WEAKENS_CONTROL),
        ("@limiter.limit('5/minute')", Trait.WEAKENS_CONTROL),
        ("    audit.record('export', user)", Trait.WEAKENS_CONTROL),
        ("    data = encrypt(data)", Trait.WEAKENS_CONTROL),
        ("    row = mask_cpf(row)", Trait.EXPOSING),
        ("    with transaction.atomic():", Trait.WEAKENS_CONTROL),
    ],
)
def test_a_guard_s_sign_decides(guard: str, trait: Trait) -> None:
    removed, gained = patch("app/views.py", f"-{guard}", "def show():"), patch("app/views.py", f"+{guard}", "def show():")
    assert trait in traits(removed)
    assert traits(gained) == {Trait.PROTECTIVE}
    assert trait not in traits(patch("tests/test_views.py", f"-{guard}", "def show():"))


@pytest.mark.parametrize(
    ("path", "line", "trait"),
    [
        ("app/http.py", "    requests.get(url, verify=False)", Trait.WEAKENS_CONTROL),
        ("src/client.ts", "  rejectUnauthorized: false,", Trait.WEAKENS_CONTROL),
        ("app/settings.py", "DEBUG = True", Trait.EXPOSING),
        ("app/settings.py", "CORS_ALLOW_ALL_ORIGINS = True", Trait.EXPOSING),
        ("infra/main.tf", '  cidr_blocks = ["0.0.0.0/0"]', Trait.EXPOSING),
        ("app/run.py", "    subprocess.run(cmd, shell=True)", Trait.UNTRUSTED),
        ("app/run.py", "    eval(payload)", Trait.UNTRUSTED),
        ("app/db.py", '    cur.execute(f"SELECT * FROM t WHERE id = {user_id}")', Trait.UNTRUSTED),
        ("app/db.py", '    cur.execute("DELETE FROM t WHERE id = " + user_id)', Trait.UNTRUSTED),
        (".github/workflows/ci.yml", "      continue-on-error: true", Trait.WEAKENS_CONTROL),
        (".github/workflows/ci.yml", "permissions: write-all", Trait.RAISES_PRIVILEGE),
        ("deploy/web.yaml", "  replicas: 0", Trait.INTERRUPTING),
        ("deploy/web.yaml", "          privileged: true", Trait.RAISES_PRIVILEGE),
        ("app/config.py", 'API_KEY = "k3y-9f8a7b6c5d4e"', Trait.EXPOSING),
        ("app/jobs.py", "    Customer.objects.all().delete()", Trait.DESTRUCTIVE),
        ("app/log.py", '    logger.info("user", password)', Trait.EXPOSING),
    ],
)
def test_a_danger_counts_when_it_is_gained(path: str, line: str, trait: Trait) -> None:
    assert trait in traits(patch(path, "x = 1", f"+{line}"))
    assert trait not in traits(patch(path, "x = 1", f"-{line}"))
    assert trait not in traits(patch(path, "x = 1", f"-{line}", f"+{line}"))


@pytest.mark.parametrize(
    "source",
    [
        patch("README.md", "-verify=True", "+verify=False"),
        patch("docs/guide.rst", "+DROP TABLE users"),
        patch("app/views.py", "-# @login_required", "+# verify=False would be wrong"),
        patch("app/views.py", '+    message = "please never use verify=False in here"'),
        patch("web/style.css", "-color: red;", "+color: blue;"),
        patch("tests/test_x.py", "+    password = 'hunter2-secret'"),
    ],
)
def test_words_examples_and_comments_are_harmless(source: str) -> None:
    harm = {Trait.EXPOSING, Trait.WEAKENS_CONTROL, Trait.DESTRUCTIVE, Trait.UNTRUSTED}
    assert not traits(source) & harm


def test_logging_a_masked_secret_shows_nothing() -> None:
    source = patch("app/log.py", '-    log.info("login", password=password)', '+    log.info("login", password=mask(password))')
    assert Trait.EXPOSING not in traits(source)


def test_commenting_a_guard_out_removes_it() -> None:
    assert Trait.EXPOSING in traits(patch("app/views.py", "-@login_required", "+# @login_required", "def show():"))


def test_moving_a_guard_with_its_function_changes_nothing() -> None:
    source = patch(
        "app/views.py", "-@login_required", "-def show():", "-    pass", "x = 1", "+@login_required", "+def show():", "+    pass"
    )
    assert Trait.EXPOSING not in traits(source)


def test_moving_a_guard_to_another_function_bares_the_first() -> None:
    source = patch("app/views.py", "-@login_required", "def show():", "    pass", "+@login_required", "def other():")
    assert {Trait.EXPOSING, Trait.PROTECTIVE} <= traits(source)


def test_another_value_for_the_same_key_is_a_change_not_a_loss() -> None:
    found = traits(patch("payments/client.py", "-    verify=True,", "+    verify=settings.CA_BUNDLE,"))
    assert Trait.WEAKENS_CONTROL not in found
    assert Trait.MONEY in found


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("deploy/overlays/prod/web.yaml", Environment.PRODUCTION),
        ("deploy/overlays/dev/web.yaml", Environment.DEVELOPMENT),
        ("config/environments/production.rb", Environment.PRODUCTION),
        ("charts/web/values-hml.yaml", Environment.STAGING),
        ("src/local/widget.py", Environment.UNKNOWN),
        (".github/workflows/ci.yml", Environment.UNKNOWN),
        ("app/views.py", Environment.UNKNOWN),
    ],
)
def test_paths_tell_the_environment(path: str, environment: Environment) -> None:
    assert {action.environment for action in only(patch(path, "-a: 1", "+a: 2"))} == {environment}


def test_a_check_of_the_pipeline_that_gives_way_to_another_command_is_lost() -> None:
    source = patch(".github/workflows/deploy.yml", "-      - run: make test", "+      - run: echo ok")
    assert Trait.WEAKENS_CONTROL in traits(source)


def test_deleted_files() -> None:
    assert Trait.WEAKENS_CONTROL in traits(deleted("tests/test_login.py", "def test_login():", "    assert True"))
    assert Trait.WEAKENS_CONTROL in traits(deleted("scripts/backup/nightly.sh", "pg_dump x"))
    stateful = traits(deleted("deploy/overlays/prod/db.yaml", "kind: PersistentVolumeClaim"))
    assert {Trait.DESTRUCTIVE, Trait.IRREVERSIBLE} <= stateful
    assert traits(deleted("docs/old.md", "x")) == {Trait.COSMETIC, Trait.MUTATING}
    assert Trait.DESTRUCTIVE not in traits(deleted("app/old.py", "@login_required", "def x(): pass"))


def test_infrastructure_that_disappears_from_the_code() -> None:
    block = ['-resource "aws_db_instance" "orders" {', "-}"]
    assert Trait.IRREVERSIBLE in traits(patch("infra/db.tf", *block))
    assert Trait.IRREVERSIBLE not in traits(patch("infra/db.tf", *block, "+moved {", "+}"))


def test_the_way_back_of_a_migration_is_not_run() -> None:
    source = added("db/migrations/0007_add.py", "def upgrade():", "    op.create_table('x')", "def downgrade():", "    op.drop_table('x')")
    found = [action for task in read(source, "diff").tasks for action in task.actions if action.has(Trait.DESTRUCTIVE)]
    assert [action.polarity for action in found] == [Polarity.HYPOTHETICAL]
    assert Trait.DESTRUCTIVE in traits(added("db/migrations/0008.py", "def upgrade():", "    op.drop_table('x')"))


def test_scripts_and_manifests_inside_are_read() -> None:
    assert Trait.DESTRUCTIVE in traits(added("scripts/clean.sh", "#!/bin/sh", "rm -rf /srv/clientes/anexos"))
    assert Trait.RAISES_PRIVILEGE in traits(
        added(
            "deploy/x.yaml", "apiVersion: v1", "kind: Pod", "spec:", "  containers:", "    - securityContext:", "        privileged: true"
        )
    )


def test_secrets_and_personal_data_are_not_shown() -> None:
    source = patch("app/config.py", '+PASSWORD = "hunter2-secret-99"', "+OWNER = 'maria.souza@example.com'")
    text = " ".join(task.description for task in read(source, "diff").tasks)
    assert "maria.souza" not in text


def test_renames_line_ends_and_wrong_counts() -> None:
    rename = "diff --git a/a.py b/b.py\nsimilarity index 100%\nrename from a.py\nrename to b.py\n"
    assert read(rename, "diff").tasks[0].type == "diff.renamed"
    assert Trait.EXPOSING in traits(patch("app/v.py", "-@login_required", "def x():").replace("\n", "\r\n"))
    wrong = "--- a/app/v.py\n+++ b/app/v.py\n@@ -1,9 +1,9 @@\n-@login_required\n def x():\n"
    assert Trait.EXPOSING in traits(wrong)
    assert Trait.EXPOSING in traits(f"Subject: x\n\nwords\n{wrong}-- \n2.40.0\n")


@pytest.mark.parametrize("source", ["", "hello", "@@", "--- a\n", "diff --git", "@@ -1 +1 @@"])
def test_what_is_no_diff_is_refused(source: str) -> None:
    with pytest.raises(PlanError):
        read(source, "diff")


def test_a_long_diff_is_quick() -> None:
    lines = [f"+    value_{number} = compute(item, {number})  # step" for number in range(450)]
    read(patch("app/a.py", "+x"), "diff")
    assert pace(lambda: read(patch("app/a.py", *lines), "diff")) < 80


@pytest.mark.parametrize("line", ["a" * 20_000, '"' * 20_000, "password=" * 2_000, "if user " * 2_000, "SELECT " * 3_000, "'a b " * 4_000])
def test_a_hostile_line_is_quick(line: str) -> None:
    assert pace(lambda: read(patch("app/a.py", f"+{line}", f"-{line}x"), "diff")) < 80


marks = st.sampled_from(
    [
        "diff --git a/x b/x\n",
        "--- a/x.py\n",
        "+++ b/x.py\n",
        "@@ -1,2 +1 @@\n",
        "@@ -0,0 +1 @@\n",
        "+a\n",
        "-b\n",
        " c\n",
        "\\ No newline\n",
        "rename from q\n",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(marks, st.text(max_size=15)), max_size=20))
def test_any_text_is_read_or_refused(parts: list[str]) -> None:
    try:
        assert spans_hold(read("".join(parts), "diff"))
    except HiveError:
        return
