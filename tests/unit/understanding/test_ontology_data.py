"""The ontology's data: loaded once, balanced between the languages, without contradictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from neural_hive.types import Language
from neural_hive.understanding.actions import read
from neural_hive.understanding.lexicon import scan
from neural_hive.understanding.ontology import Operation, ontology
from neural_hive.understanding.tokens import fold, tokenize

LANGUAGES = ("pt", "en")
BALANCE = 4  # neither language has more than this many times the words of the other


def _entries(operation: Operation, language: str) -> Iterator[str]:
    words = getattr(operation, language)
    yield from (fold(word) for word in (*words.verbs, *words.phrases, *words.nouns))


def _clashes(phrases: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    owner: dict[str, str] = {}
    return [(phrase, owner[phrase], name) for phrase, name in phrases if owner.setdefault(phrase, name) != name]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_stands_under_two_operations(language: str) -> None:
    phrases = ((phrase, name) for name, operation in ontology().operations.items() for phrase in _entries(operation, language))
    assert _clashes(phrases) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_names_two_kinds_of_object(language: str) -> None:
    phrases = ((fold(phrase), kind.id) for kind in ontology().objects.values() for phrase in getattr(kind, language))
    assert _clashes(phrases) == []


def test_every_operation_speaks_both_languages() -> None:
    for name, operation in ontology().operations.items():
        counts = [len(list(_entries(operation, language))) for language in LANGUAGES]
        assert min(counts) > 0, name
        assert max(counts) <= BALANCE * min(counts), (name, counts)


def test_every_kind_safeguard_and_cue_speaks_both_languages() -> None:
    known = ontology()
    where = known.circumstances
    families = (known.objects, known.safeguards, known.cues, where.environment, where.scope, where.timing, where.qualifier)
    for family in families:
        for name, words in family.items():
            counts = [len(words.pt), len(words.en)]
            assert min(counts) > 0, name
            assert max(counts) <= BALANCE * min(counts), (name, counts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_has_words(language: str) -> None:
    assert all(tokenize(phrase) for operation in ontology().operations.values() for phrase in _entries(operation, language))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Matar a saudade dos amigos no sábado", "pt"),
        ("Bater o ponto na entrada e na saída", "pt"),
        ("Tirar férias em janeiro", "pt"),
        ("Apagar a luz da sala", "pt"),
        ("Fechar a porta do armário", "pt"),
        ("Drag and drop the cards on the board", "en"),
        ("Kill two birds with one stone", "en"),
        ("Blow up the photo for the poster", "en"),
        ("Take a vacation in January", "en"),
        ("Turn off the living room light", "en"),
    ],
)
def test_everyday_look_alikes_destroy_nothing(text: str, language: Language) -> None:
    actions = read(text, language).actions
    assert not any({"destructive", "irreversible", "exposing", "weakens_control"} & set(action.traits) for action in actions), actions


@pytest.mark.parametrize(
    ("text", "language", "operation"),
    [
        ("Manda pro lixo os backups antigos", "pt", "delete"),
        ("Tira da tomada o servidor de pagamentos", "pt", "retire"),
        ("Abre mão da revisão de código", "pt", "bypass"),
        ("Let go of the old customer records", "en", "delete"),
        ("Pull the plug on the payment server", "en", "retire"),
        ("Take the training wheels off the deploy pipeline", "en", "bypass"),
    ],
)
def test_euphemisms_are_read_for_their_effect(text: str, language: Language, operation: str) -> None:
    assert [action.operation for action in read(text, language).actions][:1] == [operation]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("nas nos no na de da do dos para por com como mais mas se ao", "pt"),
        ("the a in on at of to for with by as if is are be no or and", "en"),
    ],
)
def test_function_words_name_nothing(text: str, language: Language) -> None:
    assert [
        hit for word in text.split() for hit in scan(word, language)[1] if hit.group in ("operation", "object", "environment", "disposable")
    ] == []
