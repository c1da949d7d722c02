from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from neural_hive.planning.dag import arrange
from neural_hive.planning.protection import merged, protect
from neural_hive.types import Action, Polarity, Safeguard, Task, Trait


def task(name: str, *dependencies: str, actions: tuple[Action, ...] = (), kind: str = "") -> Task:
    placed = tuple(replace(action, task_id=name) for action in actions)
    return Task(id=name, description=name, type=kind, dependencies=dependencies, actions=placed)


DROP = Action(operation="drop", object="table", traits=(Trait.DESTRUCTIVE, Trait.IRREVERSIBLE))
BACKUP = Action(operation="backup", object="table", traits=(Trait.ADDITIVE, Trait.PROTECTIVE))
READ = Action(operation="read", traits=(Trait.READ_ONLY,))


def kinds(found: tuple[Safeguard, ...]) -> list[str]:
    return [item.kind for item in found]


def dropped(*tasks: Task) -> Action:
    return next(action for item in protect(arrange(tasks)) for action in item.actions if action.operation == "drop")


def test_a_backup_before_protects() -> None:
    action = dropped(task("b", actions=(BACKUP,)), task("d", "b", actions=(DROP,)))
    assert kinds(action.safeguards) == ["backup"]
    assert action.safeguards[0].evidence is not None
    assert action.safeguards[0].evidence.task_id == "b"


def test_a_backup_far_before_protects() -> None:
    action = dropped(task("b", actions=(BACKUP,)), task("x", "b", actions=(READ,)), task("d", "x", actions=(DROP,)))
    assert kinds(action.safeguards) == ["backup"]


def test_a_backup_after_is_late() -> None:
    action = dropped(task("d", actions=(DROP,)), task("b", "d", actions=(BACKUP,)))
    assert action.safeguards == ()
    assert kinds(action.late_safeguards) == ["backup"]


def test_a_parallel_backup_does_not_count() -> None:
    action = dropped(task("b", actions=(BACKUP,)), task("d", actions=(DROP,)))
    assert (action.safeguards, action.late_safeguards) == ((), ())


def test_a_backup_that_is_not_taken_does_not_count() -> None:
    action = dropped(task("b", actions=(replace(BACKUP, polarity=Polarity.NEGATED),)), task("d", "b", actions=(DROP,)))
    assert action.safeguards == ()


def test_order_within_a_task() -> None:
    assert kinds(dropped(task("t", actions=(BACKUP, DROP))).safeguards) == ["backup"]
    late = dropped(task("t", actions=(DROP, BACKUP)))
    assert (kinds(late.safeguards), kinds(late.late_safeguards)) == ([], ["backup"])


def test_what_the_reader_found_is_kept() -> None:
    held = (Safeguard(kind="approval"), Safeguard(kind="backup", verified=True))
    action = dropped(task("b", actions=(BACKUP,)), task("d", "b", actions=(replace(DROP, safeguards=held),)))
    assert action.safeguards == held


def test_the_type_counts_only_for_a_task_that_harms_nothing() -> None:
    assert kinds(dropped(task("b", actions=(READ,), kind="approval"), task("d", "b", actions=(DROP,))).safeguards) == ["approval"]
    wipe = replace(DROP, operation="wipe")
    assert dropped(task("b", actions=(wipe,), kind="backup"), task("d", "b", actions=(DROP,))).safeguards == ()
    assert dropped(task("b", kind="backup"), task("d", "b", actions=(DROP,))).safeguards == ()


def test_harmless_actions_are_left_alone() -> None:
    (found, _) = protect(arrange([task("r", actions=(READ,)), task("b", "r", actions=(BACKUP,))]))
    assert found.actions[0].late_safeguards == ()


def test_merging_prefers_what_is_verified() -> None:
    found = merged((Safeguard(kind="backup"),), [Safeguard(kind="backup", verified=True), Safeguard(kind="tests")])
    assert found == (Safeguard(kind="backup", verified=True), Safeguard(kind="tests"))


@given(st.lists(st.tuples(st.sampled_from([DROP, BACKUP, READ]), st.lists(st.integers(0, 8), max_size=3)), min_size=1, max_size=8))
def test_one_more_backup_before_takes_nothing_away(shape: list[tuple[Action, list[int]]]) -> None:
    tasks = [
        task(f"t{place}", *sorted({f"t{other}" for other in parents if other < place}), actions=(action,))
        for place, (action, parents) in enumerate(shape)
    ]
    plain = {item.id: item for item in protect(arrange(tasks))}
    more = protect(
        arrange([task("first", actions=(BACKUP,)), *(replace(item, dependencies=(*item.dependencies, "first")) for item in tasks)])
    )
    for item in more:
        if item.id in plain:
            for before, after in zip(plain[item.id].actions, item.actions, strict=True):
                assert set(kinds(before.safeguards)) <= set(kinds(after.safeguards))
