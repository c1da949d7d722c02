"""What flows between commands: pipes, heredocs, redirections, and the session around them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from neural_hive.planning.shell.commands import commands, program_name
from neural_hive.planning.shell.effects import Effect, Situation, found_target
from neural_hive.planning.shell.syntax import text_of
from neural_hive.planning.shell.targets import Place, Target, is_secret, path_target
from neural_hive.planning.shell.words import UNKNOWN, Expander, Word
from neural_hive.planning.shell.wrappers import Input, decoded, is_fetcher
from neural_hive.planning.surroundings import environment_named, names_disposable
from neural_hive.types import Action, Environment, Scope, Trait

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES_PLACE = re.compile(
    r"env|stage|profile|cluster|context|host|project|account|namespace|server|target|db|database|url|bucket|ns$|subscription|workspace|kubeconfig",
    re.IGNORECASE,
)
_DECODERS = frozenset({"base64", "openssl", "xxd", "gunzip", "zcat", "gpg", "rev", "tr"})
_PRINTERS = frozenset({"echo", "printf", "cat"})
_NARROWERS = frozenset({"grep", "egrep", "head", "tail", "awk", "sed", "jq", "rg", "fgrep"})
_GREPS = frozenset({"grep", "egrep", "fgrep", "rg"})
_EXITS = frozenset({"exit", "return", "die", "abort", "fail", "fatal", "bail", "err_exit"})


def environment_of_assignment(name: str, value: str) -> Environment:
    """The environment that a variable names, for names that speak of a place."""
    return environment_named(value) if value and _NAMES_PLACE.search(name) and not value.startswith("/dev/") else Environment.UNKNOWN


def bare_exit(node: Node, functions: dict[str, Node]) -> bool:
    """Whether a statement certainly ends the script."""
    if node.type == "command":
        name = node.child_by_field_name("name")
        text = text_of(name) if name is not None else ""
        if text in functions:
            return bare_exit(functions[text], {})
        return text in _EXITS
    if node.type in ("compound_statement", "redirected_statement") and node.named_children:
        inner = [child for child in node.named_children if not child.type.endswith("redirect") and child.type != "comment"]
        return bool(inner) and bare_exit(inner[-1], functions)
    return False


def heredoc_text(redirects: tuple[Node, ...], expander: Expander) -> str | None:
    """The text of a heredoc among the redirections, with variables replaced unless it is quoted."""
    for redirect in redirects:
        if redirect.type == "herestring_redirect" and redirect.named_children:
            return expander.word(redirect.named_children[-1]).text
        if redirect.type != "heredoc_redirect":
            continue
        body = next((child for child in redirect.named_children if child.type == "heredoc_body"), None)
        start = next((child for child in redirect.named_children if child.type == "heredoc_start"), None)
        if body is None:
            return ""
        quoted = start is not None and text_of(start)[:1] in "'\"\\"
        return text_of(body) if quoted else _filled(body, expander)
    return None


def _filled(body: Node, expander: Expander) -> str:
    raw, parts, last = body.text or b"", [], body.start_byte
    for child in body.named_children:
        if child.type in ("simple_expansion", "expansion", "command_substitution"):
            parts.append(raw[last - body.start_byte : child.start_byte - body.start_byte].decode("utf-8", "replace"))
            parts.append(expander.word(child).text)
            last = child.end_byte
    parts.append(raw[last - body.start_byte :].decode("utf-8", "replace"))
    return "".join(parts)


def input_of(sources: list[tuple[Word, ...]]) -> Input:
    """What the commands so far in a pipeline hand to the next one."""
    lines = [words for words in sources if words]
    if not lines:
        return Input()
    names = tuple(program_name(words[0].text) for words in lines)
    fetched = any(is_fetcher(name) for name in names) or any(word.fetched for words in lines for word in words)
    text = _printed(lines[0]) if len(lines) == 1 else None
    if len(lines) == 2 and names[1] == "base64" and (printed := _printed(lines[0])) is not None:
        text = decoded(printed)
    hidden = (
        any(name in _DECODERS for name in names[:2])
        and text is None
        and any(word.text in ("-d", "-D", "--decode", "-r") for words in lines for word in words)
    )
    return Input(text=text, sources=names, fetched=fetched or hidden)


def _printed(words: tuple[Word, ...]) -> str | None:
    name = program_name(words[0].text)
    if name not in ("echo", "printf"):
        return None
    return " ".join(word.text for word in words[1:] if word.text not in ("-n", "-e", "-en", "-ne"))


def is_pipe_failure_safe(sources: list[tuple[Word, ...]], effects: list[Effect]) -> bool:
    """Whether the last command of a pipe is the one that guards, so its status is the pipe's."""
    guards = [effect for effect in effects if effect.guard]
    return len(sources) < 2 or not guards or not effects or effects[-1] is guards[-1]


def carried_sensitivity(words: tuple[Word, ...], effects: tuple[Effect, ...]) -> float:
    """How sensitive the output of a command is for the next one in a pipe."""
    if any(is_secret(word.text) for word in words[1:]):
        return 0.9
    return max(
        (
            effect.action.sensitivity
            for effect in effects
            if effect.action.operation in ("read", "backup", "copy") and effect.action.sensitivity >= 0.7
        ),
        default=0.0,
    )


def listing_of(upstream: list[tuple[Word, ...]], place: Place) -> tuple[Scope, Target | None]:
    """What a pipe feeds to xargs or to a loop: its reach, and the folder if it is a listing of files."""
    lines = [words for words in upstream if words]
    if not lines:
        return Scope.UNKNOWN, None
    names = [program_name(words[0].text) for words in lines]
    narrowed = any(name in _NARROWERS for name in names[1:])
    scope = Scope.SOME if narrowed else Scope.ALL
    first = lines[0]
    texts = [word.text for word in first]
    if names[0] == "find":
        until = next((at for at, text in enumerate(texts) if at and text.startswith(("-", "("))), len(texts))
        target = found_target(first[1:until] or (Word("."),), texts[until:], place)
        return target.scope, replace(target, scope=Scope.SOME) if narrowed else target
    if names[0] in _PRINTERS and len(first) > 1 and names[0] != "cat":
        return Scope.SOME, path_target(first[-1], place, recursive=True)
    kept = [
        word.text
        for words in lines[1:]
        if program_name(words[0].text) in _GREPS and not any(w.text in ("-v", "-vE", "-Ev") for w in words)
        for word in words[1:]
    ]
    if any(names_disposable(pattern) for pattern in kept):
        return Scope.SOME, Target(text=" ".join(kept), sensitivity=0.1, blast=0.05, scope=Scope.SOME, disposable=True)
    return scope, None


def made_by(name: str, words: list[str]) -> list[str]:
    """What a command certainly made anew: `mkdir x` and `git clone` fail if it was there, `mkdir -p` does not."""
    plain = [word.rstrip("/") for word in words if not word.startswith("-") and UNKNOWN not in word]
    if name in ("mkdir", "createdb", "md") and not any(re.match(r"--parents|-\w*p", word) for word in words):
        return plain
    if name == "git" and plain[:1] == ["clone"] and len(plain) > 1:
        return [plain[2] if len(plain) > 2 else plain[1].rsplit("/", 1)[-1].removesuffix(".git")]
    if name in ("kubectl", "oc", "docker", "podman") and "create" in plain[:2]:
        return plain[-1:]
    return []


def redirect_effects(redirects: tuple[Node, ...], expander: Expander, situation: Situation, *, silent: bool) -> tuple[Effect, ...]:
    """What `> file` and `>> file` do beyond writing an ordinary new file."""
    effects: list[Effect] = []
    for redirect in redirects:
        if redirect.type != "file_redirect":
            continue
        operator = next((child.type for child in redirect.children if child.type in (">", ">>", ">|", "&>", "&>>", ">&")), "")
        destination = redirect.named_children[-1] if redirect.named_children else None
        if not operator or destination is None or destination.type in ("number", "process_substitution"):
            continue
        word = expander.word(destination)
        effect = _written(word, operator, situation, silent=silent)
        if effect is not None:
            effects.append(effect)
    return tuple(effects)


def _written(word: Word, operator: str, situation: Situation, *, silent: bool) -> Effect | None:
    text = word.text
    if text.startswith("/dev/"):
        device = not re.match(r"/dev/(?:null|std|tty|fd|tcp|udp|full|zero|pts)", text)
        if "/dev/tcp" in text or "/dev/udp" in text:
            return _file_effect("attack", path_target(word, situation.place, recursive=False), situation)
        return _file_effect("format", path_target(word, situation.place, recursive=False), situation) if device else None
    target = path_target(word, situation.place, recursive=False)
    if is_secret(text) and (text.startswith(("/etc", "~", "/root")) or "authorized_keys" in text):
        return _file_effect("grant", target, situation)
    if silent and ">>" not in operator and not target.disposable:
        return _file_effect("truncate_file", target, situation)
    if re.match(r"/(?:etc|boot|usr|lib|proc|sys|var/spool/cron)\b", text):
        return _file_effect("edit", target, situation)
    return None


def _file_effect(name: str, target: Target, situation: Situation) -> Effect:
    act = commands().acts[name]
    traits = set(act.traits) | ({Trait.IRREVERSIBLE} if target.grave and Trait.DESTRUCTIVE in act.traits else set())
    return Effect(
        Action(
            operation=act.operation,
            object=act.object if target.object == "unknown" else target.object,
            target=target.text,
            traits=tuple(sorted(traits)),
            sensitivity=target.sensitivity,
            blast=target.blast,
            environment=situation.environment,
            scope=target.scope,
            disposable=target.disposable,
            certainty=target.certainty,
            qualifiers=("only_copy",) if target.only_copy else (),
        ),
        tool="redirect",
    )


def comments_of(root: Node) -> str:
    """All comments of a script, one a line."""
    lines, pending = [], [root]
    while pending:
        node = pending.pop()
        if node.type == "comment":
            lines.append((node.start_byte, text_of(node).lstrip("#! ")))
        pending.extend(node.named_children)
    return "\n".join(text for _, text in sorted(lines) if "/bin/" not in text and "/env " not in text)


def strip_unknown(source: str) -> str:
    """A source for another parser, with unknown pieces as an ordinary identifier."""
    return source.replace(UNKNOWN, "unknown_value")
