"""Commands that change the shell itself: set, cd, trap, read, exit, shift."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neural_hive.planning.shell.flow import bare_exit
from neural_hive.planning.shell.words import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from neural_hive.planning.shell.executor import Executor


def carry_out(shell: Executor, words: tuple[Word, ...], node: Node) -> bool:
    """Carry out a builtin; whether the command was one."""
    builtin = _BUILTINS.get(words[0].text)
    if builtin is None:
        return False
    builtin(shell, words[1:], node)
    return True


def _set(shell: Executor, words: tuple[Word, ...], node: Node) -> None:
    del node
    texts = [word.text for word in words]
    for at, text in enumerate(texts):
        on = text.startswith("-")
        if re.fullmatch(r"[-+][a-zA-Z]+", text):
            shell.errexit = on if "e" in text else shell.errexit
            shell.variables.nounset = on if "u" in text else shell.variables.nounset
        if re.fullmatch(r"[-+][a-z]*o", text):
            option = texts[at + 1] if at + 1 < len(texts) else ""
            shell.errexit = on if option == "errexit" else shell.errexit
            shell.pipefail = on if option == "pipefail" else shell.pipefail
            shell.variables.nounset = on if option == "nounset" else shell.variables.nounset


def _end(shell: Executor, words: tuple[Word, ...], node: Node) -> None:
    del words, node
    shell.ended = True


def _change_folder(shell: Executor, words: tuple[Word, ...], node: Node) -> None:
    shell.folder = (words[0].text if words else "~").rstrip("/") or "/"
    shell.folder_certain = shell.errexit or _is_tested(shell, node)


def _is_tested(shell: Executor, node: Node) -> bool:
    """Whether what follows runs only if this command succeeded."""
    parent = node.parent
    while parent is not None and parent.type in ("redirected_statement", "pipeline"):
        parent = parent.parent
    if parent is None or parent.type != "list":
        return False
    return "&&" in [child.type for child in parent.children] or bare_exit(parent.named_children[-1], shell.functions)


def _trap(shell: Executor, words: tuple[Word, ...], node: Node) -> None:
    caught = {word.text for word in words[1:]} & {"EXIT", "0", "ERR", "INT", "TERM"}
    if caught and words[0].text not in ("-", ""):
        shell.traps.append((words[0].text, (node.start_byte, node.end_byte)))


def _read(shell: Executor, words: tuple[Word, ...], node: Node) -> None:
    del node
    prompted = any(re.match(r"-\w*p", word.text) for word in words)
    for word in words:
        if re.fullmatch(r"[A-Za-z_]\w*", word.text):
            shell.variables.values[word.text] = shell.unknown_argument()
            if prompted:
                shell.conditions.asked.add(word.text)


def _shift(shell: Executor, words: tuple[Word, ...], node: Node) -> None:
    del words, node
    arguments = shell.variables.arguments
    shell.variables.arguments = arguments[1:] if arguments else None


_BUILTINS: dict[str, Callable[[Executor, tuple[Word, ...], Node], None]] = {
    "set": _set,
    "exit": _end,
    "return": _end,
    "cd": _change_folder,
    "pushd": _change_folder,
    "trap": _trap,
    "read": _read,
    "shift": _shift,
}
