"""The tables of commands are sound, and their patterns mean what the files say."""

from __future__ import annotations

import pytest

from neural_hive.planning.shell.commands import act_of, commands, take_apart
from neural_hive.planning.sql.actions import lexicon
from neural_hive.types import Trait
from neural_hive.understanding.ontology import ontology


def act(line: str) -> str:
    return act_of(take_apart(tuple(line.split()))).act


def test_every_act_uses_operations_and_objects_of_the_ontology() -> None:
    operations, objects = ontology().operations, ontology().objects
    for name, entry in commands().acts.items():
        assert entry.operation in operations, name
        assert entry.object in {*objects, "unknown"}, name
        assert 0 <= entry.sensitivity <= 1, name
        assert 0 <= entry.blast <= 1, name
        assert 0 < entry.certainty <= 1, name


def test_no_reading_act_changes_anything() -> None:
    for name, entry in commands().acts.items():
        if Trait.READ_ONLY in entry.traits:
            assert not set(entry.traits) & {Trait.DESTRUCTIVE, Trait.MUTATING, Trait.EXPOSING}, name


def test_the_tables_load() -> None:
    assert len(commands().tools) > 150
    assert lexicon().functions["pg_terminate_backend"] == "kill"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git push --force origin main", "rewrite_branch"),
        ("git -C repo push -f", "rewrite_branch"),
        ("git push --force-with-lease", "rewrite_own"),
        ("git status", "read"),
        ("kubectl -n prod delete ns x", "delete_namespace"),
        ("kubectl delete ns x --dry-run=client", "rehearse"),
        ("kubectl delete ns x --dry-run=none", "delete_namespace"),
        ("kubectl scale deploy/x --replicas 0", "scale_to_zero"),
        ("kubectl scale deploy/x --replicas=3", "scale"),
        ("terraform plan -destroy", "rehearse"),
        ("aws s3 rm s3://x --recursive", "delete_bucket"),
        ("aws s3 ls s3://x", "read"),
        ("tar czf a.tgz b", "backup"),
        ("tar xzf a.tgz", "make"),
        ("docker system prune -af --volumes", "prune_volumes"),
        ("frob --help", "read"),
        ("frob destroy x", "delete"),
        ("frob list", "read"),
        ("./frob.sh list", "run"),
        ("frob", "run"),
    ],
)
def test_patterns_tell_commands_apart(line: str, expected: str) -> None:
    assert act(line) == expected
