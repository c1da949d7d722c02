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
from neural_hive.understanding.ontology import Circumstance, Operation, Words, ontology
from neural_hive.understanding.tokens import Token, fold, tokenize

GAP = "..."
GAP_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the lexicon: the words after the first, and what they mean. `mood` is None where the verb's form tells it."""

    rest: tuple[str, ...]
    group: str
    id: str
    mood: Mood | None
    length: int


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


def _by_length(entry: Entry) -> int:
    return -entry.length


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's entries.

    Attributes:
        surface: Entries by their first word as it is written.
        verbs: Entries by the dictionary form of their first word.
        forms: Inflected form -> the dictionary forms it may stand for, each with its mood.
    """

    surface: dict[str, Node]
    verbs: dict[str, Node]
    forms: dict[str, tuple[tuple[str, Mood], ...]]

    def __contains__(self, form: str) -> bool:
        return form in self.surface or form in self.forms

    def is_verb(self, form: str) -> bool:
        """Whether a form, alone, is a verb that names an operation."""
        return any(entry.group == "operation" for lemma, _ in self.forms.get(form, ()) for entry in self.verbs[lemma].alone)

    def candidates(self, form: str, following: str) -> list[tuple[Entry, Mood]]:
        """What may begin with a form, longest first, each with its mood."""
        found: list[tuple[Entry, Mood]] = []
        for lemma, mood in self.forms.get(form, ()):
            found += [(entry, mood) for entry in self.verbs[lemma].candidates(following)]
        node = self.surface.get(form)
        if node:
            found += [(entry, entry.mood or "noun") for entry in node.candidates(following)]
        if len(found) > 1:
            found.sort(key=_longest)
        return found


def _longest(candidate: tuple[Entry, Mood]) -> int:
    return -candidate[0].length


@lru_cache(maxsize=256)
def scan(text: str, language: Language) -> tuple[list[Token], list[Hit]]:
    """The tokens of a text and their hits; kept a while, because several readers look at one text. Do not change them."""
    tokens = tokenize(text)
    return tokens, match(tokens, language)


def match(tokens: list[Token], language: Language) -> list[Hit]:
    """All hits by place; of one group the longest at each place, none inside another of its group."""
    known = lexicon("en" if language == "en" else "pt")
    forms = [token.form for token in tokens]
    followers = [*forms[1:], ""]
    hits: list[Hit] = []
    taken: dict[str, int] = {}
    for place, form in enumerate(forms):
        if form not in known.surface and form not in known.forms:
            continue
        for entry, mood in known.candidates(form, followers[place]):
            if taken.get(entry.group, 0) > place:
                continue
            end = _end(entry.rest, forms, place + 1, tokens) if entry.rest else place + 1
            if end:
                hits.append(Hit(place, end, entry.group, entry.id, mood, entry.length))
                taken[entry.group] = end if GAP not in entry.rest else place + 1
    return _undivided(hits)


_PHRASES = ("qualifier:covert", "cue:judge", "cue:reassurance")
_DIVIDING = ("operation", "scope", "safeguard", "qualifier:public_audience")


def _undivided(hits: list[Hit]) -> list[Hit]:
    """Hits without those inside a set phrase: "before anyone notices" notifies nobody, "customer records" record nothing."""
    phrases = [hit for hit in hits if hit.group in _PHRASES and 1 < hit.words == hit.end - hit.start]
    things = [hit for hit in hits if hit.group == "object" and hit.end - hit.start > 1]
    if things:
        hits = [hit for hit in hits if hit.group != "operation" or not _names(hit, things)]
    if not phrases:
        return hits
    return [hit for hit in hits if hit.group not in _DIVIDING or not _inside(hit, phrases)]


def _names(hit: Hit, things: list[Hit]) -> bool:
    """Whether a form is part of a thing's name: "administrator access", "customer records"."""
    return any(
        thing.start <= hit.start and hit.end <= thing.end and (hit.start > thing.start or hit.mood not in ("base", "noun"))
        for thing in things
    )


def _inside(hit: Hit, others: list[Hit]) -> bool:
    return any(other.start <= hit.start and hit.end <= other.end for other in others)


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


Found = dict[str, dict[tuple[str, tuple[str, ...]], Entry]]


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of one language; built once, on first use."""
    known = ontology()
    surface: Found = {}
    verbs: Found = {}
    for name, operation in known.operations.items():
        _add_operation(surface, verbs, name, operation, language)
    for kind in known.objects.values():
        for noun in _plurals(getattr(kind, language), language):
            _add(surface, _words(noun), "object", kind.id, "noun")
    for group, names in _circumstances():
        for name, words in names.items():
            for phrase in getattr(words, language):
                _add(surface, _words(phrase), f"qualifier:{name}" if group == "qualifier" else group, name, "noun")
    if language == "pt":
        for verb, name in _jargon():
            _add(surface, (verb,), "operation", name, "noun")
    return Lexicon(_nodes(surface), _nodes(verbs), _forms(verbs, surface, language))


def _add(found: Found, words: tuple[str, ...], group: str, name: str, mood: Mood | None) -> None:
    """One entry; the first meaning of a phrase in a group stands."""
    rest = words[1:]
    length = 1 + len(rest) - rest.count(GAP)
    found.setdefault(words[0], {}).setdefault((group, rest), Entry(rest, group, name, mood, length))


def _add_operation(surface: Found, verbs: Found, name: str, operation: Operation, language: str) -> None:
    words: Words = getattr(operation, language)
    for phrase in (*words.phrases, *words.verbs):
        parts = _words(phrase)
        if _is_verb(parts[0], language):
            _add(verbs, parts, "operation", name, None)
        else:
            _add(surface, parts, "operation", name, "noun")
    for noun in _plurals(words.nouns, language):
        _add(surface, _words(noun), "operation", name, "noun")
    for code in operation.code:
        _add(surface, _words(code), "operation", name, "base")


def _words(phrase: str) -> tuple[str, ...]:
    """The forms of a phrase's words; the gap sign stays as it is."""
    if phrase.isalpha():
        return (fold(phrase),)
    stretches = [[token.form for token in tokenize(stretch)] for stretch in phrase.split(GAP)]
    words: list[str] = []
    for stretch in stretches:
        words += [GAP, *stretch] if words else stretch
    return tuple(words)


def _nodes(found: Found) -> dict[str, Node]:
    return {first: _node(list(entries.values())) for first, entries in found.items()}


def _node(entries: list[Entry]) -> Node:
    if len(entries) == 1 and not entries[0].rest:
        return Node({}, (), (entries[0],))
    entries.sort(key=_by_length)
    paired: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.rest and entry.rest[0] != GAP:
            paired.setdefault(entry.rest[0], []).append(entry)
    return Node(
        paired={second: tuple(listed) for second, listed in paired.items()},
        gapped=tuple(entry for entry in entries if entry.rest and entry.rest[0] == GAP),
        alone=tuple(entry for entry in entries if not entry.rest),
    )


_FUNCTION_WORDS = frozenset(
    (
        "para",
        "como",
        "sobre",
        "entre",
        "contra",
        "nada",
        "cada",
        "fora",
        "caso",
        "uso",
        "segundo",
        "conforme",
        "era",
        "ante",
        "mesmo",
        "de",
        "da",
        "por",
    )
)


def _forms(verbs: Iterable[str], surface: Found, language: str) -> dict[str, tuple[tuple[str, Mood], ...]]:
    """Inflected forms; a first person that is also a noun of ours ("acesso") stays a noun, a function word stays one."""
    inflect = portuguese_verb if language == "pt" else english_verb
    found: dict[str, tuple[tuple[str, Mood], ...]] = {}
    for verb in verbs:
        for form, mood in inflect(verb).items():
            if form in _FUNCTION_WORDS or (mood == "present" and form.endswith("o") and form in surface):
                continue
            found[form] = (*found.get(form, ()), (verb, mood))
    return found


def _circumstances() -> Iterable[tuple[str, dict[str, Circumstance]]]:
    known = ontology()
    circumstances = known.circumstances
    yield "environment", circumstances.environment
    yield "disposable", {"disposable": circumstances.disposable}
    yield "scope", circumstances.scope
    yield "timing", circumstances.timing
    yield "qualifier", circumstances.qualifier
    yield "safeguard", known.safeguards
    for name, words in known.cues.items():
        yield f"cue:{name}", {name: words}


_JARGON_MINIMUM = 5
_PORTUGUESE_LOOKING = ("ar", "er", "ir", "e", "a", "o")


def _jargon() -> Iterable[tuple[str, str]]:
    """English verbs that Brazilian professionals use as they are ("o drop da tabela", "delete do usuário")."""
    for name, operation in ontology().operations.items():
        for verb in operation.en.verbs if not operation.benign else ():
            if verb in ("delete", "restore", "drop") or (
                len(verb) >= _JARGON_MINIMUM and verb.isalpha() and not verb.endswith(_PORTUGUESE_LOOKING)
            ):
                yield verb, name


def _is_verb(word: str, language: str) -> bool:
    return word.isalpha() and (language == "en" or word == "por" or word.endswith(_INFINITIVES))


_INFINITIVES = ("ar", "er", "ir", "expor", "propor", "compor", "dispor", "recompor", "sobrepor", "impor")


def _plurals(nouns: Iterable[str], language: str) -> Iterable[str]:
    plural = portuguese_plural if language == "pt" else english_plural
    for noun in nouns:
        yield from plural(noun)
