from __future__ import annotations

from itertools import islice

from benchmarks.texts import intents


def test_no_two_are_alike_even_without_case_and_space() -> None:
    texts = ["".join(text.lower().split()) for text in islice(intents(), 2000)]
    assert len(set(texts)) == len(texts)


def test_distant_sequences_share_nothing() -> None:
    assert not set(islice(intents(0), 1000)) & set(islice(intents(10_000), 1000))


def test_the_languages_take_turns() -> None:
    english, portuguese = islice(intents(), 2)
    assert english.startswith("Rename")
    assert portuguese.startswith("Renomear")
