"""Readings that no pattern of the table can tell: force-pushes, disks, uploads, moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from neural_hive.planning.shell.commands import Line, Match
from neural_hive.planning.shell.targets import Place, is_scratch, is_secret, path_target
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.planning.surroundings import kind_of

_MAIN = re.compile(r"(?:^|[:/+])(?:main|master|trunk|develop|production|prod|release[\w./-]*|stable|hotfix)$")
_COPY_NAME = re.compile(r"\.(?:bak|orig|old|save|backup|dump|sql|gz|tgz)\b|backup|\bbkp|copia|~$", re.IGNORECASE)
_INSIDE = re.compile(
    r"localhost|127\.0\.0\.1|\[?::1\]?|\.(?:local|internal|intra|corp|lan|svc|cluster\.local|home)\b"
    r"|\b10\.\d|\b192\.168\.|\b172\.(?:1[6-9]|2\d|3[01])\."
)


def refined(match: Match, line: Line) -> Match:
    """The act after a look at the words themselves."""
    if match.act in ("run", "script", "automation"):
        return _by_name(match, line)
    refine = _REFINERS.get("mkfs" if line.name.startswith("mkfs") else line.name)
    return refine(match, line) if refine is not None else match


def _file_copy(match: Match, line: Line) -> Match:
    return replace(match, act="backup") if line.words and _COPY_NAME.search(line.words[-1]) else match


def _shown_file(match: Match, line: Line) -> Match:
    return replace(match, act="read_secret") if any(is_secret(word) for word in line.words) else match


def _made_file_system(match: Match, line: Line) -> Match:
    device = any(word.startswith("/dev/") or UNKNOWN in word for word in line.words) or len(line.words) < 2
    return replace(match, act="format" if device else "format_image")


_DESTROYS = re.compile(
    r"(?i)(?:^|[/_.:\s-])(?:drop|delete|destroy|purge|wipe|nuke|truncate|flush|erase|remove|apaga\w*|limpa\w*|expurg\w*|exclui\w*|remov\w*"
    r"|reset[_-]?db|dropdb|rmrf)(?=$|[/_.:\s-])"
)


def _by_name(match: Match, line: Line) -> Match:
    """Scripts and unknown programs: modules that are known, and names that say what they destroy."""
    if "-m" in line.options and line.name.startswith("python") and line.words:
        module = {
            "pytest": "test",
            "unittest": "test",
            "pip": "install",
            "venv": "build",
            "build": "build",
            "compileall": "build",
            "json.tool": "read",
        }
        return replace(match, act=module.get(line.words[0], match.act))
    if _DESTROYS.search(" ".join((line.name, *line.words[:2]))):
        return replace(match, act="delete_in_shell")
    return match


def _push(match: Match, line: Line) -> Match:
    if match.act not in ("push", "rewrite_branch", "rewrite_own"):
        return match
    refs = line.words[2:]
    if any(ref.startswith(":") for ref in refs):
        return replace(match, act="delete_branch")
    forced = match.act != "push" or any(ref.startswith("+") for ref in refs)
    if not forced:
        return match
    named = bool(refs) and not any(_MAIN.search(ref) or UNKNOWN in ref for ref in refs)
    if match.act == "rewrite_own":
        return match if named or not refs else replace(match, act="rewrite_branch")
    return replace(match, act="rewrite_own" if named else "rewrite_branch")


def _disk_copy(match: Match, line: Line) -> Match:
    target = next((word[3:] for word in line.words if word.startswith("of=")), "")
    if not target or target == "/dev/null":
        return replace(match, act="read")
    return replace(match, act="format" if target.startswith("/dev/") or UNKNOWN in target else "make")


def disk_target(word: Word) -> Word | None:
    """The word that `dd of=...` writes to, or None for its other operands."""
    return replace(word, text=word.text[3:]) if word.text.startswith("of=") else None


def _move(match: Match, line: Line) -> Match:
    if len(line.words) < 2:
        return match
    if line.words[-1] == "/dev/null":
        return replace(match, act="remove_file")
    sources = [path_target(Word(word), Place(), recursive=True) for word in line.words[:-1]]
    return replace(match, act="remove_file") if any(source.unbounded and source.object != "file" for source in sources) else match


def payload_sensitivity(words: tuple[Word, ...], piped: float) -> tuple[float, bool]:
    """How sensitive what is sent is, and whether it goes outside the organisation."""
    texts = [word.text for word in words[1:]]
    files = [re.sub(r"^(?:\w+=)?[@<]", "", text.removeprefix("--data-binary=").removeprefix("-d")) for text in texts if "://" not in text]
    local = [
        file for file in files if not re.match(r"[\w.-]+@[\w.-]+:|[\w.-]+:", file) and not file.startswith("-") and not is_scratch(file)
    ]
    secret = any(is_secret(file) for file in local)
    carried = max(
        [0.9 if secret else 0.0, piped, *(kind_of(file).sensitivity for file in local if "/" in file or "." in file)], default=0.0
    )
    places = [text for text in texts if "://" in text or re.match(r"[\w.-]+@[\w.-]+|[\w.-]{2,}:|\d+\.\d+\.\d+\.\d+", text)]
    if not places:
        return carried, words[0].text.rsplit("/", 1)[-1] not in ("scp", "rsync", "rclone", "sftp")
    outside = [text for text in places if not _INSIDE.search(text)]
    return carried, any(
        "://" in text or "." in text.partition("@")[2].partition(":")[0] or re.match(r"[\w-]+\.|\d+\.", text) for text in outside
    )


_REFINERS: dict[str, Callable[[Match, Line], Match]] = {
    "git": _push,
    "dd": _disk_copy,
    "mkfs": _made_file_system,
    "newfs": _made_file_system,
    **dict.fromkeys(("cp", "copy", "copy-item", "ditto", "install"), _file_copy),
    **dict.fromkeys(("mv", "move", "move-item"), _move),
    **dict.fromkeys(("cat", "less", "more", "head", "tail", "type", "get-content", "strings", "xxd", "base64"), _shown_file),
}
