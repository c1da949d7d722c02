"""The table of commands: which command does what (data/commands.toml, data/acts.toml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from neural_hive.types import Scope, Trait


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a command can do to something; the fields are explained in acts.toml."""

    operation: str
    object: str = "unknown"
    traits: tuple[Trait, ...] = ()
    sensitivity: float = 0.3
    blast: float = 0.3
    scope: Scope = Scope.UNKNOWN
    targets: str = "name"
    guard: str = ""
    own: str = ""
    certainty: float = 1.0
    fixed: bool = False
    disposable: bool = False


class ToolEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program as it stands in commands.toml."""

    rules: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


class CommandFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of commands.toml."""

    plain: dict[str, str]
    tools: dict[str, ToolEntry]
    verbs: dict[str, str]
    paths: dict[str, str]


class ActFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of acts.toml."""

    acts: dict[str, Act]


@dataclass(frozen=True, slots=True)
class Line:
    """A command line taken apart: its program, subcommand and target words, and options.

    `options` holds every option as written, the letters of short clusters one by one, and
    "--name=value" for long options in both spellings.
    """

    name: str
    words: tuple[str, ...]
    options: frozenset[str]
    everything: str
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern of commands.toml."""

    words: tuple[frozenset[str], ...]
    options: tuple[frozenset[str], ...]
    absent: frozenset[str]
    contains: tuple[str, ...]
    lacks: tuple[str, ...]
    more: bool = False
    end: bool = False

    def matches(self, line: Line) -> bool:
        """Whether the command line is one of these."""
        count = len(self.words)
        if len(line.words) < count + self.more or (self.end and len(line.words) > count):
            return False
        if not all("*" in wanted or line.words[at] in wanted for at, wanted in enumerate(self.words)):
            return False
        if not all(wanted & line.options for wanted in self.options) or self.absent & line.options:
            return False
        return all(part in line.everything for part in self.contains) and not any(part in line.everything for part in self.lacks)


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: options that take a value, and patterns in order."""

    values: frozenset[str]
    rules: tuple[tuple[Pattern, str], ...]


@dataclass(frozen=True, slots=True)
class Commands:
    """The table, ready for use."""

    acts: dict[str, Act]
    tools: dict[str, Tool]
    plain: dict[str, str]
    verbs: dict[str, str]
    paths: dict[str, frozenset[str]]


def _pattern(source: str) -> Pattern:
    words: list[frozenset[str]] = []
    options: list[frozenset[str]] = []
    absent: set[str] = set()
    contains: list[str] = []
    lacks: list[str] = []
    tokens = source.split()
    for token in tokens:
        if token in ("+", "."):
            continue
        if token.startswith("!~"):
            lacks.append(token[2:])
        elif token.startswith("!"):
            absent.update(token[1:].split("|"))
        elif token.startswith("~"):
            contains.append(token[1:])
        elif token.startswith(("-", "/")):
            options.append(frozenset(token.split("|")))
        else:
            words.append(frozenset(token.split("|")))
    return Pattern(tuple(words), tuple(options), frozenset(absent), tuple(contains), tuple(lacks), "+" in tokens, "." in tokens)


def _inverted(table: dict[str, str]) -> dict[str, str]:
    return {word: act for act, words in reversed(table.items()) for word in words.split()}


@cache
def commands() -> Commands:
    """The command table; read and validated once.

    Raises:
        ValueError: A rule names an act that does not exist.
        msgspec.ValidationError: A file does not have the shape documented in it.
    """
    folder = files("neural_hive.planning") / "data"
    acts = msgspec.toml.decode((folder / "acts.toml").read_bytes(), type=ActFile).acts
    source = msgspec.toml.decode((folder / "commands.toml").read_bytes(), type=CommandFile)
    tools: dict[str, Tool] = {}
    for name, entry in source.tools.items():
        tool = Tool(frozenset(entry.values), tuple((_pattern(pattern), act) for pattern, act in entry.rules))
        tools.update({alias: tools.get(alias, tool) for alias in entry.aliases})
        tools[name] = tool
    table = Commands(
        acts,
        tools,
        _inverted(source.plain),
        _inverted(source.verbs),
        {key: frozenset(words.split()) for key, words in source.paths.items()},
    )
    _check(table)
    return table


def _check(table: Commands) -> None:
    named = {*table.plain.values(), *table.verbs.values(), *(act for tool in table.tools.values() for _, act in tool.rules)}
    missing = sorted(named - table.acts.keys())
    if missing:
        raise ValueError(f"commands.toml names acts that acts.toml does not have: {', '.join(missing)}")


_CLUSTER = re.compile(r"-[A-Za-z]{2,5}$")
_OLD_STYLE = frozenset({"tar", "bsdtar", "gtar"})  # `tar czf` is `tar -czf`
_OFF = frozenset({"none", "false", "0", "no", "off"})  # `--dry-run=none` is no dry run
_LETTER_SWITCH = re.compile(r"/[A-Za-z?]$")
_NUMBERED = re.compile(r"-[A-Za-z]\d+$")
_NO_VALUES: frozenset[str] = frozenset()


def program_name(word: str) -> str:
    """The name under which a program is looked up: no folder, no `.exe`, DOS names in lower case."""
    name = word.replace("\\", "/").rsplit("/", 1)[-1]
    if name.lower().endswith((".exe", ".cmd", ".bat")) and len(name) > 4:
        name = name[:-4]
    table = commands()
    if name not in table.tools and name not in table.plain and (name.lower() in table.tools or name.lower() in table.plain):
        return name.lower()
    return name


def take_apart(argv: tuple[str, ...]) -> Line:
    """Split a command line into subcommand words and options; `argv` is not empty."""
    name = program_name(argv[0])
    tool = commands().tools.get(name)
    values = tool.values if tool else _NO_VALUES
    words: list[str] = []
    positions: list[int] = []
    options: set[str] = set()
    at, plain = 1, False
    if name in _OLD_STYLE and len(argv) > 1 and argv[1].isalpha():
        argv = (argv[0], f"-{argv[1]}", *argv[2:])
    while at < len(argv):
        word = argv[at]
        if plain or not word.startswith("-") or word == "-":
            if not plain and _is_switch(word):
                options.add(word.lower())
            if plain or not _LETTER_SWITCH.match(word):
                words.append(word)
                positions.append(at)
        elif word == "--":
            plain = True
        else:
            at += _option(word, argv[at + 1] if at + 1 < len(argv) else "", values, options)
        at += 1
    return Line(name, tuple(words), frozenset(options), " ".join(argv[1:]), tuple(positions))


def _is_switch(word: str) -> bool:
    return word.startswith("/") and 1 < len(word) <= 8 and word.count("/") == 1


def _option(word: str, following: str, values: frozenset[str], options: set[str]) -> int:
    """Record an option; the number of further words it takes."""
    options.add(word)
    head, equals, value = word.partition("=")
    if equals and value.lower() in _OFF:
        return 0
    if equals:
        options.add(head)
        return 0
    if following and not following.startswith("-"):
        options.add(f"{head}={following}")
    if _CLUSTER.match(word):
        options.update(f"-{letter}" for letter in word[1:])
    elif _NUMBERED.match(word):
        options.add(word[:2])
    if word in values:
        return 1
    short = f"-{word[-1]}"
    return int(bool(_CLUSTER.match(word)) and short in values and not following.startswith("-"))


@dataclass(frozen=True, slots=True)
class Match:
    """Which act a command line is, how certain that is, and how many words were its subcommand."""

    act: str
    certainty: float = 1.0
    consumed: int = 0


def act_of(line: Line) -> Match:
    """What a command line does; the act "run" when nobody knows the command."""
    table = commands()
    if _asks_for_help(line):
        return Match("read")
    tool = table.tools.get(line.name)
    if tool is not None:
        for pattern, act in tool.rules:
            if pattern.matches(line):
                return Match(act, 1.0, len(pattern.words))
    elif line.name in table.plain:
        return Match(table.plain[line.name])
    if line.name.startswith(("mkfs", "newfs")):
        return Match("format")
    return _by_verb(line, known=tool is not None)


def _by_verb(line: Line, *, known: bool) -> Match:
    verbs = commands().verbs
    for at, word in enumerate(line.words[:4]):
        lowered = word.lower()
        act = verbs.get(lowered) or verbs.get(lowered.rpartition(":")[2] or lowered) or verbs.get(lowered.partition("-")[0])
        if act == "read" and not known and ("/" in line.name or "." in line.name):
            break
        if act:
            return Match(act, 0.9 if known else 0.6, at + 1)
        if not re.fullmatch(r"[a-z][a-z0-9_:-]*", lowered):
            break
    return _by_flag(line)


def _by_flag(line: Line) -> Match:
    verbs = commands().verbs
    for flag in sorted(option.lstrip("-").partition("=")[0].lower() for option in line.options if option.startswith("--")):
        act = verbs.get(flag, "")
        if act.startswith(("delete", "prune")):
            return Match(act, 0.6)
    return Match("run", 0.4)


def _asks_for_help(line: Line) -> bool:
    if line.options & {"--help", "--version", "-help"}:
        return True
    if line.words:
        return line.words[-1] == "help" and len(line.words) <= 2 and not line.options
    return bool(line.options) and line.options <= {"-h", "-?", "-V", "-v"}
