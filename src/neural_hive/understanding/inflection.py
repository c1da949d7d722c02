"""Inflected forms of Portuguese and English words, generated from their dictionary form.

A dictionary-based lemmatiser (simplemma) was measured at 1.1 s of start-up and 106 MB for
Portuguese; generating the forms of the ontology's own words costs milliseconds, knows new verbs
("dropar", "deployar") and, unlike a lemma, keeps the mood: "apagou" happened, "apague" is asked.
All forms are folded (lower case, no accents), as `tokens.fold` makes them.
"""

from __future__ import annotations

from typing import Literal

from neural_hive.understanding.tokens import fold

Mood = Literal["base", "present", "gerund", "participle", "past", "future", "noun"]

_PT_IRREGULAR: dict[str, dict[Mood, str]] = {
    "fazer": {
        "present": "faz fazem faco facamos faca facam",
        "gerund": "fazendo",
        "participle": "feito feita feitos feitas",
        "past": "fez fizeram fizemos fiz",
    },
    "dar": {"present": "da dao damos dou de deem demos", "gerund": "dando", "participle": "dado dada dados dadas", "past": "deu deram dei"},
    "por": {
        "present": "poe poem pomos ponha ponham ponhamos",
        "gerund": "pondo",
        "participle": "posto posta postos postas",
        "past": "pos puseram pusemos pus",
    },
    "ver": {
        "present": "ve veem vemos veja vejam vejamos",
        "gerund": "vendo",
        "participle": "visto vista vistos vistas",
        "past": "viu viram vimos vi",
    },
    "ler": {
        "present": "le leem lemos leia leiam leiamos",
        "gerund": "lendo",
        "participle": "lido lida lidos lidas",
        "past": "leu leram li",
    },
    "trazer": {"present": "traz trazem traga tragam tragamos", "gerund": "trazendo", "participle": "trazido", "past": "trouxe trouxeram"},
    "ir": {"present": "vai vao vamos va", "gerund": "indo", "past": "foi foram fomos fui"},
    "ouvir": {"present": "ouve ouvem ouca oucam oucamos", "gerund": "ouvindo", "participle": "ouvido", "past": "ouviu ouviram ouvi"},
    "medir": {"present": "mede medem meca mecam mecamos", "gerund": "medindo", "participle": "medido medida", "past": "mediu mediram medi"},
    "pedir": {"present": "pede pedem peca pecam pecamos", "gerund": "pedindo", "participle": "pedido", "past": "pediu pediram pedi"},
    "despedir": {"present": "despede despedem despeca despecam", "gerund": "despedindo", "past": "despediu despediram"},
    "subir": {
        "present": "sobe sobem subimos suba subam subamos",
        "gerund": "subindo",
        "participle": "subido",
        "past": "subiu subiram subi",
    },
    "sumir": {"present": "some somem suma sumam", "gerund": "sumindo", "participle": "sumido", "past": "sumiu sumiram"},
    "saber": {"present": "sabe sabem saiba saibam", "past": "soube souberam"},
    "perder": {"present": "perde perdem perca percam", "gerund": "perdendo", "participle": "perdido", "past": "perdeu perderam"},
}
_PT_FAMILIES = (("fazer", "fazer"), ("por", "por"), ("ver", "ver"), ("trazer", "trazer"), ("medir", "medir"), ("pedir", "pedir"))
_PT_PARTICIPLES = {
    "abrir": "aberto", "cobrir": "coberto", "descobrir": "descoberto", "escrever": "escrito", "descrever": "descrito", "imprimir": "impresso", "pagar": "pago",
    "limpar": "limpo", "gastar": "gasto", "suspender": "suspenso", "extinguir": "extinto", "entregar": "entregue", "inscrever": "inscrito", "soltar": "solto",
    "transcrever": "transcrito",
}  # fmt: skip
_PT_RAISING = ("erir", "etir", "ertir", "estir", "ervir", "eguir", "entir")

_EN_IRREGULAR = {
    "send": "sent sent", "give": "gave given", "take": "took taken", "cut": "cut cut", "put": "put put", "make": "made made", "write": "wrote written",
    "throw": "threw thrown", "shut": "shut shut", "get": "got gotten", "tear": "tore torn", "pay": "paid paid", "sell": "sold sold", "buy": "bought bought",
    "run": "ran run", "lose": "lost lost", "leave": "left left", "show": "showed shown", "hide": "hid hidden", "bring": "brought brought",
    "build": "built built", "spend": "spent spent", "keep": "kept kept", "let": "let let", "set": "set set", "read": "read read", "tell": "told told",
    "find": "found found", "hold": "held held", "draw": "drew drawn", "break": "broke broken", "steal": "stole stolen", "choose": "chose chosen",
    "begin": "began begun", "go": "went gone", "blow": "blew blown", "rewrite": "rewrote rewritten", "overwrite": "overwrote overwritten",
    "withdraw": "withdrew withdrawn", "forbid": "forbade forbidden", "reset": "reset reset", "sweep": "swept swept", "teach": "taught taught",
    "think": "thought thought", "understand": "understood understood", "speak": "spoke spoken", "know": "knew known", "see": "saw seen", "grow": "grew grown",
    "shrink": "shrank shrunk", "spin": "spun spun", "stand": "stood stood", "rip": "ripped ripped", "bet": "bet bet", "lend": "lent lent", "freeze": "froze frozen",
    "do": "did done", "mean": "meant meant", "override": "overrode overridden", "undo": "undid undone", "sing": "sang sung", "wind": "wound wound",
}  # fmt: skip
_DOUBLING = frozenset(
    [
        "drop",
        "stop",
        "cut",
        "put",
        "run",
        "ship",
        "wrap",
        "trim",
        "set",
        "get",
        "let",
        "rip",
        "bin",
        "chat",
        "plan",
        "scan",
        "tag",
        "log",
        "map",
        "pin",
        "ban",
        "bar",
        "cap",
        "rig",
        "snap",
        "swap",
        "step",
        "skip",
        "shut",
        "scrub",
        "prep",
        "sum",
        "tap",
        "tip",
        "rub",
        "sit",
        "spin",
        "win",
        "begin",
        "submit",
        "permit",
        "admit",
        "commit",
        "transfer",
        "refer",
        "reset",
        "unplug",
        "plug",
        "hit",
        "quit",
        "zap",
        "nuke_",
        "tar",
        "zip",
        "drag",
        "drum",
    ]
)


def portuguese_verb(infinitive: str) -> dict[str, Mood]:
    """Folded forms of a Portuguese verb with the mood of each; a form of two moods keeps the least final one."""
    verb = fold(infinitive)
    forms: dict[str, Mood] = {}
    irregular = _irregular_portuguese(verb)
    if irregular:
        _add(forms, "base", verb, f"{verb}em", f"{verb}mos")
        for mood, words in irregular.items():
            _add(forms, mood, *words.split())
        return forms
    stem, vowel = verb[:-2], verb[-2]
    soft = _softened(stem, vowel)
    _add(forms, "base", verb, f"{verb}em", f"{verb}mos")
    _add(forms, "present", *_present(stem, soft, vowel))
    _add(forms, "gerund", stem + {"a": "ando", "e": "endo", "i": "indo"}[vowel])
    participle = _PT_PARTICIPLES.get(verb)
    _add(forms, "participle", *(participle[:-1] + end for end in ("o", "a", "os", "as")) if participle else ())
    _add(forms, "participle", *(stem + ("ad" if vowel == "a" else "id") + end for end in ("o", "a", "os", "as")))
    _add(forms, "past", *_past(stem, soft, vowel))
    _add(forms, "future", *(verb + end for end in ("ei", "a", "emos", "ao", "ia", "iam")))
    return forms


def _add(forms: dict[str, Mood], mood: Mood, *words: str) -> None:
    for word in words:
        forms.setdefault(word, mood)


def _irregular_portuguese(verb: str) -> dict[Mood, str] | None:
    if verb in _PT_IRREGULAR:
        return _PT_IRREGULAR[verb]
    for ending, model in _PT_FAMILIES:
        if (
            verb.endswith(ending)
            and len(verb) > len(ending) + 1
            and not verb.endswith(("lever", "crever", "volver", "mover", "dever", "viver", "aver"))
        ):
            prefix = verb[: -len(ending)]
            return {mood: " ".join(prefix + word for word in words.split()) for mood, words in _PT_IRREGULAR[model].items()}
    return None


def _softened(stem: str, vowel: str) -> str:
    """The stem as it is spelled before the other vowel: apag-ar -> apagu-e, proteg-er -> protej-a, conferir -> confir-a."""
    if vowel == "a":
        if stem.endswith("e"):
            return stem + "i"
        return stem + "u" if stem.endswith("g") else stem[:-1] + "qu" if stem.endswith("c") else stem
    if vowel == "i" and (stem + "ir").endswith(_PT_RAISING):
        cut = stem.rfind("e")
        stem = stem[:cut] + "i" + stem[cut + 1 :]
    if stem.endswith("gu"):
        return stem[:-1]
    return stem[:-1] + "j" if stem.endswith("g") else stem


def _present(stem: str, soft: str, vowel: str) -> tuple[str, ...]:
    if vowel == "a":
        third = stem + "i" if stem.endswith("e") else stem
        return (soft + "e", soft + "em", soft + "emos", third + "a", third + "am", stem + "amos")
    own = ("i", "em") if vowel == "i" and stem.endswith(("u", "a")) else ("e", "em")
    return (soft + "a", soft + "am", soft + "amos", stem + own[0], stem + own[1], stem + vowel + "mos")


def _past(stem: str, soft: str, vowel: str) -> tuple[str, ...]:
    if vowel == "a":
        return (stem + "ou", stem + "aram", soft.removesuffix("i") + "ei", stem + "ava", stem + "avam")
    return (stem + ("eu" if vowel == "e" else "iu"), stem + vowel + "ram", stem + "i", stem + "ia", stem + "iam")


def english_verb(base: str) -> dict[str, Mood]:
    """Folded forms of an English verb with the mood of each."""
    verb = fold(base)
    stem = verb + verb[-1] if verb in _DOUBLING else verb
    silent = verb.endswith("e") and not verb.endswith(("ee", "oe", "ye"))
    consonant_y = verb.endswith("y") and verb[-2:-1] not in ("a", "e", "o", "u", "")
    forms: dict[str, Mood] = {verb: "base"}
    _add(forms, "present", verb[:-1] + "ies" if consonant_y else verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else "s"))
    _add(forms, "gerund", (verb[:-1] if silent else stem) + "ing")
    if verb in _EN_IRREGULAR:
        past, participle = _EN_IRREGULAR[verb].split()
        _add(forms, "participle", participle)
        _add(forms, "past", past)
    else:
        _add(forms, "past", verb + "d" if verb.endswith("e") else verb[:-1] + "ied" if consonant_y else stem + "ed")
    return forms


def portuguese_plural(noun: str) -> tuple[str, ...]:
    """A Portuguese noun phrase and its plurals (first word, and all words), folded."""
    words = fold(noun).split()
    first = _pt_plural(words[0])
    every = " ".join(word if word in _PT_SMALL else _pt_plural(word) for word in words)
    return tuple(dict.fromkeys((" ".join(words), " ".join([first, *words[1:]]), every)))


_PT_SMALL = frozenset(["de", "do", "da", "dos", "das", "em", "no", "na", "a", "o", "e", "por", "para", "com", "sem"])


def _pt_plural(word: str) -> str:
    if word.endswith("ao"):
        return word[:-2] + "oes"
    if word.endswith("m"):
        return word[:-1] + "ns"
    if word.endswith("l") and len(word) > 3 and not word.endswith(("mail", "ool", "url", "ell", "ull")):
        return word[:-2] + "is" if word.endswith("il") else word[:-1] + "is"
    if word.endswith(("r", "z")):
        return word + "es"
    return word if word.endswith(("s", "x")) else word + "s"


def english_plural(noun: str) -> tuple[str, ...]:
    """An English noun phrase and its plural (of the last word), folded."""
    words = fold(noun).split()
    last = words[-1]
    if last.endswith("y") and last[-2:-1] not in ("a", "e", "o", "u", ""):
        plural = last[:-1] + "ies"
    else:
        plural = last + ("es" if last.endswith(("s", "x", "ch", "sh")) else "s")
    return (" ".join(words), " ".join([*words[:-1], plural]))
