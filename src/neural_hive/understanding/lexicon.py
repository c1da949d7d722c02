"""Where the words of the ontology stand in a text.

One pass over the tokens; at each place the longest match of every group. Groups: operation,
object, safeguard, environment, disposable, scope, timing, qualifier, and one group per cue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from neural_hive.types import Language
from neural_hive.understanding.inflection import Mood, english_plural, english_verb, portuguese_plural, portuguese_verb
from neural_hive.understanding.ontology import Operation, Words, ontology
from neural_hive.understanding.tokens import Token, fold, tokenize

GAP = "..."
GAP_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the lexicon: the words after the first, and what they mean."""

    rest: tuple[str, ...]
    group: str
    id: str
    mood: Mood

    @property
    def length(self) -> int:
        """Number of fixed words, the first included."""
        return 1 + sum(word != GAP for word in self.rest)


@dataclass(frozen=True, slots=True)
class Hit:
    """A match: tokens `start` to `end` (exclusive) are an entry of `group` with `id`."""

    start: int
    end: int
    group: str
    id: str
    mood: Mood
    words: int


@dataclass(frozen=True, slots=True)
class Node:
    """The entries that begin with one word: by their second word, with a gap there, or alone; longest first."""

    paired: dict[str, tuple[Entry, ...]]
    gapped: tuple[Entry, ...]
    alone: tuple[Entry, ...]

    def candidates(self, following: str) -> tuple[Entry, ...]:
        """Entries that may match where `following` is the next word."""
        longer = self.paired.get(following, ())
        if longer and self.gapped:
            longer = tuple(sorted((*longer, *self.gapped), key=_by_length))
        return (longer or self.gapped) + self.alone

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, in no particular order."""
        return (*self.alone, *self.gapped, *(entry for entries in self.paired.values() for entry in entries))


def _by_length(entry: Entry) -> int:
    return -entry.length


Index = dict[str, Node]


@lru_cache(maxsize=256)
def scan(text: str, language: Language) -> tuple[list[Token], list[Hit]]:
    """The tokens of a text and their hits; kept a while, because several readers look at one text. Do not change them."""
    tokens = tokenize(text)
    return tokens, match(tokens, language)



def match(tokens: list[Token], language: Language) -> list[Hit]:
    """All hits by place; of one group the longest at each place, none inside another of its group."""
    index = lexicon("en" if language == "en" else "pt")
    forms = [token.form for token in tokens]
    hits: list[Hit] = []
    taken: dict[str, int] = {}
    followers = [*forms[1:], ""]
    for place, form in enumerate(forms):
        node = index.get(form)
        if node is None:
            continue
        for entry in node.candidates(followers[place]):
            if taken.get(entry.group, 0) > place:
                continue
            end = _end(entry.rest, forms, place + 1, tokens) if entry.rest else place + 1
            if end:
                hits.append(Hit(place, end, entry.group, entry.id, entry.mood, entry.length))
                taken[entry.group] = end if GAP not in entry.rest else place + 1
    return hits


def _end(rest: tuple[str, ...], forms: list[str], place: int, tokens: list[Token]) -> int:
    """One past the last matched token, or 0."""
    for position, word in enumerate(rest):
        if word == GAP:
            following = rest[position + 1 :]
            for skipped in range(GAP_LENGTH + 1):
                end = _end(following, forms, place + skipped, tokens)
                if end:
                    return end
            return 0
        if place >= len(forms) or forms[place] != word or tokens[place].gap > 1:
            return 0
        place += 1
    return place


@cache
def lexicon(language: str) -> Index:
    """The index of one language: first word -> entries, longest first. Built once."""
    known = ontology()
    entries: dict[str, dict[tuple[object, ...], Entry]] = {}

    def add(form: str, group: str, name: str, mood: Mood) -> None:
        if form.isalpha():
            first, words = form if form.isascii() else fold(form), ()
        else:
            first, *rest = (token.form for token in tokenize(form.replace(GAP, " xgapx ")))
            words = tuple(GAP if word == "xgapx" else word for word in rest)
        entries.setdefault(first, {}).setdefault((group, words), Entry(words, group, name, mood))

    for name, operation in known.operations.items():
        for form, mood in _operation_forms(operation, language):
            add(form, "operation", name, mood)
    for kind in known.objects.values():
        for form in _plurals(getattr(kind, language), language):
            add(form, "object", kind.id, "noun")
    for group, names in _circumstances():
        for name, words in names.items():
            for form in getattr(words, language):
                add(form, f"qualifier:{name}" if group == "qualifier" else group, name, "noun")
    if language == "pt":
        for form, name in _jargon():
            add(form, "operation", name, "noun")
    return {first: _node(found.values()) for first, found in entries.items()}


def _node(entries: Iterable[Entry]) -> Node:
    ordered = sorted(entries, key=_by_length)
    paired: dict[str, list[Entry]] = {}
    for entry in ordered:
        if entry.rest and entry.rest[0] != GAP:
            paired.setdefault(entry.rest[0], []).append(entry)
    return Node(
        paired={second: tuple(found) for second, found in paired.items()},
        gapped=tuple(entry for entry in ordered if entry.rest and entry.rest[0] == GAP),
        alone=tuple(entry for entry in ordered if not entry.rest),
    )


def _circumstances() -> Iterable[tuple[str, dict[str, object]]]:
    known = ontology()
    circumstances = known.circumstances
    yield "environment", dict(circumstances.environment)
    yield "disposable", {"disposable": circumstances.disposable}
    yield "scope", dict(circumstances.scope)
    yield "timing", dict(circumstances.timing)
    yield "qualifier", dict(circumstances.qualifier)
    yield "safeguard", dict(known.safeguards)
    for name, words in known.cues.items():
        yield f"cue:{name}", {name: words}


_JARGON_MINIMUM = 5


def _jargon() -> Iterable[tuple[str, str]]:
    """English verbs that Brazilian professionals use as they are ("o drop da tabela", "delete do usuário")."""
    for name, operation in ontology().operations.items():
        if not operation.benign:
            for verb in operation.en.verbs:
                if len(verb) >= _JARGON_MINIMUM and " " not in verb and not verb.endswith(("ar", "er", "ir", "e", "a", "o")) or verb in ("delete", "restore", "drop"):
                    yield verb, name


def _operation_forms(operation: Operation, language: str) -> Iterable[tuple[str, Mood]]:
    words: Words = getattr(operation, language)
    for phrase in (*words.phrases, *words.verbs):
        first, _, rest = phrase.partition(" ")
        for form, mood in _verb_forms(first, language):
            yield f"{form} {rest}".strip(), mood
    for form in _plurals(words.nouns, language):
        yield form, "noun"
    for form in operation.code:
        yield form, "base"


def _verb_forms(word: str, language: str) -> Iterable[tuple[str, Mood]]:
    if language == "pt":
        if word.endswith(("ar", "er", "ir")) or word in ("por", "expor", "propor", "compor", "dispor", "recompor", "sobrepor", "impor"):
            return portuguese_verb(word).items()
        return ((word, "noun"),)
    return english_verb(word).items() if word.isalpha() else ((word, "noun"),)


def _plurals(nouns: Iterable[str], language: str) -> Iterable[str]:
    plural = portuguese_plural if language == "pt" else english_plural
    for noun in nouns:
        yield from plural(noun)
