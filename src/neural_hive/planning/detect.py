"""Which kind of source is this text: a plan in some machine notation, or plain prose."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from neural_hive.errors import HiveError
from neural_hive.planning.documents import load_json, load_yaml, mapping, sequence

FORMATS = ("sql", "shell", "terraform", "kubernetes", "diff", "json", "yaml")

_IDENT = r"[\w.\"`\[\]#@$%*-]+"
_DIFF = re.compile(
    r"^(?:diff --git |Index: \S)|^--- \S.*\r?\n\+\+\+ \S|^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|^rename from .+\r?\nrename to ",
    re.MULTILINE,
)
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*(?:\S*/)?)?(?P<program>[a-z]+)")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_MANIFEST = re.compile(r"^[ -]*[\"']?apiVersion[\"']?\s*:", re.MULTILINE)
_KIND = re.compile(r"^[ -]*[\"']?kind[\"']?\s*:", re.MULTILINE)
_TASK_LIST = re.compile(r"^(?:tasks|tarefas|plan)\s*:\s*$|^\s*- +(?:id|description)\s*:", re.MULTILINE)
_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SQL = re.compile(
    rf"""\s*(?:
      select\b(?=.*?(?:;|,|\(|\*|=|\bfrom\s+{_IDENT}\s*$)).+
    | with\s+(?:recursive\s+)?{_IDENT}\s*(?:\([^)]*\)\s*)?as\s*(?:not\s+)?(?:materialized\s*)?\(.+
    | insert\s+(?:ignore\s+|overwrite\s+)?into\s+{_IDENT}\s*(?:\(|values|select|default|set|table).*
    | update\s+(?:only\s+)?{_IDENT}(?:\s+(?:as\s+)?\w+)?\s+set\s+{_IDENT}\s*=.+
    | delete\s+(?:{_IDENT}\s+)?from\s+{_IDENT}(?:\s+(?:as\s+)?\w+)?\s*
        (?:;|$|using\s|limit\s+\d|where\b.*(?:[=<>(]|\bis\b|\blike\b|\bin\b).*)
    | drop\s+(?:table|database|schema|view|materialized\s+view|index|user|role|function|trigger|sequence|extension|procedure
        |type|column|policy)
        \s+(?:concurrently\s+)?(?:if\s+exists\s+)?{_IDENT}(?:\s*,\s*{_IDENT})*(?:\s+on\s+{_IDENT})?
        (?:\s+(?:cascade|restrict|purge))?\s*(?:;.*|$)
    | truncate\s+(?:table\s+)?(?:only\s+)?{_IDENT}(?:\s*,\s*{_IDENT})*
        (?:\s+(?:cascade|restrict|(?:restart|continue)\s+identity))*\s*(?:;.*|$)
    | alter\s+(?:table|database|schema|role|user|index|view|sequence|system|type|default|function|policy)\s+(?:if\s+exists\s+)?(?:only\s+)?
        {_IDENT}\s+(?:add|drop|alter|modify|change|rename|enable|disable|set|owner|detach|attach|with|validate|cluster|grant|revoke|engine|
        nosuperuser|superuser|in\s+schema|force|no\s+force|convert|partition|switch|compute|password|reset|comment)\b.*
    | create\s+(?:or\s+(?:replace|alter)\s+)?(?:unique\s+|temp(?:orary)?\s+|unlogged\s+|global\s+|materialized\s+|external\s+)*
        (?:table|view|index|database|schema|user|role|function|procedure|trigger|sequence|extension|type|policy|event)\s+.+
    | (?:grant|revoke)\s+(?:select|insert|update|delete|all|usage|execute|create|connect)\b[^;]{{0,200}}?\son\s[^;]{{1,200}}?
        \s(?:to|from)\s+{_IDENT}\s*(?:;.*|$)
    | (?:grant|revoke)\s[^;]{{1,200}}?\s(?:to|from)\s[^;]{{1,100}};.*
    | merge\s+(?:into\s+)?{_IDENT}.*\busing\b.+
    | (?:begin|start\s+transaction|commit|rollback|set\s+transaction)(?:\s+\w+)*\s*;.*
    | begin\s+(?:tran|transaction)\b.*
    | use\s+{_IDENT}\s*(?:;|\n|$).*
    | (?:set|declare)\s+@?[\w.]+\s*(?:=|\s+to\s|\w+).*;.*
    | (?:vacuum|analyze|reindex|cluster|refresh|copy|call|exec|execute|lock|explain|show|describe|comment|kill|do|purge|optimize
        |repair|flush
        |replace\s+into|rename\s+table|load\s+data|backup\s+database|restore\s+database|dbcc|shutdown|if|while|print)\b.*;.*
    )\Z""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ASSIGNMENT = re.compile(r"(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\w+\s+)?)?[A-Za-z_]\w*=(?:\S|$)")
_SHELL_MARK = re.compile(
    r"(?:^|\s)--?[a-zA-Z]|\$[\w({@?*]|\s\|\s|&&|\|\||[<>]{1,2}\s*[\w/.&\"$]|;\s*(?:do|then|$)|(?:^|\s)[~.]?/[\w*.]|`[^`]+`|\w/\*|\\$"
)
_SHELL_BLOCK = re.compile(
    r"(?:if|for|while|until|case)\s.*(?:;\s*(?:then|do)|\bin\b.*)$|(?:function\s+)?\w+\s*\(\)\s*\{|(?:fi|done|esac|\}|then|else|do|\{)\s*;?$"
)
_BARE_WORD = re.compile(r"fi|done|esac|then|else|do|sudo|time|env|exec|command|nice")
_PREFIXES = frozenset({"sudo", "time", "nohup", "env", "exec", "command", "then", "do", "else", "!", "doas", "nice"})


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    commands: frozenset[str]
    everyday_commands: frozenset[str]
    prose_words: frozenset[str]


@cache
def _words() -> _Words:
    data = files("neural_hive.planning").joinpath("data/detect.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Words)


def detect(source: str, name: str = "") -> str:
    """The format of a source.

    Args:
        source: The text.
        name: A file name, "" when there is none; it decides only what the content leaves open.

    Returns:
        One of `FORMATS` ("json" and "yaml" are task lists), or "text" for prose.
    """
    text = source.lstrip("\ufeff \t\r\n")
    if not text:
        return "text"
    return _structured(text) or _by_name(name) or _by_lines(text)


def structure(value: Any) -> str:
    """What a loaded JSON or YAML value is: terraform, kubernetes, tasks, or "" for anything else."""
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        if items and all("apiVersion" in item and "kind" in item for item in items):
            return "kubernetes"
        return "tasks" if items and all("id" in item or "description" in item for item in items) else ""
    table = mapping(value)
    if "resource_changes" in table or "planned_values" in table or ("format_version" in table and "terraform_version" in table):
        return "terraform"
    if "kind" in table and "apiVersion" in table:
        return "kubernetes"
    return "tasks" if isinstance(table.get("tasks"), list) or isinstance(mapping(table.get("plan")).get("tasks"), list) else ""


def _structured(text: str) -> str:
    if text[0] in "{[":
        return _json_format(text)
    if _DIFF.search(text[:20_000]):
        return "diff"
    shebang = _SHEBANG.match(text)
    if shebang:
        return "shell" if shebang["program"] in _SHELLS else "text"
    if _MANIFEST.search(text) and _KIND.search(text):
        return "kubernetes"
    return _yaml_format(text) if _TASK_LIST.search(text) else ""


def _json_format(text: str) -> str:
    try:
        found = structure(load_json(text))
    except HiveError:
        head = text[:20_000]
        if '"resource_changes"' in head or '"planned_values"' in head:
            return "terraform"
        return "json" if '"tasks"' in head else ""
    return "json" if found == "tasks" else found


def _yaml_format(text: str) -> str:
    try:
        documents = load_yaml(text)
    except HiveError:
        return "yaml" if re.match(r"(?:tasks|tarefas)\s*:", text) else ""
    return "yaml" if any(structure(document) == "tasks" for document in sequence(documents)) else ""


def _by_name(name: str) -> str:
    suffix = name.lower().rpartition(".")[2] if "." in name else ""
    return {"sql": "sql", "sh": "shell", "bash": "shell", "zsh": "shell", "diff": "diff", "patch": "diff"}.get(suffix, "")


def _by_lines(text: str) -> str:
    bare = _SQL_COMMENT.sub(" ", text[:20_000]).strip()
    if looks_like_sql(bare):
        return "sql"
    return "shell" if looks_like_shell(text[:20_000]) else "text"


def looks_like_sql(text: str) -> bool:
    """Whether the text, without comments, has the structure of SQL from its first statement on."""
    return bool(_SQL.match(text[:4_000]))


def looks_like_shell(text: str) -> bool:
    """Whether most lines that are no comment have the structure of a shell command."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return False
    first = _is_command(lines[0]) and not _BARE_WORD.fullmatch(lines[0].strip())
    return first and sum(map(_is_command, lines)) * 2 >= len(lines)


def _is_command(line: str) -> bool:
    stripped = line.strip()
    if _SHELL_BLOCK.match(stripped) or _ASSIGNMENT.match(stripped):
        return True
    words = stripped.split()
    while words and (words[0] in _PREFIXES or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    if not words:
        return bool(stripped)
    name, vocabulary = words[0].rpartition("/")[2], _words()
    marked = bool(_SHELL_MARK.search(stripped))
    if name in vocabulary.commands:
        prose = sum(word.strip(",.").lower() in vocabulary.prose_words for word in words[1:])
        return prose == 0 or (marked and prose * 3 <= len(words))
    if words[0].startswith(("./", "/")) and len(words[0]) > 2:
        return True
    return name in vocabulary.everyday_commands and marked
