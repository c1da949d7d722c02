"""The operation that governs a clause, and what it is done to."""

from __future__ import annotations

from dataclasses import dataclass

from neural_hive.understanding.clauses import Clause
from neural_hive.understanding.grammar import verb_rank
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.ontology import UNKNOWN, ObjectKind, ontology
from neural_hive.understanding.words import Words

_LIGHT = frozenset(
    [
        "fazer",
        "faz",
        "faca",
        "fazem",
        "executar",
        "execute",
        "executa",
        "realizar",
        "realize",
        "rodar",
        "roda",
        "rode",
        "dar",
        "de",
        "do",
        "does",
        "run",
        "perform",
        "make",
        "makes",
        "execute",
        "carry",
        "conduct",
    ]
)


_BOUNDARY = frozenset(
    [
        "para",
        "pra",
        "pro",
        "por",
        "com",
        "sem",
        "em",
        "no",
        "na",
        "nos",
        "nas",
        "ate",
        "antes",
        "depois",
        "conforme",
        "via",
        "desde",
        "como",
        "que",
        "se",
        "quando",
        "porque",
        "pois",
        "to",
        "for",
        "with",
        "without",
        "in",
        "on",
        "at",
        "by",
        "from",
        "into",
        "onto",
        "before",
        "after",
        "until",
        "via",
        "because",
        "when",
        "if",
        "while",
        "as",
        "so",
        "since",
        "during",
        "over",
        "across",
        "using",
        "that",
        "which",
        "who",
    ]
)


_CONNECTORS = frozenset(["de", "da", "do", "das", "dos", "e", "of", "and", "the", "a", "an", "o", "os", "as", "um", "uma"])


_REACH = 9


_LEADING = 3


@dataclass(frozen=True, slots=True)
class Target:
    """The phrase an action is done to: its kind and the tokens it covers (empty when unknown)."""

    kind: ObjectKind
    start: int
    end: int


def governing(words: Words, clause: Clause) -> Hit | None:
    """The operation that governs a clause.

    Its leading noun ("removal of ..."), else its first verb, else its first noun; behind a light verb
    ("run", "fazer") or in its relative clause ("the script that deletes ..."), the operation that is meant.
    """
    found = list(words.within(clause, "operation"))
    if not found:
        return None
    first = found[0]
    if first.mood != "noun" or first.start > clause.start + 1:
        ranked = [(rank, hit) for hit in found if (rank := verb_rank(words.tokens, hit, words.language)) is not None]
        if not ranked and first.start > clause.start + _LEADING:
            return None
        if all(rank for rank, _ in ranked) and _opens_unread(words, clause):
            return None
        first = min(ranked, key=lambda item: (item[0], item[1].start))[1] if ranked else first
    return _meant(words, first, found)


_CARRYING = frozenset(["take", "get", "have", "give", "hold", "obter", "tirar", "ter", "pegar", "colher"])


_BEFORE_THING = frozenset(["o", "a", "os", "as", "um", "uma", "todo", "toda", "todos", "todas", "the", "all", "every", "our", "an"])


def _opens_unread(words: Words, clause: Clause) -> bool:
    """As in "Zorpar o cadastro", "zorp the records": a verb that nobody knows governs, not the noun of what it is done to."""
    at = clause.start
    if (
        clause.end - at < 3
        or words.tokens[at + 1].form not in _BEFORE_THING
        or any(hit.start == at for found in words.by_group.values() for hit in found)
    ):
        return False
    if words.tokens[at].form in _CARRYING:
        return False
    return words.language == "en" or words.tokens[at].form.endswith(("ar", "er", "ir"))


_AUXILIARIES = frozenset(["get", "gets", "got", "getting", "keep", "keeps", "fica", "ficam", "ficar", "want", "need"])


def _meant(words: Words, first: Hit, found: list[Hit]) -> Hit:
    if words.tokens[first.start].form in _AUXILIARIES and first.words == 1:
        later = [hit for hit in found if first.end <= hit.start <= first.end + 2 and hit.mood in ("past", "participle", "gerund")]
        if later:
            return later[0]
    if words.tokens[first.start].form not in _LIGHT or (first.words > 1 and first.id != "deploy"):
        return first
    later = [hit for hit in found if first.end <= hit.start <= first.end + 6]
    relative = [hit for hit in later if hit.start and words.tokens[hit.start - 1].form in ("that", "which", "que")]
    near = [hit for hit in later if hit.start <= first.end + 2 and first.words == 1]
    return (relative or near or [first])[0]


def operation_meant(words: Words, clause: Clause, head: Hit) -> str:
    """The operation's id; blocking an act ("block DELETE without WHERE") protects, blocking people or things does not."""
    if head.id != "revoke":
        return head.id
    acts = (hit for hit in words.within(clause, "operation") if head.end <= hit.start <= head.end + 2)
    return "protect" if any(hit.id in _BLOCKED_ACTS for hit in acts) else head.id


_BLOCKED_ACTS = frozenset(
    ["delete", "drop", "truncate", "wipe", "overwrite", "force_push", "deploy", "update", "expose", "exfiltrate", "attack"]
)


def continues_gerund(words: Words, clause: Clause) -> bool:
    """Whether an English clause goes on with "and ...ing"."""
    head = governing(words, clause)
    return words.language == "en" and head is not None and head.mood == "gerund" and words.tokens[clause.start].form in ("and", "or")


def target(words: Words, clause: Clause, head: Hit) -> Target:
    """What the operation is done to: the phrase that follows it, else the one in front of it."""
    things = [
        hit
        for hit in words.by_group.get("object", ())
        if clause.start <= hit.start < clause.end and (hit.start >= head.end or hit.end <= head.start)
    ]
    inner = [hit for hit in words.by_group.get("object", ()) if head.start < hit.start and hit.end <= head.end]
    after = [hit for hit in things if hit.start >= head.end and hit.start - head.end <= _REACH]
    phrase = _phrase(words, [*inner, *after]) or _phrase(words, [hit for hit in things if hit.end <= head.start])
    if not phrase:
        return Target(UNKNOWN, 0, 0)
    return Target(_decisive(words, phrase), phrase[0].start, phrase[-1].end)


def _phrase(words: Words, things: list[Hit]) -> list[Hit]:
    """The objects of one noun phrase: the first, and those joined to it by "de", "of" or nothing."""
    phrase: list[Hit] = []
    for hit in things:
        if phrase and not _joined(words, phrase[-1].end, hit.start) and not _contains(words, phrase[-1], hit):
            break
        phrase.append(hit)
    return phrase


def _joined(words: Words, start: int, end: int) -> bool:
    between = words.tokens[start:end]
    return (
        len(between) <= 4
        and not any(token.form in _BOUNDARY or token.gap > 1 for token in between)
        and (end >= len(words.tokens) or words.tokens[end].gap <= 1)
    )


def _contains(words: Words, holder: Hit, held: Hit) -> bool:
    """As in "the spreadsheet with tax ids": what a list or file holds decides, if it is the sensitive part."""
    kind, inside = ontology().objects[holder.id], ontology().objects[held.id]
    between = words.tokens[holder.end : held.start]
    return (
        kind.head == "clear"
        and inside.class_ in ("personal", "secret")
        and len(between) <= 4
        and any(token.form in ("com", "with", "contendo", "containing") for token in between)
    )


def _decisive(words: Words, phrase: list[Hit]) -> ObjectKind:
    """The kind that decides: an opaque head wins ("the template of the contract"), else the most sensitive."""
    kinds = [ontology().objects[hit.id] for hit in phrase]
    head = kinds[0]
    for left, right, kind in zip(phrase, phrase[1:], kinds[1:], strict=False):
        if any(token.form in _CONNECTORS for token in words.tokens[left.end : right.start]):
            break
        if right.start - left.end == 0:
            head = kind
    if head.head == "opaque":
        return head
    return max((kind for kind in kinds if kind.head != "opaque"), key=lambda kind: kind.sensitivity, default=head)
