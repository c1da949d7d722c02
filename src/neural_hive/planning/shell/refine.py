"""Readings that no pattern of the table can tell: force-pushes, disks, uploads, moves."""

from __future__ import annotations

import re
from dataclasses import replace

from neural_hive.planning.shell.commands import Line, Match, commands
from neural_hive.planning.shell.targets import Place, is_scratch, is_secret, path_target
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.planning.surroundings import kind_of

_MAIN = re.compile(r"(?:^|[:/+])(?:main|master|trunk|develop|production|prod|release[\w./-]*|stable|hotfix)$")
_COPY_NAME = re.compile(r"\.(?:bak|orig|old|save|backup|dump|sql|gz|tgz)\b|backup|\bbkp|copia|~$", re.IGNORECASE)
_INSIDE = re.compile(r"localhost|127\.0\.0\.1|\[?::1\]?|\.(?:local|internal|intra|corp|lan|svc|cluster\.local|home)\b|\b10\.\d|\b192\.168\.|\b172\.(?:1[6-9]|2\d|3[01])\.")


def refined(match: Match, line: Line, words: tuple[Word, ...]) -> Match:
    """The act after a look at the words themselves."""
    if line.name == "git" and match.act in ("push", "rewrite_branch", "rewrite_own"):
        return _push(match, line)
    if line.name == "dd":
        return _disk_copy(match, line)
    if line.name in ("cp", "copy", "copy-item", "ditto", "install") and line.words and _COPY_NAME.search(line.words[-1]):
        return replace(match, act="backup")
    if line.name in ("mv", "move", "move-item") and len(line.words) > 1:
        return _move(match, line)
    if line.name in ("cat", "less", "more", "head", "tail", "type", "get-content", "strings", "xxd", "base64") and any(is_secret(word) for word in line.words):
        return replace(match, act="read_secret")
    if line.name.startswith("mkfs") or line.name == "newfs":
        return replace(match, act="format" if any(word.startswith("/dev/") or UNKNOWN in word for word in line.words) or len(line.words) < 2 else "format_image")
    if line.name in ("rm", "rmdir") and match.act == "remove_file" and not line.words:
        return replace(match, act="read")
    if line.name in ("python", "python3") and line.words[:1] in (("pytest",), ("unittest",)) and "-m" in line.options:
        return replace(match, act="test")
    if line.name in ("python", "python3") and "-m" in line.options and line.words[:1] in (("pip",), ("venv",), ("build",), ("compileall",), ("json.tool",)):
        return replace(match, act="install" if line.words[:2] == ("pip", "install") else "build")
    return match


def _push(match: Match, line: Line) -> Match:
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
    if line.words[-1] == "/dev/null":
        return replace(match, act="remove_file")
    sources = [path_target(Word(word), Place(), recursive=True) for word in line.words[:-1]]
    return replace(match, act="remove_file") if any(source.unbounded and source.object != "file" for source in sources) else match


def payload_sensitivity(words: tuple[Word, ...], piped: float) -> tuple[float, bool]:
    """How sensitive what is sent is, and whether it goes outside the organisation."""
    texts = [word.text for word in words[1:]]
    files = [re.sub(r"^(?:\w+=)?[@<]", "", text.removeprefix("--data-binary=").removeprefix("-d")) for text in texts if "://" not in text]
    local = [file for file in files if not re.match(r"[\w.-]+@[\w.-]+:|[\w.-]+:", file) and not file.startswith("-") and not is_scratch(file)]
    secret = any(is_secret(file) for file in local)
    carried = max([0.9 if secret else 0.0, piped, *(kind_of(file).sensitivity for file in local if "/" in file or "." in file)], default=0.0)
    places = [text for text in texts if "://" in text or re.search(r"@|^[\w.-]+\.[a-z]{2,}[:/]?|\d+\.\d+\.\d+\.\d+|^[\w-]+:", text)]
    outside = [text for text in places if not _INSIDE.search(text)]
    remote_name = [text for text in outside if re.match(r"(?:[\w.-]+@)?[\w-]+:", text) and "://" not in text and "." not in text.partition(":")[0]]
    return carried, bool(set(outside) - set(remote_name)) or (not places)


def known_program(name: str) -> bool:
    """Whether the table has the program."""
    return name in commands().tools or name in commands().plain
