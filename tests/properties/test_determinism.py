"""The same words give the same answer, in any process; every figure keeps its bounds."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.types import Intent
from tests.properties.panel import Asked, ask, said, sourced, tasked
from tests.properties.wordings import CONDITIONS, FRAMES, WISHES, Wish

few, many = settings(max_examples=60), settings(max_examples=2000)
PROFILES = [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)]
SOURCES = (
    "BEGIN; DELETE FROM orders WHERE id = 7; COMMIT;",
    "pg_dump shop > shop.sql && psql -c 'DROP TABLE orders'",
    "kubectl -n prod delete deployment api; rm -rf build",
    "apiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: prod}\nspec: {type: LoadBalancer}\n",
    "--- a/app.py\n+++ b/app.py\n@@ -1,2 +1,2 @@\n-verify=True\n+verify=False\n",
)

wishes = st.builds(
    lambda wish, condition, frame: replace(wish, condition=condition, frame=frame),
    st.sampled_from(WISHES),
    st.sampled_from(CONDITIONS),
    st.sampled_from(FRAMES),
)
texts = st.builds(lambda wish, tongue: wish.worded(tongue), wishes, st.sampled_from(("pt", "en")))
intents = st.one_of(
    st.builds(said, texts),
    st.builds(said, st.text(max_size=200)),
    st.builds(lambda several: tasked("", *several), st.lists(texts, min_size=1, max_size=4)),
    st.builds(sourced, st.sampled_from(SOURCES)),
)


def everything(asked: Asked) -> bytes:
    return msgspec.json.encode((asked.understanding, asked.plan, asked.opinions, asked.conclusion))


def sample() -> list[Intent]:
    """Intentions of every kind, a handful."""
    some: list[Wish] = [replace(wish, condition=CONDITIONS[place % len(CONDITIONS)]) for place, wish in enumerate(WISHES[::23])]
    spoken = [wish.worded("pt" if place % 2 else "en") for place, wish in enumerate(some)]
    return [*map(said, spoken), tasked(spoken[0], *spoken[1:4]), *map(sourced, SOURCES)]


def digest() -> str:
    """Of all that is made of the sample."""
    return sha256(b"\n".join(everything(ask(intent, worded=True)) for intent in sample())).hexdigest()


def test_another_process_with_another_hash_seed_gives_equal_bytes() -> None:
    script = "from tests.properties.test_determinism import digest; print(digest())"
    root = Path(__file__).parents[2]
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
        ).stdout.strip()
        for seed in ("1", "4242")
    }
    assert found == {digest()}


@pytest.mark.parametrize("profile", PROFILES)
def test_what_was_asked_before_changes_nothing(profile: settings) -> None:
    def check(first: Intent, second: Intent) -> None:
        alone = everything(ask(first))
        ask(second)
        assert everything(ask(replace(first))) == alone

    profile(given(intents.filter(_has_words), intents.filter(_has_words))(check))()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_figure_keeps_its_bounds_and_severity_only_rises(profile: settings) -> None:
    def check(intent: Intent) -> None:
        asked = ask(intent, worded=True)
        for opinion in asked.opinions.values():
            scores = [number for factor in opinion.factors for number in (factor.score, factor.weight)]
            assert all(0.0 <= number <= 1.0 for number in (opinion.risk, opinion.confidence, *scores))
        conclusion = asked.conclusion
        assert all(0.0 <= number <= 1.0 for number in (conclusion.harm_probability, conclusion.confidence, conclusion.divergence))
        assert 0.0 <= asked.plan.coverage <= 1.0
        assert conclusion.verdict.severity == max(rule.verdict.severity for rule in conclusion.rules)

    profile(given(intents.filter(_has_words))(check))()


def _has_words(intent: Intent) -> bool:
    return intent.plan is not None or bool(intent.text.strip())
