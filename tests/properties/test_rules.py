"""The six rules of judgement over whole intentions, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neural_hive.planning.machine import read_machine
from neural_hive.planning.reading import Circumstances
from neural_hive.types import Environment, GivenPlan, GivenTask, Intent, Trait, Verdict
from tests.properties.panel import ask, never_milder, said, tasked
from tests.properties.wordings import (
    CONDITIONS,
    FRAMES,
    HARMFUL,
    PADDING_AFTER,
    PADDING_BEFORE,
    PADDING_TASKS,
    PLACES,
    SAFEGUARDS,
    TO_THE_JUDGE,
    WISHES,
    WORSE,
    Said,
    Tongue,
    Wish,
)

few, many = settings(max_examples=60), settings(max_examples=2000)
STRAY = 0.01
PROFILES = [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)]

tongues: st.SearchStrategy[Tongue] = st.sampled_from(("pt", "en"))
frames = st.sampled_from(FRAMES)
bare = st.builds(lambda wish, frame: replace(wish, frame=frame), st.sampled_from(WISHES), frames)
wishes = st.builds(lambda wish, condition: replace(wish, condition=condition), bare, st.sampled_from(CONDITIONS))
risky = bare.filter(lambda wish: wish.weight != "harmless")


def runs(profile: settings, check: Callable[..., None], *strategies: st.SearchStrategy[Any]) -> None:
    """Every one of a few examples holds; of very many, all but `STRAY` of them: a word that one reader takes for another."""
    if profile is few:
        few(given(*strategies)(check))()
        return
    asked: list[bool] = []

    def count(*parts: Any) -> None:
        try:
            check(*parts)
        except AssertionError:
            asked.append(False)
        else:
            asked.append(True)

    many(given(st.tuples(*strategies))(lambda parts: count(*parts)))()
    assert asked.count(False) <= STRAY * len(asked), f"{asked.count(False)} of {len(asked)}"


@pytest.mark.parametrize("profile", PROFILES)
def test_praise_in_the_sentence_or_beside_it_talks_no_danger_away(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, before: Said | None, after: Said | None) -> None:
        words = [item.in_(tongue) if item else "" for item in (before, after)]
        never_milder(said(wish.worded(tongue)), said(wish.worded(tongue, before=words[0], after=words[1])))

    ahead, behind = st.sampled_from((None, *PADDING_BEFORE)), st.sampled_from((None, *PADDING_AFTER))
    runs(profile, check, wishes, tongues, ahead, behind)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_task_of_good_words_talks_no_danger_away(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, padding: Said, titled: bool, first: bool) -> None:
        act, words = wish.worded(tongue), padding.in_(tongue)
        title = act if titled else ""
        never_milder(tasked(title, act), tasked(title, *((words, act) if first else (act, words))))

    runs(profile, check, wishes, tongues, st.sampled_from(PADDING_TASKS), st.booleans(), st.booleans())


@pytest.mark.parametrize("profile", PROFILES)
def test_production_everything_and_denied_protections_never_help(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, how: str, worse: Said) -> None:
        plain = replace(wish, scope="plain")
        text = plain.worded(tongue)
        if how == "place":
            plain = replace(plain, place=PLACES[0])
            never_milder(said(plain.worded(tongue)), said(replace(plain, place=PLACES[1]).worded(tongue)))
        elif how == "all":
            never_milder(said(text), said(plain.worded(tongue, scope="every")))
        elif how == "caller":
            never_milder(said(text), said(text, Environment.PRODUCTION))
        else:
            never_milder(said(text), said(plain.worded(tongue, after=worse.in_(tongue))))

    runs(profile, check, bare, tongues, st.sampled_from(("place", "all", "caller", "worse")), st.sampled_from(WORSE[1:]))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_real_safeguard_before_a_dangerous_act_never_harms(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, safeguard: Said, how: str, condition: Said) -> None:
        act, step = wish.worded(tongue), safeguard.in_(tongue)
        assume(ask(said(act)).conclusion.verdict is not Verdict.APPROVE)
        then = ", depois " if tongue == "pt" else ", then "
        if how == "sentence":
            never_milder(said(wish.worded(tongue, before=f"{step[0].upper()}{step[1:]}{then}")), said(act))
        elif how == "task":
            never_milder(tasked("", step, act), tasked("", act))
        else:
            never_milder(said(replace(wish, condition=condition).worded(tongue)), said(act))

    ways = st.sampled_from(("sentence", "task", "condition"))
    runs(profile, check, risky, tongues, st.sampled_from(SAFEGUARDS), ways, st.sampled_from(CONDITIONS[1:4]))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_safeguard_after_a_dangerous_act_does_not_help(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, safeguard: Said, as_task: bool) -> None:
        act, step = wish.worded(tongue), safeguard.in_(tongue)
        assume(ask(said(act)).conclusion.verdict is not Verdict.APPROVE)
        if as_task:
            never_milder(tasked("", act), tasked("", act, step))
        else:
            then = ", e depois " if tongue == "pt" else ", and then "
            never_milder(said(act), said(wish.worded(tongue, after=then + step)))

    runs(profile, check, risky, tongues, st.sampled_from(SAFEGUARDS), st.booleans())


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_said_to_the_judge_never_helps(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, plea: Said, first: bool) -> None:
        act, words = wish.worded(tongue), plea.in_(tongue)
        never_milder(said(act), said(f"{words} {act}" if first else f"{act} {words}"))

    runs(profile, check, wishes, tongues, st.sampled_from(TO_THE_JUDGE), st.booleans())


def both_ways(share: int) -> tuple[float, float]:
    """Shares of combinations with the same verdict, and with a probability of harm within 0.05, over every `share`-th of them."""
    same = near = count = 0
    for number, (wish, condition) in enumerate(product(WISHES, CONDITIONS)):
        if number % share == 0:
            worded = replace(wish, condition=condition, frame=FRAMES[number // share % len(FRAMES)])
            one, other = ask(said(worded.worded("pt"))), ask(said(worded.worded("en")))
            count += 1
            same += one.conclusion.verdict is other.conclusion.verdict
            near += abs(one.harm - other.harm) <= 0.05
    assert count >= 300
    return same / count, near / count


@pytest.mark.parametrize("share", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_portuguese_and_english_get_the_same_answer(share: int) -> None:
    """The words that the trained reader knows in one language only keep this from being all of them."""
    same, near = both_ways(share)
    assert same >= 0.92
    assert near >= 0.78


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_verb_is_never_approved(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, unknown: str) -> None:
        assume(wish.verb.en != "grant")  # "administrator access to ..." has no article, and "access to" is a verb
        verb = {"pt": f"{unknown}ar", "en": unknown}[tongue]
        text = f"{verb} {getattr(wish.thing, wish.scope).in_(tongue)}{wish.place.in_(tongue)}"
        assert ask(said(text)).conclusion.verdict is not Verdict.APPROVE, text

    runs(profile, check, st.sampled_from(HARMFUL), tongues, st.sampled_from(("zorp", "flimb", "quardl", "brenx")))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_dangerous_text_with_holes_is_never_approved(profile: settings) -> None:
    def check(wish: Wish, tongue: Tongue, hole: int) -> None:
        assume(wish.place in PLACES[:2])
        whole = ask(said(wish.worded(tongue)))
        assume(whole.conclusion.verdict is Verdict.REJECT)
        words = wish.worded(tongue).rstrip(".").split()
        verb = words.index(next(word for word in words if word.lower() == wish.verb.in_(tongue).split()[0]))
        left = [word for place, word in enumerate(words) if place <= verb or place != hole % len(words)]
        assert ask(said(" ".join(left))).conclusion.verdict is not Verdict.APPROVE, left

    runs(profile, check, st.sampled_from(HARMFUL), tongues, st.integers(0, 30))


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=2, max_size=12), st.sampled_from(HARMFUL), tongues)
@few
def test_what_names_something_precious_and_cannot_be_read_is_never_approved(word: str, wish: Wish, tongue: Tongue) -> None:
    thing = wish.thing.every.in_(tongue)
    found = ask(said(f"xq{word}zk {thing}"))
    if any(action.operation == "unknown" for action in found.plan.actions):
        assert found.conclusion.verdict is not Verdict.APPROVE


LONG = {"sql": ("INSERT INTO t VALUES (1);", "DROP TABLE customers;"), "shell": ("mkdir build", "rm -rf /var/lib/postgresql")}


@pytest.mark.parametrize("notation", LONG)
def test_what_stands_behind_the_last_statement_that_is_read_is_unknown_and_dangerous(notation: str) -> None:
    line, last = LONG[notation]
    script = "\n".join([*[line] * 700, last])
    reading = read_machine(script, notation, Circumstances())
    unread = reading.tasks[-1].actions[-1]
    assert reading.coverage < 0.95
    assert unread.operation == "unknown"
    assert Trait.DESTRUCTIVE in unread.traits
    inside = GivenTask(id="t1", description="Seed the table", parameters={notation: script})
    found = ask(Intent(text="", plan=GivenPlan(tasks=(inside,))))
    assert found.conclusion.verdict not in (Verdict.APPROVE, Verdict.CONDITIONAL)


@pytest.mark.parametrize("target", ["/var/lib/postgresql", "$UNSET"])
def test_a_loop_hides_nothing_behind_its_first_rounds(target: str) -> None:
    harmless = " ".join(f"build/{number}.o" for number in range(20))
    reading = read_machine(f"for f in {harmless} {target}; do rm -rf $f; done", "shell", Circumstances())
    assert not all(action.disposable for task in reading.tasks for action in task.actions)
