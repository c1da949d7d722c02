"""From one command line to actions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from neural_hive.planning.shell.commands import Act, Line, Match, act_of, commands, program_name, take_apart
from neural_hive.planning.shell.refine import disk_target, payload_sensitivity, refined
from neural_hive.planning.shell.targets import Place, Target, is_secret, named_by_options, named_target, path_target, worst_path
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.planning.shell.wrappers import Inner, Input, unwrap
from neural_hive.planning.surroundings import environment_named, is_toy, kind_of, worst
from neural_hive.types import Action, Environment, Polarity, Safeguard, Scope, Trait


@dataclass(frozen=True, slots=True)
class Effect:
    """An action, with what guards need to know: its tool, its words, what it protects afterwards."""

    action: Action
    tool: str = ""
    words: frozenset[str] = frozenset()
    connection: str = ""
    guard: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The circumstances in which a command runs."""

    place: Place
    environment: Environment = Environment.UNKNOWN
    given: Input = field(default_factory=Input)
    toy: bool = False
    depth: int = 0
    listing: Scope = Scope.UNKNOWN
    listed: Target | None = None
    piped_sensitivity: float = 0.0
    connection: str = ""
    run_shell: Callable[[str, Inner], tuple[Effect, ...]]
    run_sql: Callable[[str, Inner], tuple[Effect, ...]]


_PLACE_OPTIONS = re.compile(
    r"--?(?:context|kube-context|n|namespace|profile|project|h|host|env|environment|cluster|H|subscription|account|stage|instance|l|limit|i|inventory|workspace|chdir|d|dbname|u|uri|app|a|s|stack|server|bootstrap-server|endpoint)$"
)
_DESTROYING = (Trait.DESTRUCTIVE, Trait.IRREVERSIBLE, Trait.UNBOUNDED)
_DATA = frozenset({"data_store", "backup", "personal_data", "money", "audit_trail", "secret", "order", "account", "table"})
_MAX_DEPTH = 6


def effects_of(words: tuple[Word, ...], situation: Situation) -> tuple[Effect, ...]:
    """What a command line would do; empty when it expands to nothing."""
    words = tuple(word for word in words if word.text) if words and not words[0].text else words
    if not words:
        return ()
    if UNKNOWN in words[0].text:
        return (_opaque(words, situation),)
    inner = unwrap(words, situation.given) if situation.depth < _MAX_DEPTH else Inner(kind="opaque")
    if inner is not None:
        return _inner_effects(words, inner, situation)
    name = program_name(words[0].text)
    if name in ("echo", "printf", "print"):
        return _said(words, situation)
    if name == "find":
        return _found(words, situation)
    return (_effect(words, situation),)


def _opaque(words: tuple[Word, ...], situation: Situation, act: str = "run") -> Effect:
    chosen = commands().acts[act]
    action = _action(
        chosen,
        Match(act, 0.4),
        Target(text=_shown(words), sensitivity=chosen.sensitivity, blast=chosen.blast, scope=Scope.UNKNOWN),
        situation,
        words,
    )
    operation = "unknown" if act == "run" else action.operation
    return Effect(replace(action, operation=operation, certainty=min(0.4, action.certainty)), tool=words[0].text)


def _shown(words: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in words[:8]).replace(UNKNOWN, "?")


def _inner_effects(words: tuple[Word, ...], inner: Inner, situation: Situation) -> tuple[Effect, ...]:
    if inner.kind == "untrusted":
        return (_opaque(words, situation, "run_untrusted"),)
    if inner.kind == "opaque":
        return (_opaque(words, situation),)
    if inner.kind == "shell":
        return situation.run_shell(inner.source, inner)
    if inner.kind == "sql":
        return situation.run_sql(inner.source, inner)
    place = Place(comments=situation.place.comments) if inner.isolated else situation.place
    environment = inner.environment if inner.environment is not Environment.UNKNOWN else situation.environment
    listing = situation.listing if situation.listing is not Scope.UNKNOWN else Scope.ALL
    following = replace(
        situation,
        place=place,
        environment=environment,
        depth=situation.depth + 1,
        connection=f"{situation.connection} {inner.connection}".strip(),
        listing=listing if inner.from_input else situation.listing,
    )
    if not inner.from_input:
        return effects_of(inner.words, following)
    return tuple(_with_listing(effect, following) for effect in effects_of(_with_placeholder(inner.words), following))


def _with_placeholder(words: tuple[Word, ...]) -> tuple[Word, ...]:
    if any(word.text in ("{}", "%") for word in words):
        return tuple(Word(UNKNOWN) if word.text in ("{}", "%") else word for word in words)
    return (*words, Word(UNKNOWN))


def _with_listing(effect: Effect, situation: Situation) -> Effect:
    """Give an action fed by a listing (xargs, while read) the reach of that listing."""
    action = effect.action
    if Trait.DESTRUCTIVE not in action.traits and Trait.INTERRUPTING not in action.traits:
        return effect
    listed = situation.listed
    if listed is not None:
        traits = {
            *action.traits,
            *((Trait.UNBOUNDED, Trait.IRREVERSIBLE) if listed.unbounded else (Trait.IRREVERSIBLE,) if listed.grave else ()),
        }
        traits -= {Trait.UNBOUNDED, Trait.IRREVERSIBLE, Trait.INTERRUPTING} if listed.disposable else set()
        return replace(
            effect,
            action=replace(
                action,
                target=listed.text,
                scope=listed.scope,
                sensitivity=listed.sensitivity,
                blast=listed.blast,
                disposable=listed.disposable,
                traits=tuple(sorted(traits)),
                certainty=max(action.certainty, listed.certainty),
            ),
        )
    return replace(
        effect,
        action=replace(
            action,
            scope=situation.listing,
            traits=tuple(sorted({*action.traits, *((Trait.UNBOUNDED,) if situation.listing is Scope.ALL else ())})),
        ),
    )


def _said(words: tuple[Word, ...], situation: Situation) -> tuple[Effect, ...]:
    spoken = (_effect(words[:1], situation),)
    rest = words[1:]
    if len(rest) < 2 or situation.depth >= _MAX_DEPTH or not re.fullmatch(r"[\w./-]+", rest[0].text):
        return spoken
    name = program_name(rest[0].text)
    if name not in commands().tools and name not in commands().plain:
        return spoken
    inside = effects_of(rest, replace(situation, depth=situation.depth + 1))
    return (
        *spoken,
        *(replace(effect, guard="", action=hypothetical(effect.action)) for effect in inside if not effect.action.has(Trait.READ_ONLY)),
    )


def hypothetical(action: Action) -> Action:
    """The action as one that is only spoken of, or rehearsed."""
    return replace(action, polarity=Polarity.HYPOTHETICAL)


def _found(words: tuple[Word, ...], situation: Situation) -> tuple[Effect, ...]:
    texts = [word.text for word in words]
    first = next((at for at, text in enumerate(texts) if at and text.startswith(("-", "(", "!"))), len(texts))
    target = found_target(words[1:first] or (Word("."),), texts[first:], situation.place)
    for flag in ("-exec", "-execdir", "-ok", "-okdir"):
        if flag in texts:
            at = texts.index(flag)
            end = next((i for i in range(at + 1, len(texts)) if texts[i] in (";", "+", "\\;")), len(texts))
            inner = tuple(Word(UNKNOWN) if word.text == "{}" else word for word in words[at + 1 : end])
            following = replace(situation, depth=situation.depth + 1, listed=target, listing=target.scope)
            return tuple(_with_listing(effect, following) for effect in effects_of(inner, following))
    if "-delete" not in texts:
        return (_effect((Word("ls"),), situation),)
    removal = replace(situation, listed=target)
    return (_with_listing(_effect((Word("rm"), Word(UNKNOWN)), removal), removal),)


_FILTERS = frozenset(
    {"-name", "-iname", "-path", "-ipath", "-regex", "-mtime", "-mmin", "-newer", "-size", "-user", "-atime", "-ctime", "-empty", "-perm"}
)


def found_target(paths: tuple[Word, ...], tests: list[str], place: Place) -> Target:
    """What a `find` would list: its folders, narrowed by its tests."""
    folder = worst_path(paths, place, recursive=True)
    names = [tests[at + 1].lstrip("*") for at, test in enumerate(tests[:-1]) if test in ("-name", "-iname")]
    if names and all(
        path_target(Word(f"./x/{name}" if not name.startswith(".") else f"./x/y{name}"), Place(), recursive=False).disposable
        for name in names
    ):
        return replace(folder, disposable=True, sensitivity=0.05, blast=0.05, scope=Scope.SOME, unbounded=False, grave=False)
    if _FILTERS.isdisjoint(tests):
        return replace(folder, scope=Scope.ALL if not folder.unbounded else folder.scope)
    if names and folder.unbounded:
        aged = not {"-mtime", "-mmin", "-newer", "-atime", "-ctime"}.isdisjoint(tests)
        return replace(
            folder,
            scope=Scope.SOME,
            unbounded=False,
            grave=False,
            object=kind_of(folder.text).id,
            sensitivity=0.5 if aged else 0.7,
            blast=0.5,
        )
    return replace(folder, scope=Scope.SOME)


def _effect(words: tuple[Word, ...], situation: Situation) -> Effect:
    line = take_apart(tuple(word.text for word in words))
    match = refined(act_of(line), line)
    act = commands().acts[match.act]
    target = _target(act, match, line, words, situation)
    action = _action(act, match, target, situation, words)
    if match.act in ("send", "copy_remote", "call"):
        action = _sending(action, match.act, words, situation)
    partial = bool({"-t", "--table"} & line.options) or any(option.startswith(("-t", "--table=")) for option in line.options)
    return Effect(
        action,
        tool=line.name,
        words=_kept_by(line, words),
        connection=situation.connection,
        guard=act.guard,
        partial=partial and match.act == "backup",
    )


def _kept_by(line: Line, words: tuple[Word, ...]) -> frozenset[str]:
    """The words by which a backup says what it keeps; none when it keeps everything."""
    if line.name in _WHOLE and not any("--include" in word.text or word.text in ("-d", "--db") for word in words):
        return frozenset()
    return tokens(" ".join(word.text for word in words[1:]))


_WHOLE = frozenset({"velero", "etcdctl", "pg_dumpall", "mongodump"})
_STOP = frozenset(
    """backup backups dump dumps sql tmp var home opt srv data prod production localhost postgres root tar tgz gzip custom dev staging
    archive old new https http public dbo create delete list from into table the select restore file""".split(),  # noqa: SIM905 - a list of words reads better so
)


@lru_cache(maxsize=2048)
def tokens(text: str) -> frozenset[str]:
    """The identifiers in a text by which a backup and what it protects recognise each other."""
    return frozenset(
        part for part in re.findall(r"[\w-]{2,}", text.lower()) if part not in _STOP and not part.startswith("-") and not part.isdigit()
    )


def _target(act: Act, match: Match, line: Line, words: tuple[Word, ...], situation: Situation) -> Target:
    positional = tuple(words[at] for at in line.positions)[match.consumed :]
    recursive = bool(line.options & {"-r", "-R", "--recursive", "/s", "-Recurse", "-recurse"})
    place = situation.place
    if (
        act.targets == "path"
        and line.name in ("chmod", "chown", "chgrp", "setfacl", "chattr", "sed")
        and not line.options & {"--reference", "-e"}
        and not match.consumed
    ):
        positional = positional[1:]
    if line.name == "dd":
        positional = tuple(word for word in map(disk_target, positional) if word is not None)
    if act.targets == "last_path":
        positional = positional[-1:]
    if act.targets == "device":
        positional = tuple(word for word in positional if word.text.startswith("/dev/")) or positional[-1:]
    if act.targets in ("path", "last_path", "device") and positional:
        return _on_path(act, worst_path(positional, place, recursive=recursive))
    if act.targets == "name":
        return named_target(positional or named_by_options(words), act.sensitivity, act.blast, fixed_object=act.object, place=place)
    return Target(
        text=" ".join(word.text for word in positional[:4]).replace(UNKNOWN, "?"),
        object=act.object,
        sensitivity=act.sensitivity,
        blast=act.blast,
        scope=Scope.UNKNOWN,
    )


def _on_path(act: Act, target: Target) -> Target:
    if target.disposable:
        return target
    if act.targets == "device":
        return replace(target, sensitivity=max(act.sensitivity, target.sensitivity), blast=max(act.blast, target.blast))
    return target


def _explicit(words: tuple[Word, ...]) -> tuple[Environment, Environment]:
    """The environment that options naming a place say, and that any word says."""
    texts = [word.text for word in words]
    strong = [texts[at + 1] for at, text in enumerate(texts[:-1]) if _PLACE_OPTIONS.match(text)]
    strong += [text.partition("=")[2] for text in texts if "=" in text and _PLACE_OPTIONS.match(text.partition("=")[0])]
    strong += [text for text in texts if "://" in text or "@" in text]
    return environment_named(" ".join(strong)) if strong else Environment.UNKNOWN, environment_named(" ".join(texts[1:]))


def _environment(words: tuple[Word, ...], situation: Situation) -> Environment:
    strong, weak = _explicit(words)
    return strong if strong is not Environment.UNKNOWN else worst(situation.environment, weak)


def _action(act: Act, match: Match, target: Target, situation: Situation, words: tuple[Word, ...]) -> Action:
    environment = _environment(words, situation)
    reading = Trait.READ_ONLY in act.traits
    toy = situation.toy or is_toy(_shown(words))
    disposable = (
        (act.disposable or target.disposable or (toy and not target.grave))
        and not reading
        and not (environment is Environment.PRODUCTION and act.disposable and not act.fixed)
    )
    blast = min(1.0, target.blast + (0.15 if environment is Environment.PRODUCTION and not reading and not disposable else 0.0))
    scope = act.scope if act.scope is not Scope.UNKNOWN and not disposable else _scope(target, words)
    return Action(
        operation=act.operation,
        object=act.object if act.fixed or target.object == "unknown" else target.object,
        target=target.text,
        traits=_traits(act, target, disposable=disposable, scope=scope),
        sensitivity=round(act.sensitivity if act.fixed else 0.05 if disposable else min(1.0, target.sensitivity), 3),
        blast=round(blast if not disposable else 0.05, 3),
        environment=environment,
        scope=scope,
        disposable=disposable,
        certainty=min(act.certainty, match.certainty, target.certainty),
        polarity=Polarity.HYPOTHETICAL if act.guard == "dry_run" or _rehearsed(words) else Polarity.AFFIRMED,
        safeguards=(Safeguard(kind=act.own, verified=True),) if act.own else (),
        qualifiers=("only_copy",) if target.only_copy else (),
    )


def _rehearsed(words: tuple[Word, ...]) -> bool:
    return any(word.text in ("--dry-run", "--dryrun", "--noop", "--what-if", "-WhatIf", "--simulate", "--just-print") for word in words[1:])


def _scope(target: Target, words: tuple[Word, ...]) -> Scope:
    texts = {word.text for word in words[1:]}
    return Scope.ALL if texts & {"--all", "-A", "--all-namespaces"} else target.scope


def _traits(act: Act, target: Target, *, disposable: bool, scope: Scope) -> tuple[Trait, ...]:
    traits = set(act.traits)
    changing = Trait.READ_ONLY not in traits and Trait.ADDITIVE not in traits
    if changing and (target.unbounded or (scope is Scope.ALL and act.scope is Scope.UNKNOWN and Trait.DESTRUCTIVE in traits)):
        traits.add(Trait.UNBOUNDED)
    if Trait.DESTRUCTIVE in traits and (target.grave or (target.object in _DATA and target.sensitivity >= 0.75)):
        traits.add(Trait.IRREVERSIBLE)
    if disposable:
        traits -= {Trait.IRREVERSIBLE, Trait.UNBOUNDED, Trait.INTERRUPTING}
    return tuple(sorted(traits))


def _sending(action: Action, act: str, words: tuple[Word, ...], situation: Situation) -> Action:
    """Weigh an upload by what it carries and where it goes."""
    carried, outside = payload_sensitivity(words, situation.piped_sensitivity)
    if not outside:
        return replace(
            action,
            traits=(Trait.MUTATING,) if act != "copy_remote" else action.traits,
            operation="copy" if act == "copy_remote" else "run",
            certainty=min(action.certainty, 0.8),
        )
    if carried >= 0.7:
        return replace(
            action,
            operation="exfiltrate",
            object="secret" if any(is_secret(word.text) for word in words) else "personal_data" if carried >= 0.9 else action.object,
            traits=(Trait.EXPOSING, Trait.UNTRUSTED),
            sensitivity=carried,
            blast=0.7,
            certainty=1.0,
        )
    return replace(action, sensitivity=max(action.sensitivity, carried), certainty=min(action.certainty, 0.6))
