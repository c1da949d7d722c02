"""What the words around an operation say: what it is done to, where, how much, whether at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neural_hive.types import Action, Environment, Polarity, Scope, Signal, Timing, Trait
from neural_hive.understanding.clauses import COLON, SENTENCE, Clause
from neural_hive.understanding.grammar import SUBJECTS, verb_rank
from neural_hive.understanding.lexicon import Hit
from neural_hive.understanding.ontology import UNKNOWN, ObjectKind, Operation, ontology
from neural_hive.understanding.protections import turning
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
_NEGATION_REACH = 3


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


def polarity(words: Words, clause: Clause, head: Hit, operation: Operation) -> Polarity:
    """Whether the governed act would be carried out as the clause is worded."""
    floor = clause.start
    if any(_rehearses(words, clause, hit) for hit in words.by_group.get("cue:rehearsal", ())):
        return Polarity.HYPOTHETICAL
    if words.near_before(head.start, "cue:prevention", 6, floor):
        return Polarity.PREVENTED
    if words.near_before(head.start, "cue:negation", _NEGATION_REACH, floor) or words.near_before(head.start, "cue:without", 2, floor):
        return Polarity.NEGATED
    if _has_negated_subject(words, clause, head):
        return Polarity.NEGATED
    if (
        not operation.benign
        and head.end < len(words.tokens)
        and words.tokens[head.end].form in ("no", "nothing", "none", "nobody")
        and words.language == "en"
    ):
        return Polarity.NEGATED
    if not operation.benign and _asks_about(words, clause):
        return Polarity.HYPOTHETICAL
    if _is_reported(words, clause, head):
        return Polarity.REPORTED
    if not operation.benign and words.near_before(head.start, "cue:hypothetical", 8, floor):
        return Polarity.HYPOTHETICAL
    return Polarity.AFFIRMED


def _rehearses(words: Words, clause: Clause, hit: Hit) -> bool:
    """As in "dry-run only" in the same sentence, but not "not in dry-run"."""
    return words.sentence_of(hit.start) == clause.sentence and not words.near_before(hit.start, "cue:negation", 2, clause.start)


_NOBODY = frozenset(["nada", "ninguem", "nenhum", "nenhuma", "nothing", "nobody", "noone", "none", "neither"])
_SUBJECT_REACH = 7


def _has_negated_subject(words: Words, clause: Clause, head: Hit) -> bool:
    """As in "Nothing gets evicted", "nenhuma regra e aberta", "no disk is encrypted": a subject that is nobody does nothing."""
    floor = max(clause.start, head.start - _SUBJECT_REACH)
    if any(token.form in _NOBODY for token in words.tokens[floor : head.start]):
        return True
    return words.language == "en" and head.mood in ("past", "participle") and words.tokens[clause.start].form == "no"


def _is_reported(words: Words, clause: Clause, head: Hit) -> bool:
    """Whether the act already happened: a past form with somebody who did it, or a word like "yesterday"."""
    form = words.tokens[head.start].form
    tensed = head.mood in ("past", "participle") or (head.mood == "present" and form.endswith("mos"))
    if tensed and any(
        _tells_when(words, hit) for hit in words.by_group.get("cue:past", ()) if words.sentence_of(hit.start) == clause.sentence
    ):
        return True
    if head.mood != "past":
        return False
    return words.language != "en" or (head.start > clause.start and words.tokens[head.start - 1].form in SUBJECTS)


def _tells_when(words: Words, hit: Hit) -> bool:
    """As in "Yesterday we paid", not "yesterday's backup" nor "o e-mail de ontem"."""
    last = words.tokens[hit.end - 1]
    possessive = last.end - last.start > len(last.form)
    return not possessive and (hit.start == 0 or words.tokens[hit.start - 1].form not in ("de", "do", "da", "of", "from"))


def bare_polarity(words: Words, clause: Clause) -> Polarity:
    """Polarity of a clause without a known operation."""
    if words.any_within(clause, "cue:prevention"):
        return Polarity.PREVENTED
    if words.any_within(clause, "cue:hypothetical"):
        return Polarity.HYPOTHETICAL
    if words.any_within(clause, "cue:negation"):
        return Polarity.NEGATED
    return Polarity.REPORTED if words.has("cue:past") else Polarity.AFFIRMED


_CAUTION = (Environment.PRODUCTION, Environment.STAGING, Environment.DEVELOPMENT)


def environment(words: Words, clause: Clause) -> Environment:
    """The environment a clause names; the most cautious of several."""
    named = {hit.id for hit in words.within(clause, "environment")}
    return next((env for env in _CAUTION if env.value in named), Environment.UNKNOWN)


def prevailing_environment(words: Words, clauses: Sequence[Clause]) -> Environment:
    """The most cautious environment that the text names; a rehearsal's lesser one holds only for itself."""
    named: set[str] = set()
    for clause in clauses:
        head = governing(words, clause)
        rehearses = head is not None and bool(ontology().operation(head.id).safeguard)
        named |= {hit.id for hit in words.within(clause, "environment") if hit.id == Environment.PRODUCTION or not rehearses}
    return next((env for env in _CAUTION if env.value in named), Environment.UNKNOWN)


def scope(words: Words, clause: Clause, head: Hit, target: Target) -> Scope:
    """How much is touched: the quantifier of the object's own phrase, then any in the clause."""
    named = [
        hit
        for hit in words.within(clause, "scope")
        if (hit.start >= head.start or not target.end) and not _of_safeguard(words, hit, target)
    ]
    kinds = {hit.id for hit in named}
    if target.end and not kinds & {"all", "some"} and _is_numbered(words, target):
        return Scope.ONE
    if "all" in kinds and not words.any_within(clause, "qualifier:partial_rollout"):
        return Scope.ALL
    if "some" in kinds or words.any_within(clause, "qualifier:partial_rollout"):
        return Scope.SOME
    return Scope.ONE if "one" in kinds else Scope.UNKNOWN


def _of_safeguard(words: Words, hit: Hit, target: Target) -> bool:
    """As in "without a backup": the article belongs to the protection, not to what is acted upon."""
    near = range(hit.end, hit.end + 2)
    return hit.start >= target.end > 0 and any(item.start in near for item in words.by_group.get("safeguard", ()))


def _is_numbered(words: Words, target: Target) -> bool:
    """As in "order 5581", "customer 8812": a number behind the noun names one of them."""
    end = words.tokens[target.end].form if target.end < len(words.tokens) else ""
    return end.isdigit() and len(end) > 1 and words.tokens[target.end].gap == 0


_TIMING = (Timing.FREEZE, Timing.PEAK, Timing.NOW, Timing.WINDOW)


def timing(words: Words, clause: Clause) -> Timing:
    """When, as the clause or else the text says; the least favourable of several."""
    named = {hit.id for hit in words.within(clause, "timing")} or {hit.id for hit in words.by_group.get("timing", ())}
    return next((when for when in _TIMING if when.value in named), Timing.UNSPECIFIED)


def disposable(words: Words, clause: Clause, head: Hit, target: Target) -> bool:
    """Whether the object itself is said to be temporary, synthetic or one's own toy."""
    start, end = (max(clause.start, target.start - 3), target.end + 3) if target.end else (head.end, clause.end)
    return any(start <= hit.start < end and not (head.start <= hit.start < head.end) for hit in words.within(clause, "disposable"))


def qualifiers(words: Words, clause: Clause) -> tuple[str, ...]:
    """Circumstances that the clause states."""
    found = [group.partition(":")[2] for group in words.qualifiers if words.any_within(clause, group)]
    return tuple(found)


_EASY_CLAUSE = 12


def certainty(words: Words, clause: Clause, head: Hit, target: Target) -> float:
    """How sure the reading is: less without an object, for a noun, in a long clause, among rival verbs."""
    aside, end = words.asides, turning(words, clause, head)
    rivals = sum(
        hit.mood != "noun"
        and hit.start != head.start
        and hit.start < end
        and hit.start not in aside
        and not target.start <= hit.start < target.end
        and not ontology().safeguard_of(hit.id)
        for hit in words.within(clause, "operation")
    )
    length = max(0, sum(place not in aside for place in range(clause.start, end)) - _EASY_CLAUSE)
    sure = (0.95 if target.end else 0.65) - (0.1 if head.mood == "noun" else 0.0) - 0.08 * min(rivals, 3) - 0.015 * min(length, 20)
    return round(max(sure, 0.3), 2)


_KEEPING = frozenset(
    ["read", "verify", "delete", "drop", "truncate", "wipe", "retire", "revoke", "protect", "verify", "scale_down", "rollback", "uninstall"]
)
_LEAKABLE = frozenset(["personal", "secret", "data", "backup", "money", "audit", "access"])
_AUDIENCES = frozenset(("public_audience", "third_party", "untrusted_party"))


def sharpened(words: Words, clause: Clause, action: Action, kind: ObjectKind) -> Action:
    """Traits that only the combination shows: private things to a wide audience, hidden acts, open doors."""
    traits = set(action.traits)
    sensitivity = action.sensitivity
    if not _AUDIENCES.isdisjoint(action.qualifiers) and action.operation not in _KEEPING and not action.disposable:
        leaked = _leaked(words, clause, kind)
        if leaked is not None:
            traits.add(Trait.EXPOSING)
            traits.discard(Trait.READ_ONLY)
            sensitivity = max(sensitivity, leaked.sensitivity)
            if action.environment is Environment.DEVELOPMENT:
                action = replace(action, environment=Environment.UNKNOWN)
    if "untrusted_party" in action.qualifiers:
        traits.add(Trait.UNTRUSTED)
    if Trait.COSMETIC in traits and action.environment is Environment.PRODUCTION:
        traits = {*traits, Trait.MUTATING} - {Trait.COSMETIC}
    if "covert" in action.qualifiers and Trait.READ_ONLY not in traits:
        traits.add(Trait.DECEPTIVE)
    if "unprotected" in action.qualifiers:
        traits.update((Trait.WEAKENS_CONTROL, Trait.EXPOSING))
    if "data_loss_stated" in action.qualifiers and Trait.MUTATING in traits:
        traits.update((Trait.DESTRUCTIVE, Trait.IRREVERSIBLE))
    return action if traits == set(action.traits) else replace(action, traits=tuple(sorted(traits)), sensitivity=sensitivity)


def _leaked(words: Words, clause: Clause, kind: ObjectKind) -> ObjectKind | None:
    """The most sensitive thing of the clause that a wide audience should not get."""
    if kind.head == "opaque" and kind.class_ in ("ui", "trivial"):
        return None
    named = (ontology().objects[hit.id] for hit in words.within(clause, "object"))
    return max((found for found in named if found.class_ in _LEAKABLE), key=lambda found: found.sensitivity, default=None)


_INTERROGATIVES = frozenset(
    ["what", "which", "who", "whose", "when", "why", "quanto", "quanta", "quantos", "quantas", "qual", "quais", "quem", "quando"]
)


def _asks_about(words: Words, clause: Clause) -> bool:
    """ "Which personal data do we collect?" asks about an act; "how do I ..." means to do it."""
    first = words.tokens[clause.start].form
    after = words.tokens[clause.start + 1].form if clause.start + 1 < clause.end else ""
    return first in _INTERROGATIVES or (first, after) in (("how", "many"), ("how", "much"), ("how", "long"), ("por", "que"))


def is_question(words: Words, clause: Clause) -> bool:
    """Whether a clause begins by asking to be told something."""
    return any(hit.start <= clause.start + 1 for hit in words.within(clause, "cue:question"))


def _plain_length(words: Words, clause: Clause) -> int:
    return sum(place not in words.asides for place in range(clause.start, clause.end))


def is_small_talk(words: Words, clause: Clause) -> bool:
    """Greetings, courtesies and labels ("docs:"), which ask for nothing."""
    if clause.end < len(words.tokens) and words.tokens[clause.end].gap == COLON and _plain_length(words, clause) <= 2:
        return words.any_within(clause, "cue:label")
    if not words.any_within(clause, "operation") and any(hit.start == clause.start for hit in words.within(clause, "cue:politeness")):
        return True
    covered = sum(hit.end - hit.start for hit in words.within(clause, "cue:politeness"))
    return covered > 0 and covered * 2 >= clause.end - clause.start


def is_step(words: Words, clause: Clause) -> bool:
    """Whether the clause is an act of its own that takes its turn, and not a condition of another."""
    head = governing(words, clause)
    return clause.relation == "main" and head is not None and not is_attribute(words, clause, head)


def is_attribute(words: Words, clause: Clause, head: Hit) -> bool:
    """As in "..., already checked and backed up": a participle that says how things are, not what will be done."""
    if head.mood not in ("participle", "past") or clause.start == 0 or words.tokens[clause.start].gap == SENTENCE:
        return False
    operation = ontology().operation(head.id)
    return bool(operation.safeguard) or operation.benign


_SIGNALS = {
    "cue:judge": "judge_address",
    "qualifier:covert": "covert",
    "qualifier:excess": "overreach",
    "qualifier:claimed_approval": "claimed_approval",
}


def signals(words: Words) -> tuple[Signal, ...]:
    """What holds of the text as a whole."""
    return tuple(
        Signal(kind=kind, evidence=words.evidence(hit)) for group, kind in _SIGNALS.items() for hit in words.by_group.get(group, ())[:1]
    )
