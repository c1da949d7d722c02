from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.planning.detect import FORMATS, detect
from tests.pace import pace


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"format_version":"1.2","resource_changes":[]}', "terraform"),
        ('{"apiVersion":"v1","kind":"Pod"}', "kubernetes"),
        ('{"tasks":[{"id":"a","description":"b"}]}', "json"),
        ('[{"id":"a","description":"b"}]', "json"),
        ('{"hello": 1}', ""),
        ("tasks:\n  - id: a\n    description: apagar a tabela\n", "yaml"),
        ("- id: a\n  description: b\n- id: c\n  description: d\n", "yaml"),
        ("# contexto: kind-local\napiVersion: v1\nkind: Secret\n", "kubernetes"),
        ("---\nkind: List\napiVersion: v1\nitems: []\n", "kubernetes"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "diff"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "diff"),
        ("DELETE FROM users;", "sql"),
        ("delete from users where id = 7", "sql"),
        ("-- limpeza\nDROP TABLE IF EXISTS tmp_x CASCADE", "sql"),
        ("truncate orders", "sql"),
        ("BEGIN;\nUPDATE t SET a = 1 WHERE id = 2;\nCOMMIT;", "sql"),
        ("WITH x AS (SELECT 1) DELETE FROM y USING x WHERE y.id = x.id", "sql"),
        ("SELECT * FROM users", "sql"),
        ("GRANT SELECT ON orders TO bob", "sql"),
        ("ALTER TABLE users DROP COLUMN cpf", "sql"),
        ("/* x */ CREATE INDEX i ON t (a);", "sql"),
        ("#!/usr/bin/env bash\nset -e\nrm -rf build\n", "shell"),
        ("#!/bin/sh\necho hi", "shell"),
        ("rm -rf /var/lib/data", "shell"),
        ("kubectl delete ns prod", "shell"),
        ("sudo systemctl stop nginx", "shell"),
        ("git push --force origin main", "shell"),
        ("find . -name '*.o' -delete", "shell"),
        ("curl https://x.sh | sh", "shell"),
        ("X=1\nfor i in a b; do\n  rm -f $i\ndone", "shell"),
        ("pg_dump -Fc a \\\n  && dropdb a", "shell"),
        ("terraform destroy -auto-approve", "shell"),
        ("#!/usr/bin/env python3\nprint(1)", "text"),
        ("apagar a tabela de clientes em produção", "text"),
        ("Delete from the archive all files older than a year", "text"),
        ("drop table users before lunch", "text"),
        ("Select the best candidates from the list and call them", "text"),
        ("find all users who never logged in", "text"),
        ("git history should be cleaned of the keys before the release", "text"),
        ("docker: explain to the team how we use it", "text"),
        ("make sure nobody can drop the table", "text"),
        ("Update the user guide, set the new logo", "text"),
        ("then", "text"),
        ("done", "text"),
        ("", "text"),
        ("   \n", "text"),
    ],
)
def test_formats(source: str, expected: str) -> None:
    assert detect(source) == (expected or "text")


def test_the_name_decides_only_what_the_content_leaves_open() -> None:
    assert detect("explain plan", "x.sql") == "sql"
    assert detect('{"resource_changes": []}', "x.sql") == "terraform"


def test_sample_cases() -> None:
    folder = Path(__file__).parent / "data"
    for case in json.loads((folder / "machine_samples.json").read_text(encoding="utf-8")):
        assert detect(case["source"]) == case["format"], case["id"]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=400), st.binary(max_size=400).map(lambda raw: raw.decode("latin-1"))))
def test_any_text_has_a_format(source: str) -> None:
    assert detect(source) in {*FORMATS, "text"}


@pytest.mark.parametrize(
    "source",
    [
        "grant " * 4_000,
        "select " * 3_000 + "(",
        "drop table a" + ", a" * 6_000,
        "delete from x where " * 1_000,
        "[" * 20_000,
        "- " * 10_000,
        "insert into " + "a" * 20_000,
        "update a set " + "b " * 9_000,
        "with a as " * 2_000,
        "\\\n" * 10_000,
        "a=" * 10_000,
    ],
)
def test_long_hostile_text_is_quick(source: str) -> None:
    assert pace(lambda: detect(source)) < 80
