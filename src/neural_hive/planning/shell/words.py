"""Words as the shell would see them: quotes removed, variables replaced as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from neural_hive.planning.shell.syntax import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "\ue000"  # stands in an expanded word for a piece whose value nobody can know


@dataclass(frozen=True, slots=True)
class Word:
    """One expanded word.

    Attributes:
        text: The expansion; `UNKNOWN` stands for each unknown piece.
        glob: It holds an unquoted pattern.
        maybe_empty: An unknown piece of it could be empty.
        fetched: A piece of it comes from the network or from decoding.
        from_arguments: It is a function's arguments ("$@", "$1").
    """

    text: str
    glob: bool = False
    maybe_empty: bool = False
    fetched: bool = False
    from_arguments: bool = False


@dataclass(slots=True)
class Variables:
    """What is known of the variables at one point of the script."""

    values: dict[str, Word] = field(default_factory=dict)
    arrays: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    arguments: tuple[Word, ...] | None = None
    nounset: bool = False

    def copy(self) -> Variables:
        """An independent copy, for a subshell."""
        return Variables(dict(self.values), dict(self.arrays), self.arguments, self.nounset)

    def restore(self, saved: Variables) -> None:
        """Go back to what was known before a subshell."""
        self.values, self.arrays, self.arguments = saved.values, saved.arrays, saved.arguments


class Substituter(Protocol):
    """Runs a command substitution and says what it would print."""

    def substitute(self, node: Node) -> Word:
        """The output of `$(...)` or of a process substitution, as far as it is known."""
        ...

    def abort(self) -> None:
        """`${X:?}` on an empty variable: the script ends here."""
        ...


_WELL_KNOWN = {"HOME": "~", "PWD": ".", "TMPDIR": "/tmp", "OLDPWD": "..", "TMP": "/tmp", "TEMP": "/tmp", "RUNNER_TEMP": "/tmp"}
_NEVER_EMPTY = frozenset(
    {
        "USER",
        "LOGNAME",
        "HOSTNAME",
        "UID",
        "EUID",
        "SHELL",
        "PATH",
        "RANDOM",
        "SECONDS",
        "#",
        "?",
        "$",
        "!",
        "0",
        "BASHPID",
        "PPID",
        "_",
        "LINENO",
    }
)
_GLOB = re.compile(r"[*?]|\[[^\]]+\]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DRIVE = re.compile(r"^[A-Za-z]:\\|^\\\\\\\\")


class Expander:
    """Expands the words of one script."""

    def __init__(self, variables: Variables, substituter: Substituter) -> None:
        self.variables = variables
        self._substituter = substituter
        self._readers: dict[str, Callable[[Node], Word]] = {
            "string": self._string,
            "concatenation": self._parts,
            "command_name": self._parts,
            **dict.fromkeys(("simple_expansion", "expansion"), self._one_variable),
            **dict.fromkeys(("command_substitution", "process_substitution"), substituter.substitute),
            **dict.fromkeys(("raw_string", "ansi_c_string", "translated_string"), _literal),
            **dict.fromkeys(("arithmetic_expansion", "brace_expression"), lambda _: Word(UNKNOWN)),
        }

    def words(self, node: Node) -> tuple[Word, ...]:
        """The words one node expands to: none for an empty unquoted variable, several for "$@"."""
        if node.type == "command_name" and node.named_child_count == 1:
            return self.words(node.named_children[0])
        if node.type in ("simple_expansion", "expansion"):
            listed = self._listed(node)
            if listed is not None:
                return listed
            word = self._variable(node)
            return tuple(replace(word, text=part, glob=bool(_GLOB.search(part))) for part in word.text.split())
        if node.type == "string" and node.named_child_count == 1 and len(node.children) == 3:
            listed = self._listed(node.named_children[0])
            if listed is not None:
                return listed
        if node.type == "concatenation":
            return self._concatenation(node)
        return (self.word(node),)

    def word(self, node: Node) -> Word:
        """The single word a node stands for, without splitting."""
        reader = self._readers.get(node.type)
        return reader(node) if reader is not None else _bare(text_of(node))

    def _parts(self, node: Node) -> Word:
        return _joined(tuple(self.word(child) for child in node.children))

    def _one_variable(self, node: Node) -> Word:
        listed = self._listed(node)
        return _joined(listed, " ") if listed is not None else self._variable(node)

    def _concatenation(self, node: Node) -> tuple[Word, ...]:
        # An unquoted variable inside may still be split, but only its text matters to the reader.
        source = text_of(node)
        if source.startswith("{") or ("{" in source and "," in source and "$" not in source):
            return tuple(_bare(part) for part in _braces(source))
        return (self.word(node),)

    def _string(self, node: Node) -> Word:
        parts: list[Word] = []
        last = node.start_byte + 1
        base = node.start_byte
        raw = node.text or b""
        for child in node.named_children:
            if child.start_byte > last:
                parts.append(Word(_unescape(raw[last - base : child.start_byte - base])))
            parts.append(Word(_unescape(child.text or b"")) if child.type == "string_content" else self.word(child))
            last = child.end_byte
        tail = raw[last - base : -1] if last > base else b""
        if tail:
            parts.append(Word(_unescape(tail)))
        return replace(_joined(tuple(parts)), glob=False)

    def _listed(self, node: Node) -> tuple[Word, ...] | None:
        name = _name(node)
        if name in ("@", "*") and "[" not in text_of(node):
            arguments = self.variables.arguments
            if arguments is None:
                return (Word(UNKNOWN, maybe_empty=True, from_arguments=True),)
            return tuple(replace(word, from_arguments=True) for word in arguments)
        return self.variables.arrays.get(name) if "[" in text_of(node) else None

    def _variable(self, node: Node) -> Word:
        name = _name(node)
        value = self._value(name)
        if node.type == "simple_expansion":
            return value or Word(UNKNOWN, maybe_empty=not self.variables.nounset)
        return self._expansion(node, name, value)

    def _value(self, name: str) -> Word | None:
        known = self.variables.values.get(name)
        if known is not None:
            return known
        if name in _WELL_KNOWN:
            return Word(_WELL_KNOWN[name])
        if name in _NEVER_EMPTY:
            return Word(UNKNOWN)
        arguments = self.variables.arguments
        if name.isdigit() and arguments is not None:
            at = int(name) - 1
            return replace(arguments[at], from_arguments=True) if 0 <= at < len(arguments) else Word("")
        return None

    def _expansion(self, node: Node, name: str, value: Word | None) -> Word:
        source = text_of(node)
        operator = _operator(source, name)
        empty = value is None or not value.text
        operand = self._operand(node)
        if operator in (":-", "-", ":=", "="):
            return operand if empty or (value is not None and value.maybe_empty and value.text == UNKNOWN) else value or operand
        if operator in (":?", "?"):
            if value is not None and not value.text:
                self._substituter.abort()
            return replace(value, maybe_empty=False) if value is not None else Word(UNKNOWN)
        if operator in (":+", "+"):
            return Word("") if empty else operand
        if source.startswith("${#"):
            return Word("1")
        if operator:
            return Word(UNKNOWN)
        return value if value is not None else Word(UNKNOWN, maybe_empty=not self.variables.nounset)

    def _operand(self, node: Node) -> Word:
        children = [child for child in node.named_children if child.type not in ("variable_name", "special_variable_name", "subscript")]
        return _joined(tuple(self.word(child) for child in children))


def _name(node: Node) -> str:
    for child in node.children:
        if child.type in ("variable_name", "special_variable_name"):
            return text_of(child)
        if child.type == "subscript":
            return text_of(child.children[0]) if child.children else ""
    return text_of(node).strip("${}")


def _operator(source: str, name: str) -> str:
    rest = source[2:-1].removeprefix(name)
    found = re.match(r":[-=?+]|[-=?+]|[%#/^,@]+", rest)
    return found.group() if found else ""


def _literal(node: Node) -> Word:
    return Word(text_of(node).lstrip("$").strip("'\""))


def _bare(source: str) -> Word:
    text = source if _DRIVE.match(source) or UNKNOWN in source else _ESCAPE.sub(r"\1", source)
    return Word(text, glob=bool(_GLOB.search(source.replace("\\*", "").replace("\\?", ""))), maybe_empty=UNKNOWN in source)


def _unescape(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return re.sub(r"\\([\"\\$`\n])", lambda found: "" if found.group(1) == "\n" else found.group(1), text) if "\\" in text else text


def _braces(source: str) -> list[str]:
    found = re.search(r"\{([^{}]*,[^{}]*)\}", source)
    if not found:
        return [source]
    return [source[: found.start()] + part + source[found.end() :] for part in found.group(1).split(",")][:16]


def _joined(words: tuple[Word, ...], separator: str = "") -> Word:
    return Word(
        separator.join(word.text for word in words),
        glob=any(word.glob for word in words),
        maybe_empty=any(word.maybe_empty for word in words),
        fetched=any(word.fetched for word in words),
        from_arguments=any(word.from_arguments for word in words),
    )
