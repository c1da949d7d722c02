"""Whatever a source holds, it is understood or refused, in time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import InputError
from neural_hive.planning.detect import FORMATS
from tests.properties.panel import ask, sourced

few, many = settings(max_examples=25), settings(max_examples=1500)
PROFILES = [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)]
BOUND = 2.0  # seconds of CPU for a source of some kilobytes

SEEDS = {
    "sql": "WITH x AS (SELECT 1) DELETE FROM orders o USING x WHERE o.id = 'a;b' -- prod\n; $$ $x$ DO BEGIN END",
    "shell": 'set -e; for f in $(ls "$D"/*.log); do rm -rf "${f:?}" || exit 1; done <<EOF | ssh prod'
    " 'bash -c \"x\"'\nEOF\ncase a in b) ;; esac",
    "terraform": '{"format_version":"1.2","resource_changes":[{"address":"a.b","type":"aws_s3_bucket'
    '","change":{"actions":["delete"],"before":{}}}]}',
    "kubernetes": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: prod}\nspec"
    ": {replicas: 0, template: &x {spec: *x}}\n---\n",
    "diff": "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,2 @@\n-@login_required\n def f():\n+    verify=False\n",
    "json": '{"tasks":[{"id":"a","description":"drop the table","dependencies":[]}],"x":[1,null,true,1e9]}',
    "yaml": "tasks:\n  - {id: a, description: apagar tudo}\n  - &b {id: b, description: |\n      rm -rf /, dependencies: [a]}\n",
    "text": "Apagar a tabela `DROP TABLE x` em produção; see $(rm -rf /)\n\n\u202e\u0000 e depois",
}


def pieces(notation: str) -> st.SearchStrategy[str]:
    """Shreds of a source of this notation, repeated, reordered and mixed with anything else."""
    seed = SEEDS.get(notation, "".join(SEEDS.values()))
    shreds = st.builds(lambda start, length: seed[start : start + length], st.integers(0, len(seed)), st.integers(0, 40))
    nested = st.builds(lambda mark, depth: mark * depth, st.sampled_from("([{<`$'\"-:*&|;\n\t "), st.integers(1, 400))
    junk = st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "replace"))
    return st.lists(st.one_of(shreds, shreds, nested, junk), max_size=30).map("".join)


@pytest.mark.parametrize("notation", ["auto", *FORMATS])
@pytest.mark.parametrize("profile", PROFILES)
def test_any_bytes_are_understood_or_refused_in_time(notation: str, profile: settings) -> None:
    def check(source: str) -> None:
        told: list[str] = []
        start = time.process_time()
        try:
            ask(sourced(source, notation))
        except InputError as refusal:
            told.append(refusal.key)
        assert time.process_time() - start < BOUND
        assert all(key.startswith("error.") for key in told)

    profile(given(pieces(notation))(check))()
